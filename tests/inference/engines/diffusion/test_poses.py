# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders and what an actor does, at the strengths of a frame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.controls import pose_from, rest_pose
from inference.engines.diffusion.poses import put_on, rig_rests, shown
from inference.engines.engine import DrivingPlace

FULL = DrivingPlace(0.0, 1.0, 1.0, 1.0, 1.0)
NONE = DrivingPlace(0.0, 0.0, 0.0, 0.0, 0.0)
MEASURED = {**rest_pose(), "head_yaw": 10.0, "eye_open": 0.4, "brow": 0.3, "mouth_smile": 0.5, "head_scale": 1.1}


def test_full_strength_shows_what_was_measured_and_puts_nothing_on():
    assert shown(MEASURED, FULL, rest_pose()) == pytest.approx(MEASURED)
    assert rig_rests(put_on(MEASURED, FULL, rest_pose()))


def test_no_strength_shows_the_sliders_and_takes_the_actor_back_to_rest():
    sliders = pose_from({"head_yaw": 5.0})
    assert shown(MEASURED, NONE, sliders) == pytest.approx(sliders)
    back = put_on(MEASURED, NONE, sliders)
    assert back["head_yaw"] == pytest.approx(-5.0) and back["eye_open"] == pytest.approx(1.5)
    assert back["head_scale"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("region", "control"), [("head", "head_yaw"), ("eyes", "eye_open"), ("brows", "brow"), ("mouth", "mouth_smile")]
)
def test_each_region_has_its_own_strength(region, control):
    pose = put_on(MEASURED, replace(FULL, **{region: 0.5}), rest_pose())
    rest = rest_pose()
    moved = {name for name, value in pose.items() if abs(value - rest[name]) > 1e-9}
    assert control in moved and moved <= {control, "head_scale"}
    assert pose[control] - rest[control] == pytest.approx(-0.5 * (MEASURED[control] - rest[control]))


def test_sliders_come_on_top_within_the_limits():
    pose = shown(MEASURED, replace(FULL, mouth=2.0), pose_from({"mouth_smile": 0.7, "head_yaw": -3.0}))
    assert pose["mouth_smile"] == 1.0 and pose["head_yaw"] == pytest.approx(7.0)


@pytest.mark.parametrize(("strength", "slider", "jaw"), [(0, 0, -0.4), (0.75, 0, -0.1), (0, 0.5, 0.1), (2, 0.9, 1)])
def test_an_opened_mouth_is_released_by_closing_it(strength, slider, jaw):
    pose = put_on({**rest_pose(), "jaw_open": 0.4}, replace(FULL, mouth=strength), pose_from({"jaw_open": slider}))
    assert pose["jaw_open"] == pytest.approx(jaw)


def test_controls_of_other_engines_do_not_move_the_rig():
    assert rig_rests({"tpsmm_turn": 20.0}) and not rig_rests({"gaze_x": 0.1})
