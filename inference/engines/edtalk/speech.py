# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouth weights of a driving sound: found once by Audio2Lip, kept by the sound's content, read at any time."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from ..engine import DrivingSound
from .description import EDTALK
from .weights import MOUTHS

RATE_HZ = 16000
FRAMES_PER_S = 25
_SAMPLES = RATE_HZ // FRAMES_PER_S
# Frames that are heard at once, between which progress is told. A second more on either side makes them what they are
# in the whole sound: windows of the spectrum repeat every second and reach no further.
_PIECE, _BESIDE = 10 * FRAMES_PER_S, FRAMES_PER_S


class Listening(Protocol):
    """The part of the model that listens."""

    def mouth_of_sound(self, samples: np.ndarray) -> np.ndarray:
        """(frames, 20) mouth weights, 25 a second, of float32 mono samples at 16 kHz."""
        ...

    def smoothed(self, weights: np.ndarray, even_ends: bool) -> np.ndarray:
        """The same, smoothed in time; without ``even_ends`` the ends fade as in the reference program."""
        ...


class SpokenMouth:
    """Mouth weights of a sound.

    Args:
        version: all that decides what the network hears: its file and how exactly it computes.
        even_ends: see ``Listening.smoothed``.
    """

    def __init__(self, sound: DrivingSound, model: Listening, version: str, even_ends: bool) -> None:
        self._sound = sound
        self._model = model
        self._what = f"{EDTALK.name} {EDTALK.version} mouth of sound {version}"
        self._even_ends = even_ends

    def at(self, time_s: float) -> np.ndarray | None:
        """(20,) weights, between the network's frames; None for a sound too short for one.

        Frame i shows the mouth at i / 25 s. Before the first and after the last frame these hold.
        """
        if not len(self._track):
            return None
        place = min(max(time_s * FRAMES_PER_S, 0.0), len(self._track) - 1.0)
        low = int(place)
        high = min(low + 1, len(self._track) - 1)
        return self._track[low] * (1 - (place - low)) + self._track[high] * (place - low)

    @cached_property
    def _track(self) -> np.ndarray:
        """(frames, 20) float64."""
        raw = self._raw()
        return self._model.smoothed(raw, self._even_ends).astype(np.float64) if len(raw) else raw

    def _raw(self) -> np.ndarray:
        raw = self._sound.remembered(self._what)
        if raw is not None and raw.ndim == 2 and raw.shape[1] == MOUTHS and raw.dtype == np.float32:
            return raw
        raw = self._heard(self._sound.samples(RATE_HZ))
        self._sound.remember(self._what, raw)
        return raw

    def _heard(self, samples: np.ndarray) -> np.ndarray:
        """(frames, 20) float32, without smoothing."""
        count = len(samples) // _SAMPLES
        pieces = [np.zeros((0, MOUTHS), np.float32)]
        for start in range(0, count, _PIECE):
            self._sound.progress(start, count)
            end = min(start + _PIECE, count)
            first, last = max(start - _BESIDE, 0), min(end + _BESIDE, count)
            heard = self._model.mouth_of_sound(samples[first * _SAMPLES : last * _SAMPLES])
            pieces.append(np.asarray(heard[start - first : end - first], np.float32))
        self._sound.progress(count, count)
        return np.concatenate(pieces)
