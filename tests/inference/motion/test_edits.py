# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrored, retimed, resampled: nothing is lost twice over, and nothing drifts."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.controls import POSE_CONTROLS, POSE_NAMES
from inference.errors import ErrorCode, TalkingHeadError
from inference.motion import edits
from inference.performance import Performance

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
YAW = POSE_NAMES.index("head_yaw")

poses = st.fixed_dictionaries({}, optional={c.name: st.floats(c.minimum, c.maximum) for c in POSE_CONTROLS})
performances = st.builds(Performance.from_poses, st.sampled_from(RATES), st.lists(poses, min_size=1, max_size=6))
speeds = st.fractions(min_value=Fraction(1, 20), max_value=20, max_denominator=1000)


def ramp(rate, count):
    """Head yaw that grows evenly to 40 degrees over the frames."""
    values = np.tile(np.array([control.rest for control in POSE_CONTROLS]), (count, 1))
    values[:, YAW] = 40 * np.arange(count) / count
    return Performance(rate, values)


@given(performances)
def test_mirrored_twice_is_the_same(performance):
    again = edits.mirrored(edits.mirrored(performance))
    assert np.array_equal(again.values, performance.values)
    assert again.rate == performance.rate


def test_mirror_exchanges_sides():
    performance = Performance.from_poses(
        Fraction(25), [{"wink_l": 0.5, "brow_r": -0.25, "head_yaw": 10, "head_roll": -4, "head_pitch": 3, "gaze_x": 1}]
    )
    expected = {"wink_r": 0.5, "brow_l": -0.25, "head_yaw": -10, "head_roll": 4, "head_pitch": 3, "gaze_x": -1}
    mirrored = edits.mirrored(performance)
    assert mirrored.pose(0) == Performance.from_poses(Fraction(25), [expected]).pose(0)
    assert not np.signbit(mirrored.values[mirrored.values == 0]).any()


@given(performances, speeds)
def test_retimed_length(performance, speed):
    result = edits.retimed(performance, speed)
    assert result.rate == performance.rate
    assert len(result) == math.ceil(len(performance) / speed)
    assert np.array_equal(result.values[0], performance.values[0])


@given(performances, speeds)
def test_retimed_stays_between_the_values(performance, speed):
    values = edits.retimed(performance, speed).values
    assert (values <= performance.values.max(axis=0) + 1e-9).all()
    assert (values >= performance.values.min(axis=0) - 1e-9).all()


@given(performances, st.integers(1, 9))
def test_slower_by_a_whole_factor_and_back_is_the_same(performance, factor):
    slow = edits.retimed(performance, Fraction(1, factor))
    assert np.array_equal(slow.values[::factor], performance.values)
    assert np.array_equal(edits.retimed(slow, Fraction(factor)).values, performance.values)


@given(performances)
def test_speed_one_and_own_rate_change_nothing(performance):
    assert np.array_equal(edits.retimed(performance, Fraction(1)).values, performance.values)
    assert np.array_equal(edits.resampled(performance, performance.rate).values, performance.values)


@pytest.mark.parametrize("source", RATES, ids=str)
@pytest.mark.parametrize("target", RATES, ids=str)
def test_no_drift_over_ten_minutes(source, target):
    count = math.ceil(600 * source)
    result = edits.resampled(ramp(source, count), target)
    assert abs(len(result) / target - count / source) < 1 / target
    # The ramp tells the time; up to the start of the last frame, after which it is held.
    inside = np.arange(len(result)) / float(target) < (count - 1) / float(source)
    seen_s = result.values[:, YAW] / 40 * float(count / source)
    due_s = np.arange(len(result)) / float(target)
    assert np.abs(seen_s - due_s)[inside].max() < 1e-6
    assert np.abs(seen_s - due_s).max() <= 1 / float(source)


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(2, 400))
def test_resampled_reads_the_motion_at_the_right_time(source, target, count):
    result = edits.resampled(ramp(source, count), target)
    for index in range(len(result)):
        position = min(index * source / target, Fraction(count - 1))
        assert result.values[index, YAW] == pytest.approx(float(40 * position / count))


def test_huge_fractions_are_exact_as_well():
    rate = Fraction(25) + Fraction(1, 10**30)
    result = edits.resampled(ramp(rate, 100), Fraction(25))
    np.testing.assert_allclose(result.values[:, YAW], 0.4 * np.arange(len(result)), atol=1e-9)


@pytest.mark.parametrize("speed", [Fraction(0), Fraction(-1), Fraction(1, 10**9)], ids=str)
def test_speeds_that_are_refused(speed):
    with pytest.raises(TalkingHeadError) as caught:
        edits.retimed(ramp(Fraction(25), 10), speed)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_moving_and_kept():
    performance = Performance.from_poses(Fraction(25), [{"head_yaw": 1, "jaw_open": 0.5}, {}])
    assert edits.moving(performance) == ("head_yaw", "jaw_open")
    assert edits.moving(edits.kept(performance, ["jaw_open", "brow"])) == ("jaw_open",)


def test_added_counts_from_rest_and_keeps_the_limits():
    base = Performance.from_poses(Fraction(25), [{"head_scale": 1.2, "head_yaw": 40, "jaw_open": 0.25}])
    extra = Performance.from_poses(Fraction(25), [{"head_scale": 1.1, "head_yaw": 10}])
    assert edits.added(base, extra).pose(0) == pytest.approx({**base.pose(0), "head_scale": 1.3, "head_yaw": 45})
