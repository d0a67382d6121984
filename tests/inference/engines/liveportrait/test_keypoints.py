# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest
from liveportrait_motion import motion

from inference.engines.liveportrait.keypoints import BINS, MotionTrack, between, degrees_of_bins, motion_at, place


def test_the_shift_has_no_depth_unless_asked_for():
    found = motion(1)
    flat = place(found.kp, found.rotation(), found.exp, found.scale, found.t)
    deep = place(found.kp, found.rotation(), found.exp, found.scale, found.t, depth=True)
    assert np.array_equal(found.points(), flat)
    assert deep - flat == pytest.approx(np.broadcast_to([0, 0, found.t[2]], (21, 3)))


def test_placing_does_not_write_into_the_motion():
    found = motion(1)
    before = found.t.copy()
    found.points()
    assert np.array_equal(found.t, before)


def test_one_bin_is_three_degrees():
    logits = np.full((2, BINS), -100.0)
    logits[0, 32] = logits[1, 33] = 100.0
    assert degrees_of_bins(logits) == pytest.approx([-1.5, 1.5])


def test_a_track_keeps_motions():
    motions = [motion(seed) for seed in range(3)]
    found = MotionTrack.of(motions)
    assert len(found) == 3
    assert np.allclose(found.points(), [m.points() for m in motions])
    back = found.motion(2)
    assert (back.pitch, back.yaw, back.roll) == pytest.approx((motions[2].pitch, motions[2].yaw, motions[2].roll))
    assert len(found.taken([0, 2])) == 2 and len(MotionTrack.of([])) == 0


def test_between_pictures_motion_is_continuous():
    motions = [motion(seed, turn_deg=80) for seed in range(4)]
    places = np.linspace(0, 3, 601)
    points = np.array([motion_at(motions, place).points() for place in places])
    largest = np.abs(np.diff(points, axis=0)).max()
    assert largest < 3 * np.abs(np.diff([m.points() for m in motions], axis=0)).max() / 200
    assert motion_at(motions, 2.0) is motions[2]
    assert between(motions[0], motions[1], 1.0).points() == pytest.approx(motions[1].points())


def test_before_and_behind_the_clip_its_ends_stay():
    motions = [motion(seed) for seed in range(2)]
    assert motion_at(motions, -3.0) is motions[0]
    assert motion_at(motions, 7.5) is motions[1]


def test_nothing_is_mixed_across_a_cut():
    motions = [motion(seed) for seed in range(4)]
    assert motion_at(motions, 1.9, cuts=(2,)) is motions[1]
    assert motion_at(motions, 2.5, cuts=(2,)) is not motions[2]
