# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewer keys: the curve stays within the tolerance, extremes and holds are keys, handles are an animator's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.motion.key_reduction import evaluated, largest_error, reduced

TOLERANCE = 0.02
curves = st.lists(st.floats(-1, 1), min_size=1, max_size=60)
# Whole steps of the tolerance, so that holds and turns of just the tolerance come up.
stepped = st.lists(st.integers(-4, 4).map(lambda n: n * TOLERANCE), min_size=1, max_size=60)


def motion(length, seed=0, fastest=0.05):
    """Smooth random motion from -1 to 1. ``fastest``: about the highest frequency, in turns a frame."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    curve = np.fft.irfft(spectrum * np.exp(-((np.fft.rfftfreq(length) / fastest) ** 2)), length)
    return curve / np.abs(curve).max()


def overshoot(keys, values, first):
    """How far the curve leaves, between frames, the band of the two values beside."""
    values = np.asarray(values)
    if len(values) == 1:
        return 0.0
    low, high = np.minimum(values[:-1], values[1:]), np.maximum(values[:-1], values[1:])
    parts = np.arange(1, 16) / 16
    fine = evaluated(keys, (first + np.arange(len(low))[:, None] + parts).ravel()).reshape(len(low), -1)
    return float(np.maximum(low[:, None] - fine, fine - high[:, None]).max())


@given(curves | stepped, st.integers(-50, 5000))
def test_within_tolerance_at_frames_and_without_overshoot_between(values, first):
    keys = reduced(values, first, TOLERANCE)
    assert largest_error(keys, values, first) <= TOLERANCE
    assert overshoot(keys, values, first) <= 1.1 * TOLERANCE
    assert (keys[0].frame, keys[-1].frame) == (first, first + len(values) - 1)


@given(curves | stepped)
def test_keys_stand_on_values_of_whole_frames_in_order(values):
    keys = reduced(values, 10, TOLERANCE)
    frames = [key.frame for key in keys]
    assert frames == sorted(set(frames))
    assert [key.value for key in keys] == [values[int(frame) - 10] for frame in frames]


@given(curves)
def test_handles_reach_a_third_and_make_no_corner(values):
    keys = reduced(values, 10, TOLERANCE)
    for before, after in pairwise(keys):
        third = (after.frame - before.frame) / 3
        assert before.right[0] - before.frame == pytest.approx(third)
        assert after.frame - after.left[0] == pytest.approx(third)
    for key in keys:
        left = (key.value - key.left[1]) / (key.frame - key.left[0])
        right = (key.right[1] - key.value) / (key.right[0] - key.frame)
        assert left == pytest.approx(right, abs=1e-9)


def test_extremes_are_keys_with_flat_handles():
    values = np.sin(np.arange(100) / 8)
    keys = {key.frame: key for key in reduced(values, 0, TOLERANCE)}
    inner = [i for i in range(1, 99) if (values[i] - values[i - 1]) * (values[i + 1] - values[i]) < 0]
    assert len(inner) == 4
    for frame in inner:
        assert keys[frame].left[1] == keys[frame].value == keys[frame].right[1]


def test_a_hold_becomes_two_flat_keys():
    keys = reduced([0.0] * 500, 1, TOLERANCE)
    assert [(key.frame, key.value, key.left[1], key.right[1]) for key in keys] == [(1, 0, 0, 0), (500, 0, 0, 0)]


def test_a_hold_with_a_trace_of_noise_is_one_hold():
    values = np.concatenate([np.linspace(1, 0, 10), np.zeros(10), [TOLERANCE / 10], np.zeros(10), np.linspace(0, 1, 9)])
    frames = [key.frame for key in reduced(values, 0, TOLERANCE)]
    assert {9, 31} <= set(frames)
    assert not set(range(10, 31)) & set(frames)


def test_a_slow_rounded_drift_needs_few_keys():
    values = np.round(np.linspace(0, TOLERANCE * 2, 400), 4)
    assert len(reduced(values, 0, TOLERANCE)) <= 12


def test_blink_stays_a_blink():
    values = [1.0] * 20 + [0.6, 0.1, 0.0, 0.0, 0.3, 0.7, 0.95] + [1.0] * 20
    keys = reduced(values, 0, TOLERANCE)
    assert {19, 27} <= {key.frame for key in keys}
    assert min(evaluated(keys, np.arange(20, 27, 0.25))) == pytest.approx(0, abs=TOLERANCE)
    assert len(keys) <= 10


def test_smooth_motion_needs_few_keys():
    values = motion(240)
    assert len(reduced(values, 1, TOLERANCE)) <= 48
    assert len(reduced(values, 1, 5 * TOLERANCE)) < len(reduced(values, 1, TOLERANCE))


def test_noise_below_the_tolerance_needs_hardly_more():
    values = motion(480)
    noisy = values + np.random.default_rng(1).uniform(-0.2, 0.2, 480) * TOLERANCE
    assert len(reduced(noisy, 1, TOLERANCE)) <= 1.25 * len(reduced(values, 1, TOLERANCE))


def test_a_line_is_two_keys():
    keys = reduced(np.linspace(0, 1, 200), 1, TOLERANCE)
    assert len(keys) == 2
    np.testing.assert_allclose(evaluated(keys, [1, 100.5, 200]), [0, 0.5, 1], atol=1e-9)


def test_one_value_is_one_key():
    (key,) = reduced([0.25], 7, TOLERANCE)
    assert (key.frame, key.value) == (7, 0.25)
    assert evaluated([key], [0, 7, 9]).tolist() == [0.25] * 3


def test_values_in_small_units_are_reduced_alike():
    values = motion(200)
    frames = [key.frame for key in reduced(values, 1, TOLERANCE)]
    assert [key.frame for key in reduced(values * 1000, 1, TOLERANCE * 1000)] == frames


@pytest.mark.parametrize("values, tolerance", [([], 1), ([float("nan")], 1), ([[1.0]], 1), ([1.0], 0), ([1.0], -1)])
def test_what_is_refused(values, tolerance):
    with pytest.raises(ValueError, match="must be"):
        reduced(values, 1, tolerance)
