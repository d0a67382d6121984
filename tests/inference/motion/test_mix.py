# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding drivers to sliders."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from inference.controls import BY_NAME, POSE_CONTROLS, POSE_NAMES, Group
from inference.engines.description import Takes
from inference.motion.mix import (
    DRIVING_GROUPS,
    LANDMARK_GROUPS,
    STRENGTH_NAMES,
    Drivers,
    Idle,
    ease,
    eased,
    exact_groups,
    exact_strengths,
    mix,
    replaced,
)
from inference.motion.track import REST

N = 4


def poses(**values: float) -> np.ndarray:
    """(N, controls) at rest but for some controls."""
    rows = np.tile(REST, (N, 1))
    for name, value in values.items():
        rows[:, POSE_NAMES.index(name)] = value
    return rows


def strengths(**values: float) -> np.ndarray:
    rows = np.ones((N, len(STRENGTH_NAMES)))
    for name, value in values.items():
        rows[:, STRENGTH_NAMES.index(f"strength_{name}")] = value
    return rows


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, POSE_NAMES.index(name)]


def test_without_drivers_the_sliders_stay():
    sliders = poses(head_yaw=12.0, eye_open=0.3)
    np.testing.assert_array_equal(mix(sliders, strengths(), Drivers()), sliders)


def test_driver_at_rest_changes_nothing_at_any_strength():
    sliders = poses(head_yaw=12.0, eye_open=0.3, head_scale=1.1)
    everything = strengths(head=2.0, eyes=2.0, brows=2.0, mouth=2.0)
    np.testing.assert_array_equal(mix(sliders, everything, Drivers(acting=poses(), speech=poses())), sliders)


@pytest.mark.parametrize(
    "name, group, slider, driver, strength, expected",
    [
        ("head_yaw", "head", 5.0, 10.0, 0.5, 10.0),
        ("head_scale", "head", 1.1, 1.2, 2.0, 1.5),
        ("eye_open", "eyes", 1.0, 0.2, 1.0, 0.2),
        ("eye_open", "eyes", 0.8, 0.5, 0.5, 0.55),
        ("brow_l", "brows", -0.2, 0.5, 2.0, 0.8),
        ("jaw_open", "mouth", 0.1, 0.5, 1.0, 0.6),
        ("mouth_smile", "mouth", 0.4, 0.9, 0.0, 0.4),
    ],
)
def test_slider_plus_strength_times_what_the_driver_asks_for(name, group, slider, driver, strength, expected):
    result = mix(poses(**{name: slider}), strengths(**{group: strength}), Drivers(acting=poses(**{name: driver})))
    np.testing.assert_allclose(column(result, name), expected)
    others = [i for i, other in enumerate(POSE_NAMES) if other != name]
    np.testing.assert_array_equal(result[:, others], poses()[:, others])


