# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from inference.engines.edtalk import mel


def sound(count: int) -> np.ndarray:
    """Two tones and a little noise."""
    time_s = np.arange(count) / mel.RATE_HZ
    noise = np.random.default_rng(1).normal(size=count)
    return (0.4 * np.sin(2 * np.pi * 300 * time_s) + 0.2 * np.sin(2 * np.pi * 2500 * time_s) + 0.01 * noise).astype(
        np.float32
    )


def direct_column(samples: np.ndarray, column: int) -> np.ndarray:
    """Magnitudes of one column, by a Fourier sum written out; places beyond the ends are mirrored one by one."""
    last = len(samples) - 1
    sharpened = [float(samples[0])] + [float(samples[i]) - 0.97 * float(samples[i - 1]) for i in range(1, last + 1)]
    places = [abs(200 * column - 400 + i) for i in range(800)]
    values = np.array([sharpened[place if place <= last else 2 * last - place] for place in places])
    values *= [0.5 * (1 - np.cos(2 * np.pi * i / 800)) for i in range(800)]
    angles = 2 * np.pi * np.outer(np.arange(401), np.arange(800)) / 800
    return np.hypot(np.cos(angles) @ values, np.sin(angles) @ values)


def test_a_spectrogram_is_the_direct_fourier_sum():
    samples = sound(3 * 640 + 17)
    found = mel.mel_spectrogram(samples)
    used = samples[: 3 * 640]
    assert found.shape == (80, 10)
    assert found.dtype == np.float32
    for column in (0, 1, 5, 9):
        power = mel.mel_filters() @ direct_column(used, column)
        expected = 8 * ((20 * np.log10(np.maximum(1e-5, power)) - 20 + 100) / 100) - 4
        assert found[:, column] == pytest.approx(np.clip(expected, -4, 4), abs=1e-5)


def test_silence_is_the_floor():
    assert (mel.mel_spectrogram(np.zeros(6400, np.float32)) == -4).all()


def test_parts_that_are_computed_one_after_the_other_join(monkeypatch):
    samples = sound(20 * 640)
    whole = mel.mel_spectrogram(samples)
    monkeypatch.setattr(mel, "_AT_ONCE", 7)
    assert mel.mel_spectrogram(samples) == pytest.approx(whole, abs=1e-6)


def test_filters_are_triangles_of_equal_area():
    filters = mel.mel_filters()
    bins_hz = np.arange(401) * 20.0
    peaks_hz = bins_hz[filters.argmax(axis=1)]
    assert (np.diff(peaks_hz) >= 0).all()
    assert 55 <= peaks_hz[0] <= 120
    assert 7200 <= peaks_hz[-1] <= 7600
    # Wide ones, where the bins are dense enough for the sum to be the area.
    assert filters[50:].sum(axis=1) * 20 == pytest.approx(np.ones(30), abs=0.02)
    # Slaney's scale: 1000 Hz is step 15, 6400 Hz is step 42.
    assert mel._mel(1000) == pytest.approx(15)
    assert mel._mel(6400) == pytest.approx(42)
    assert mel._hz(np.array([3.0, 42.0])) == pytest.approx([200, 6400])


def test_windows_begin_two_frames_early_and_repeat_the_ends():
    columns = np.arange(100, dtype=np.float32) * np.ones((80, 1), np.float32)
    found = mel.windows(columns, 0, 40)[:, 0]
    assert found[:6, -1].tolist() == [9, 12, 15, 18, 21, 24]
    assert found[0].tolist() == [0] * 7 + list(range(1, 10))
    assert found[5].tolist() == list(range(9, 25))
    assert found[39].tolist() == [min(118 + column, 99) for column in range(16)]
    assert np.array_equal(mel.windows(columns, 7, 9)[:, 0], found[7:9])
