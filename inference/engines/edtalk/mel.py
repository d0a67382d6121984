# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound as EDTalk's audio network sees it: a mel spectrogram, and the piece of it that belongs to a video frame.

The steps and numbers are Wav2Lip's (arXiv 2008.10010), which are Tacotron's. All sounds are mono at 16 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

RATE_HZ = 16000
FRAMES_PER_S = 25
SAMPLES_A_FRAME = RATE_HZ // FRAMES_PER_S
BANDS = 80
COLUMNS_PER_S = 80
WINDOW_COLUMNS = 16
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_FFT, _HOP = 800, 200
_EMPHASIS = 0.97
_FLOOR = 1e-5
_REFERENCE_DB, _RANGE_DB, _LARGEST = 20.0, 100.0, 4.0
# Columns of the spectrogram that are computed at a time.
_AT_ONCE = 4096


def frame_count(samples: int) -> int:
    """Whole video frames at 25 a second in so many samples."""
    return samples // SAMPLES_A_FRAME


def mel_spectrogram(samples: np.ndarray) -> np.ndarray:
    """Loudness in mel bands.

    Args:
        samples: (n,) in -1..1, at least one video frame long; what is left behind the last whole frame is cut off.

    Returns:
        (80, columns) float32 in -4..4, a column every 200 samples from the first on.
    """
    count = frame_count(len(samples)) * SAMPLES_A_FRAME
    assert count > 0, len(samples)
    sound = np.asarray(samples[:count], np.float64)
    sharpened = np.append(sound[:1], sound[1:] - _EMPHASIS * sound[:-1])
    pieces = sliding_window_view(np.pad(sharpened, _FFT // 2, mode="reflect"), _FFT)[::_HOP]
    # A Hann window of one whole period.
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)
    filters = mel_filters()
    columns = [
        filters @ np.abs(np.fft.rfft(pieces[start : start + _AT_ONCE] * window, axis=1)).T
        for start in range(0, len(pieces), _AT_ONCE)
    ]
    return _scaled(np.concatenate(columns, axis=1)).astype(np.float32)


def mel_filters() -> np.ndarray:
    """(80, 401) triangles between neighbouring frequencies of the mel scale, each with area 1 per hertz times two.

    Slaney's scale (Auditory Toolbox, 1998): linear with 200 / 3 Hz a step up to 1000 Hz, then 27 steps for a factor
    of 6.4.
    """
    edges_hz = _hz(np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2))
    bins_hz = np.arange(_FFT // 2 + 1) * RATE_HZ / _FFT
    below, middle, above = (edges_hz[first : first + BANDS, None] for first in range(3))
    rising = (bins_hz - below) / (middle - below)
    falling = (above - bins_hz) / (above - middle)
    return np.maximum(0.0, np.minimum(rising, falling)) * 2 / (above - below)


def windows(mel: np.ndarray, first: int, last: int) -> np.ndarray:
    """The pieces of a spectrogram that the network sees for video frames first to last - 1.

    Args:
        mel: (80, columns).

    Returns:
        (last - first, 80, 16): from two frames before the frame on; the end columns repeated beyond the ends.
    """
    # Rounded towards zero, also before the start.
    begins = np.trunc(COLUMNS_PER_S * (np.arange(first, last) - 2) / FRAMES_PER_S).astype(int)
    columns = np.clip(begins[:, None] + np.arange(WINDOW_COLUMNS), 0, mel.shape[1] - 1)
    return np.moveaxis(mel[:, columns], 0, 1)


def _scaled(magnitude: np.ndarray) -> np.ndarray:
    """Decibels with -100..0 taken to -4..4, clipped."""
    level_db = 20 * np.log10(np.maximum(_FLOOR, magnitude)) - _REFERENCE_DB
    return np.clip(2 * _LARGEST * (level_db + _RANGE_DB) / _RANGE_DB - _LARGEST, -_LARGEST, _LARGEST)


_LINEAR_HZ, _BREAK_HZ, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ


def _mel(frequency_hz: float) -> float:
    if frequency_hz < _BREAK_HZ:
        return frequency_hz / _LINEAR_HZ
    return _BREAK_MEL + float(np.log(frequency_hz / _BREAK_HZ)) / _LOG_STEP


def _hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, _BREAK_HZ * np.exp((mel - _BREAK_MEL) * _LOG_STEP))
