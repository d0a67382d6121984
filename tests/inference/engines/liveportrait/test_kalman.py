# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest
from liveportrait_motion import track

from inference.engines.liveportrait.kalman import FULL, MIDDLE, noise_of, smooth, smooth_track

NOISE = np.random.default_rng(5).normal(0, 0.01, (80, 4))
WAVE = np.sin(np.arange(80) / 12)[:, None] * 0.3


def test_the_slider_goes_evenly_from_none_over_the_reference_to_strong():
    assert noise_of(0) == 0
    assert noise_of(0.5) == pytest.approx(MIDDLE)
    assert noise_of(1) == pytest.approx(FULL)
    values = [noise_of(place) for place in np.linspace(0.05, 1, 20)]
    assert (np.diff(values) > 0).all() and values[0] < 1e-8


def test_noise_goes_and_motion_stays():
    """The filter is linear: what it does to each of both is what it does to them in their sum."""
    assert smooth(NOISE, FULL).std() < 0.5 * NOISE.std()
    assert smooth(WAVE, FULL)[15:-15] == pytest.approx(WAVE[15:-15], abs=0.07 * 0.3)
    assert smooth(NOISE, MIDDLE).std() > 0.9 * NOISE.std()


def test_there_is_no_lag():
    """Smoothed backwards in time, a clip gives the same: nothing trails behind."""
    values = WAVE + NOISE
    assert smooth(values, FULL) == pytest.approx(smooth(values[::-1], FULL)[::-1], abs=1e-5)


def test_constants_and_short_clips_stay():
    assert smooth(np.full((9, 2), 0.7), FULL) == pytest.approx(np.full((9, 2), 0.7))
    assert np.array_equal(smooth(NOISE[:1], FULL), NOISE[:1])
    assert len(smooth(NOISE[:0], FULL)) == 0
    assert np.array_equal(smooth(NOISE, 0.0), NOISE)


def test_rotations_stay_rotations():
    found = smooth_track(track(*range(12)), 1.0)
    product = found.rotation @ np.swapaxes(found.rotation, 1, 2)
    assert product == pytest.approx(np.broadcast_to(np.eye(3), product.shape), abs=1e-9)


def test_shots_are_smoothed_by_themselves():
    whole = track(*range(12))
    found = smooth_track(whole, 0.9, cuts=(5,))
    first, second = smooth_track(whole.taken(slice(0, 5)), 0.9), smooth_track(whole.taken(slice(5, 12)), 0.9)
    assert np.array_equal(found.exp, np.concatenate([first.exp, second.exp]))
    assert np.array_equal(found.rotation, np.concatenate([first.rotation, second.rotation]))
    assert not np.allclose(found.exp, smooth_track(whole, 0.9).exp)
    assert smooth_track(whole, 0.0) is whole
