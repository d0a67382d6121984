# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colors of sections are taken to those of the sections before."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.video.colours import ColourShift


def video(frames: int = 2, seed: int = 1) -> np.ndarray:
    """(3, n, 24, 32) float32, not too near to black and white."""
    return np.random.default_rng(seed).uniform(-0.4, 0.4, (3, frames, 24, 32)).astype(np.float32)


def test_a_drift_is_taken_back():
    wanted = video()
    drifted = wanted * 0.9 + np.float32([0.1, -0.05, 0.02])[:, None, None, None]
    shift = ColourShift.between(drifted, wanted)
    before, after = np.abs(drifted - wanted).mean(), np.abs(shift.applied(drifted) - wanted).mean()
    assert before > 0.05 and after < 0.3 * before
    # Means and deviations are what is compared.
    means = shift.applied(drifted).mean(axis=(1, 2, 3))
    assert np.allclose(means, wanted.mean(axis=(1, 2, 3)), atol=0.02)


def test_other_frames_are_changed_alike():
    wanted, more = video(), video(3, seed=2)
    shift = ColourShift.between(wanted - np.float32(0.1), wanted)
    assert (shift.applied(more) > more).mean() > 0.95
    assert shift.applied(more).shape == more.shape and np.abs(shift.applied(more)).max() <= 1


def test_equal_frames_change_nothing():
    wanted = video()
    shift = ColourShift.between(wanted, wanted)
    assert np.allclose(shift.applied(wanted), wanted, atol=2e-3)
    assert ColourShift.none().applied(wanted) is wanted


def test_frames_of_one_color_are_only_shifted():
    wanted, drawn = np.full((3, 1, 8, 8), 0.2, np.float32), np.full((3, 1, 8, 8), 0.1, np.float32)
    shift = ColourShift.between(drawn, wanted)
    assert shift.factors.tolist() == [1, 1, 1]
    assert np.allclose(shift.applied(drawn), wanted, atol=2e-3)


def test_it_is_kept_as_an_array():
    shift = ColourShift.between(video(), video(seed=3))
    kept = shift.array()
    assert kept.shape == (2, 3) and kept.dtype == np.float32
    again = ColourShift.of_array(kept)
    assert np.array_equal(again.applied(video()), shift.applied(video()))
    assert shift.factors.max() == pytest.approx(1, abs=0.1)
