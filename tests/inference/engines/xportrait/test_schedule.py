# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.xportrait.schedule import (
    WINDOW,
    alphas_cumprod,
    levels,
    steps_of,
    timesteps,
    window_count,
    windows,
)


def test_timesteps_fall_to_one_within_the_schedule():
    for steps in range(1, 1000):
        falling = timesteps(steps)
        assert len(falling) >= steps
        assert falling[-1] == 1 and falling[0] < 1000
        assert (np.diff(falling) < 0).all()


def test_thirty_steps_are_thirty_one():
    assert timesteps(30).tolist() == list(range(991, 0, -33))


def test_a_timestep_behind_the_schedule_is_left_out():
    assert timesteps(3).tolist() == [667, 334, 1]


def test_levels_lead_from_each_to_the_next():
    falling = timesteps(10)
    found = levels(falling)
    assert found[:-1, 1].tolist() == found[1:, 0].tolist()
    assert found[-1, 1] == alphas_cumprod()[0]
    assert (found[:, 1] > found[:, 0]).all()


@given(st.integers(WINDOW, 200), st.integers(0, 12), st.data())
def test_windows_leave_no_frame_out(frames, overlap, data):
    offset = data.draw(st.integers(0, frames - 1))
    found = list(windows(frames, overlap, offset))
    assert len(found) == window_count(frames, overlap)
    assert found[0][0] == offset
    assert {frame for window in found for frame in window} == set(range(frames))
    assert all(len(set(window)) == WINDOW for window in found)


def test_neighboring_windows_have_the_overlap_in_common():
    first, second, *_ = windows(60, 4, 7)
    assert set(first) & set(second) == set(first[-4:])


@pytest.mark.parametrize(("count", "expected"), [(1, 31), (16, 31), (17, 62), (64, 155)])
def test_steps_of_a_film(count, expected):
    assert steps_of(count, 30, 4) == expected