def test_strength_is_that_of_each_frame():
    strength = strengths()
    strength[:, STRENGTH_NAMES.index("strength_head")] = [0.0, 0.5, 1.0, 2.0]
    result = mix(poses(), strength, Drivers(acting=poses(head_pitch=4.0)))
    np.testing.assert_allclose(column(result, "head_pitch"), [0.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize("control", [c for c in POSE_CONTROLS if not c.engine], ids=lambda control: control.name)
def test_every_control_of_the_rig_has_a_strength_and_stays_within_its_limits(control):
    driver = poses(**{control.name: control.maximum})
    result = mix(driver, strengths(**{control.group.value: 2.0}), Drivers(acting=driver))
    np.testing.assert_array_equal(column(result, control.name), control.maximum)
    none = mix(poses(), strengths(**{control.group.value: 0.0}), Drivers(acting=driver))
    np.testing.assert_array_equal(none, poses())


def test_with_both_drivers_the_mouth_is_the_speechs_alone():
    acting = poses(head_yaw=8.0, jaw_open=0.9, mouth_smile=0.5, brow=0.4)
    speech = poses(head_yaw=3.0, jaw_open=0.3, brow=-0.4)
    result = mix(poses(), strengths(), Drivers(acting=acting, speech=speech))
    found = {name: float(column(result, name)[0]) for name in ("head_yaw", "jaw_open", "mouth_smile", "brow")}
    assert found == pytest.approx({"head_yaw": 8.0, "jaw_open": 0.3, "mouth_smile": 0.0, "brow": 0.4})


def test_groups_are_taken_from_another_pose():
    acting, other = poses(head_yaw=8.0, brow=0.4, jaw_open=0.9), poses(head_yaw=-3.0, head_x=0.1, brow=-0.2)
    result = replaced(acting, other, {Group.HEAD})
    found = {name: float(column(result, name)[0]) for name in ("head_yaw", "head_x", "brow", "jaw_open")}
    assert found == pytest.approx({"head_yaw": -3.0, "head_x": 0.1, "brow": 0.4, "jaw_open": 0.9})
    assert column(acting, "head_yaw")[0] == 8.0  # it is left as it was


def test_speech_alone_moves_all_that_it_asks_for():
    result = mix(poses(), strengths(), Drivers(speech=poses(jaw_open=0.3, brow=0.2)))
    assert (column(result, "jaw_open")[0], column(result, "brow")[0]) == pytest.approx((0.3, 0.2))


def test_idle_motion_has_strengths_of_its_own():
    idle = Idle(np.array([0.0, 0.5, 1.0, 1.0]), {"head_yaw": np.array([0.0, 1.0, 2.0, 2.0])})
    sliders = poses(eye_open=0.8)
    result = mix(sliders, strengths(blinks=0.5, sway=2.0, head=0.0, eyes=0.0), Drivers(speech=poses(), idle=idle))
    np.testing.assert_allclose(column(result, "eye_open"), [0.8, 0.55, 0.3, 0.3])
    np.testing.assert_allclose(column(result, "head_yaw"), [0.0, 2.0, 4.0, 4.0])


@pytest.mark.parametrize("groups", [LANDMARK_GROUPS, DRIVING_GROUPS])
def test_exact_leaves_groups_to_the_engine(groups):
    acting = poses(head_yaw=8.0, eye_open=0.4, jaw_open=0.9, brow_r=0.4)
    sliders = poses(jaw_open=0.1, brow_r=-0.1, head_yaw=1.0, gaze_x=0.2)
    result = mix(sliders, strengths(), Drivers(acting=acting, exact=groups))
    added = mix(sliders, strengths(), Drivers(acting=acting))
    for control in POSE_CONTROLS:
        wanted = sliders if control.group in groups else added
        np.testing.assert_array_equal(column(result, control.name), column(wanted, control.name))


def test_speech_beside_exact_acting_has_the_mouth():
    acting, speech = poses(head_yaw=8.0, jaw_open=0.9), poses(jaw_open=0.3)
    result = mix(poses(), strengths(), Drivers(acting=acting, speech=speech, exact=DRIVING_GROUPS))
    assert (column(result, "head_yaw")[0], column(result, "jaw_open")[0]) == pytest.approx((0.0, 0.3))


def test_engines_take_what_they_declare():
    assert exact_groups(Takes()) == frozenset()
    assert exact_groups(Takes(landmark_motion=True)) == {Group.MOUTH, Group.BROWS}
    everything = {Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH}
    assert exact_groups(Takes(driving_video=True)) == exact_groups(Takes(True, True)) == everything


def test_exact_strengths_are_eased_and_leave_a_speaking_mouth_alone():
    weights = np.array([0.0, 0.5, 1.0, 1.0])
    given = strengths(head=0.2, eyes=1.5, mouth=2.0, brows=0.5)
    found = exact_strengths(given, weights, DRIVING_GROUPS, speech=False)
    np.testing.assert_allclose(found.head, [0.0, 0.1, 0.2, 0.2])
    np.testing.assert_allclose(found.eyes, [0.0, 0.75, 1.5, 1.5])
    np.testing.assert_allclose(found.mouth, [0.0, 1.0, 2.0, 2.0])
    np.testing.assert_allclose(found.brows, [0.0, 0.25, 0.5, 0.5])
    spoken = exact_strengths(strengths(), weights, DRIVING_GROUPS, speech=True)
    np.testing.assert_array_equal(spoken.mouth, 0.0)
    np.testing.assert_allclose(spoken.head, weights)


def test_groups_that_an_engine_does_not_take_have_no_exact_strength():
    found = exact_strengths(strengths(head=2.0, eyes=2.0), np.ones(N), LANDMARK_GROUPS, speech=False)
    np.testing.assert_array_equal([found.head, found.eyes], 0.0)
    np.testing.assert_array_equal([found.mouth, found.brows], 1.0)


def test_driver_comes_and_goes_smoothly_within_a_third_of_a_second():
    rate = Fraction(24)
    frames = range(80, 151)
    weights = dict(zip(frames, ease(frames, 100, 131, rate), strict=True))
    assert all(weights[frame] == 1.0 for frame in range(100, 131))
    assert weights[91] == weights[92] == weights[138] == weights[139] == 0.0
    before = [weights[frame] for frame in range(92, 101)]
    assert all(a < b for a, b in pairwise(before))
    assert weights[96] == weights[134] == pytest.approx(0.5)
    assert max(b - a for a, b in pairwise(before)) < 0.2  # no jump
    assert [weights[frame] for frame in range(130, 139)] == pytest.approx(before[::-1])


def test_eased_pose_is_between_rest_and_itself():
    result = eased(poses(eye_open=0.0, head_yaw=10.0), np.array([0.0, 0.25, 0.5, 1.0]))
    np.testing.assert_allclose(column(result, "eye_open"), [1.0, 0.75, 0.5, 0.0])
    np.testing.assert_allclose(column(result, "head_yaw"), [0.0, 2.5, 5.0, 10.0])


def test_strengths_are_those_of_the_table():
    assert list(STRENGTH_NAMES) == [name for name, control in BY_NAME.items() if control.group is Group.STRENGTH]
