# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech features a hundred times a second: level, zero crossings, voicing, pitch, formants.

Frame i is centered on sample i * HOP, so it stands at i / 100 s. Frames are computed in blocks of fixed size, whatever
the sizes of the pieces that are fed, so results do not depend on how a file is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .sound import RATE_HZ

FRAMES_PER_S = 100
HOP = RATE_HZ // FRAMES_PER_S

_LEVEL_SAMPLES, _PITCH_SAMPLES, _LPC_SAMPLES = 512, 1024, 480
# Rumble below the voice is removed by a symmetric filter, which shifts nothing in time.
_RUMBLE_HZ, _FILTER_REACH = 75.0, 400
_MARGIN = _PITCH_SAMPLES // 2 + _FILTER_REACH
_BLOCK_FRAMES = 256
# Linear prediction sees the spectrum up to 5 kHz, as if the sound had been sampled at this rate.
_LPC_RATE_HZ, _LPC_ORDER, _PRE_EMPHASIS = 10000, 11, 0.94
_LPC_FFT = 1024
_RIDGE = 1e-4
_LOWEST_FORMANT_HZ, _WIDEST_FORMANT_HZ = 180.0, 500.0
_PITCH_RANGE_HZ = (55.0, 400.0)
_OCTAVE_COST = 0.05
# Below this power (of full scale 1) there is nothing to analyze.
_NO_POWER = 1e-12


@dataclass(frozen=True)
class Features:
    """Arrays with one entry a frame.

    Attributes:
        level_db: RMS level, full scale 0 dB, at least -120.
        crossings: zero crossings a sample, 0 to 1.
        voicing: height of the pitch peak of the normalized autocorrelation, 0 (noise) to about 1 (periodic).
        pitch_hz: frequency of that peak; meaningless where ``voicing`` is low.
        formants_hz: (n, 2) F1 and F2; NaN where fewer than two resonances were found.
    """

    level_db: np.ndarray
    crossings: np.ndarray
    voicing: np.ndarray
    pitch_hz: np.ndarray
    formants_hz: np.ndarray

    def __len__(self) -> int:
        return len(self.level_db)


