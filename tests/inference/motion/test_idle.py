# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic blinks and sway: a function of seed and time alone, and like those of people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.controls import BY_NAME
from inference.motion.idle import CLOSE_S, HOLD_S, OPEN_S, blinks, sway

seeds = st.integers(-(2**40), 2**40)
TEN_MINUTES_S = np.arange(0, 600, 0.01)


def starts(seed: int, times_s: np.ndarray = TEN_MINUTES_S) -> np.ndarray:
    closed = blinks(seed, times_s) > 0.5
    return times_s[1:][closed[1:] & ~closed[:-1]]


@given(seeds, st.lists(st.floats(-5000, 5000), min_size=1, max_size=40))
def test_a_frame_alone_is_as_within_any_range(seed, times_s):
    many = np.array(times_s)
    activity = np.abs(np.sin(many))
    together, moving = blinks(seed, many), sway(seed, many, activity)
    for place, time_s in enumerate(times_s):
        assert blinks(seed, np.array([time_s]))[0] == pytest.approx(together[place], abs=1e-9)
        alone = sway(seed, np.array([time_s]), activity[place : place + 1])
        assert all(alone[name][0] == pytest.approx(moving[name][place], abs=1e-9) for name in moving)


@given(seeds)
@settings(max_examples=30)
def test_the_rate_of_sampling_does_not_matter(seed):
    fine = blinks(seed, np.arange(0, 6000) / 100)
    assert np.allclose(blinks(seed, np.arange(0, 1500) / 25), fine[::4], atol=1e-9)
    assert np.allclose(blinks(seed, np.arange(0, 3000)[::-1] / 50), fine[::2][::-1], atol=1e-9)


@given(seeds)
@settings(max_examples=30)
def test_blinks_come_as_often_as_people_blink(seed):
    at_s = starts(seed)
    assert 0.8 <= at_s[0] <= 2.5 + CLOSE_S
    assert 10 <= len(at_s) / 10 <= 22  # a minute
    assert np.diff(at_s).min() >= 0.6 - 0.02
    assert np.diff(at_s).std() > 1


@given(seeds)
@settings(max_examples=20)
def test_every_blink_is_whole(seed):
    closing = blinks(seed, TEN_MINUTES_S)
    assert closing.min() == 0 and closing.max() == 1
    for at_s in starts(seed)[:-1]:
        around = (TEN_MINUTES_S > at_s - CLOSE_S) & (TEN_MINUTES_S < at_s + HOLD_S + OPEN_S)
        assert closing[around].max() == pytest.approx(1)
    assert np.mean(closing > 0) == pytest.approx(len(starts(seed)) * (CLOSE_S + HOLD_S + OPEN_S) / 600, rel=0.1)


@pytest.mark.parametrize("rate", [24000 / 1001, 24, 25, 30, 60])
def test_every_blink_closes_the_eyes_on_a_frame(rate):
    times_s = np.arange(0, 600, 1 / rate)
    closing = blinks(5, times_s)
    assert all(closing[(times_s > at_s - 0.1) & (times_s < at_s + 0.2)].max() > 0.99 for at_s in starts(5)[:-1])


def test_blinks_go_on_before_time_zero():
    closing = blinks(1, TEN_MINUTES_S - 300)
    assert 100 < np.sum((closing[1:] > 0.5) & (closing[:-1] <= 0.5)) < 220
    assert blinks(1, np.array([])).shape == (0,)


def test_other_seeds_give_other_motion():
    first = [tuple(starts(seed)[:3].round(2)) for seed in range(50)]
    assert len(set(first)) == 50
    yaw = np.array([sway(seed, TEN_MINUTES_S, np.ones(len(TEN_MINUTES_S)))["head_yaw"] for seed in range(8)])
    assert np.abs(np.corrcoef(yaw) - np.eye(8)).max() < 0.95


@given(seeds)
@settings(max_examples=20)
def test_sway_is_small_slow_and_smaller_in_silence(seed):
    spoken = sway(seed, TEN_MINUTES_S, np.full(len(TEN_MINUTES_S), 0.7))
    silent = sway(seed, TEN_MINUTES_S, np.zeros(len(TEN_MINUTES_S)))
    assert set(spoken) == {"head_yaw", "head_pitch", "head_roll", "brow"} <= set(BY_NAME)
    for name, most_deg in {"head_yaw": 2.8, "head_pitch": 1.8, "head_roll": 1.4}.items():
        assert 0.2 < np.ptp(spoken[name]) / 2 <= most_deg
        assert np.abs(np.diff(spoken[name])).max() / 0.01 < 5  # degrees a second
        assert np.ptp(silent[name]) < 0.6 * np.ptp(spoken[name])
        assert abs(silent[name].mean()) < 0.1
    assert 0 < spoken["brow"].max() < 0.2 and silent["brow"].max() == 0