class FeatureStream:
    """Takes samples in pieces of any size; holds a few seconds of them at most.

    Attributes:
        heard: how many samples were fed.
    """

    def __init__(self) -> None:
        self._waiting = [np.zeros(_MARGIN, np.float32)]
        self._held = _MARGIN
        self.heard = 0
        self._blocks: list[Features] = []

    def feed(self, samples: np.ndarray) -> None:
        """Add (n,) samples at ``RATE_HZ``."""
        self.heard += len(samples)
        self._add(samples)

    def finish(self) -> Features:
        """Features of all samples: one frame for every begun hundredth of a second, at least one."""
        frames = max(1, -(-self.heard // HOP))
        self._add(np.zeros(_BLOCK_FRAMES * HOP + 2 * _MARGIN, np.float32))
        parts = [
            np.concatenate([getattr(block, name) for block in self._blocks])[:frames]
            for name in ("level_db", "crossings", "voicing", "pitch_hz", "formants_hz")
        ]
        return Features(*parts)

    def _add(self, samples: np.ndarray) -> None:
        self._waiting.append(samples)
        self._held += len(samples)
        needed = (_BLOCK_FRAMES - 1) * HOP + 2 * _MARGIN
        if self._held < needed:
            return
        held = np.concatenate(self._waiting)
        while len(held) >= needed:
            self._blocks.append(_features_of(held[:needed]))
            held = held[_BLOCK_FRAMES * HOP :]
        self._waiting, self._held = [held.copy()], len(held)


def _features_of(samples: np.ndarray) -> Features:
    """Features of frames centered on samples ``_MARGIN``, ``_MARGIN + HOP`` ..."""
    samples = _without_rumble(samples)
    wide = _frames(samples, _PITCH_SAMPLES)
    near = _frames(samples, _LEVEL_SAMPLES)
    power = np.mean(near**2, axis=1)
    voicing, pitch_hz = _pitch(wide)
    return Features(
        level_db=10 * np.log10(np.maximum(power, _NO_POWER)),
        crossings=np.mean(near[:, 1:] * near[:, :-1] < 0, axis=1),
        voicing=np.where(power > _NO_POWER, voicing, 0),
        pitch_hz=pitch_hz,
        formants_hz=_formants(_frames(samples, _LPC_SAMPLES), power > _NO_POWER),
    )


def _frames(samples: np.ndarray, length: int) -> np.ndarray:
    """(frames, length) stretches of samples centered on every ``HOP``-th one, where the longest ones fit."""
    first = (_PITCH_SAMPLES - length) // 2
    return sliding_window_view(samples, length)[first : len(samples) - length - first + 1 : HOP]


def _without_rumble(samples: np.ndarray) -> np.ndarray:
    """(n - 2 * _FILTER_REACH,) float64, high-passed by a windowed-sinc filter where it fits."""
    taps = np.arange(-_FILTER_REACH, _FILTER_REACH + 1)
    cutoff = 2 * _RUMBLE_HZ / RATE_HZ
    low = cutoff * np.sinc(cutoff * taps) * np.hamming(len(taps))
    size = 1 << (len(samples) + len(taps)).bit_length()
    rumble = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(low / low.sum(), size), size)
    return samples[_FILTER_REACH:-_FILTER_REACH] - rumble[2 * _FILTER_REACH : len(samples)]


def _pitch(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch from the autocorrelation of windowed frames, divided by that of the window (Boersma 1993).

    Returns:
        (n,) height and (n,) frequency in Hz of the highest peak; height 0 where the range holds no peak, as in rumble.
    """
    window = np.hanning(frames.shape[1] + 1)[:-1]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    own = _autocorrelation(frames)
    normal = own / np.maximum(own[:, :1], _NO_POWER) / (_autocorrelation(window[None]) / np.sum(window**2))
    low, high = (round(RATE_HZ / frequency) for frequency in reversed(_PITCH_RANGE_HZ))
    lags = normal[:, low - 1 : high + 2]
    peak = np.where((lags[:, 1:-1] >= lags[:, :-2]) & (lags[:, 1:-1] > lags[:, 2:]), lags[:, 1:-1], 0)
    # Of the multiples of a period, which are peaks as well, the shortest is to win.
    best = np.argmax(peak * (1 - _OCTAVE_COST * np.log2(np.arange(low, high + 1) / low)), axis=1)
    return np.clip(peak[np.arange(len(peak)), best], 0, 1), RATE_HZ / (low + best)


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """(n, 2 * _PITCH_RANGE lag) linear autocorrelation from lag 0 on."""
    lags = round(RATE_HZ / _PITCH_RANGE_HZ[0]) + 2
    spectrum = np.fft.rfft(frames, 2 * frames.shape[1], axis=1)
    return np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :lags]


def _formants(frames: np.ndarray, audible: np.ndarray) -> np.ndarray:
    """F1 and F2: poles of linear prediction on the spectrum below 5 kHz (selective, Makhoul 1975).

    Returns:
        (n, 2) Hz, NaN where not found.
    """
    found = np.full((len(frames), 2), np.nan)
    if not audible.any():
        return found
    poles = np.linalg.eigvals(_companions(_predictors(frames[audible])))
    frequency_hz = np.angle(poles) * _LPC_RATE_HZ / (2 * np.pi)
    width_hz = -np.log(np.maximum(np.abs(poles), 1e-9)) * _LPC_RATE_HZ / np.pi
    usable = (frequency_hz > _LOWEST_FORMANT_HZ) & (width_hz < _WIDEST_FORMANT_HZ)
    lowest = np.sort(np.where(usable, frequency_hz, np.inf), axis=1)[:, :2]
    found[audible] = np.where(np.isfinite(lowest[:, 1:]), lowest, np.nan)
    return found


def _predictors(frames: np.ndarray) -> np.ndarray:
    """(n, order) coefficients a of x[t] ~ sum a[k] x[t - 1 - k], by the autocorrelation method."""
    spectrum = np.abs(np.fft.rfft(frames * np.hamming(frames.shape[1]), _LPC_FFT, axis=1)) ** 2
    bins = _LPC_FFT * _LPC_RATE_HZ // RATE_HZ // 2 + 1
    angle = np.pi * np.arange(bins) / (bins - 1)
    emphasis = np.abs(1 - _PRE_EMPHASIS * np.exp(-1j * angle)) ** 2
    own = np.fft.irfft(spectrum[:, :bins] * emphasis, axis=1)[:, : _LPC_ORDER + 1]
    lag = np.abs(np.subtract.outer(np.arange(_LPC_ORDER), np.arange(_LPC_ORDER)))
    matrix = own[:, lag] + (_RIDGE * own[:, :1] + _NO_POWER)[:, :, None] * np.eye(_LPC_ORDER)
    return np.linalg.solve(matrix, own[:, 1:, None])[..., 0]


def _companions(predictors: np.ndarray) -> np.ndarray:
    """(n, order, order) matrices whose eigenvalues are the poles."""
    count, order = predictors.shape
    matrices = np.zeros((count, order, order))
    matrices[:, 0] = predictors
    matrices[:, np.arange(1, order), np.arange(order - 1)] = 1
    return matrices
