# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is heard at each frame of a film, whatever its rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from ..engine import DrivingSound, SpeechPlace

FEATURE_RATE_HZ = 25
"""Frames of features a second; the rate that the model was made for."""
LEAD_S = 0.3
"""Silence that is put in front of a sound, so that the mouth has time to open."""
_RATE_HZ = 16000
_FRAME_SAMPLES = _RATE_HZ // FEATURE_RATE_HZ
# Whole frames of silence are heard up to this one.
_SILENT = 3
# Silence behind the sound, which frames after its end hear.
_TAIL_S = 0.6
# Longer sounds are heard in pieces of so many frames, with so many more at both ends for the network's context.
_WHOLE, _PIECE, _MARGIN = 3000, 1500, 125
_KEPT = 2
Told = Callable[[], None]


class Ear(Protocol):
    """What ``hearing.Hearing`` is."""

    @property
    def width(self) -> int:
        """Numbers a frame of features."""
        ...

    def features(self, samples: np.ndarray, told: Told) -> np.ndarray:
        """(n / 640, width) float32 of (n,) samples at 16 kHz, ``normalized``.

        Args:
            told: called again and again meanwhile; may raise to cancel.
        """
        ...


def _silent() -> None:
    """Nobody waits."""


def normalized(samples: np.ndarray) -> np.ndarray:
    """Samples (n,) with mean 0 and variance 1, float32, as the network was trained with."""
    samples = samples.astype(np.float32)
    return (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))


class Listener:
    """A sound and what was heard of it. A piece is heard when a place in it is first asked for.

    Args:
        sound: the film's.
        ear: gives the network; called when something is heard.
    """

    def __init__(self, sound: DrivingSound, ear: Callable[[], Ear]) -> None:
        self._ear = ear
        samples = np.asarray(sound.samples(_RATE_HZ), np.float32)
        heard = normalized(np.concatenate([np.zeros(round(LEAD_S * _RATE_HZ), np.float32), samples]))
        self._frames = -(-(len(heard) + round(_TAIL_S * _RATE_HZ)) // _FRAME_SAMPLES)
        self._samples = np.pad(heard, (0, self._frames * _FRAME_SAMPLES - len(heard)))
        self._piece = self._frames if self._frames <= _WHOLE else _PIECE
        self._kept: dict[int, np.ndarray] = {}

    def lead(self, frames: int, told: Told = _silent) -> np.ndarray:
        """(frames, width): what is heard before a film: nothing at the portrait itself, then the silence in front.

        Args:
            told: called now and then while the network hears; may raise to cancel.
        """
        silence = self._rows(np.minimum(np.arange(frames - 1), int(LEAD_S * FEATURE_RATE_HZ) - 1), told)
        return np.concatenate([np.zeros((1, silence.shape[1]), np.float32), silence])

    def at(self, places: Sequence[SpeechPlace | None], told: Told = _silent) -> np.ndarray:
        """(n, width) float32 at each place; silence where there is none.

        Args:
            told: as of ``lead``.
        """
        silent = _SILENT / FEATURE_RATE_HZ - LEAD_S
        times = np.array([silent if place is None else place.time_s for place in places])
        strengths = np.array([1.0 if place is None else place.strength for place in places], np.float32)
        positions = np.clip((times + LEAD_S) * FEATURE_RATE_HZ, 0, self._frames - 1)
        before = np.minimum(positions.astype(int), self._frames - 2)
        share = (positions - before).astype(np.float32)[:, None]
        here, after = np.split(self._rows(np.concatenate([before, before + 1]), told), 2)
        return (here * (1 - share) + after * share) * strengths[:, None]

    def _rows(self, frames: np.ndarray, told: Told) -> np.ndarray:
        """(n, width) of whole frames."""
        rows = np.empty((len(frames), self._ear().width), np.float32)
        for piece in np.unique(frames // self._piece):
            mine = frames // self._piece == piece
            rows[mine] = self._heard(int(piece), told)[frames[mine] - piece * self._piece]
        return rows

    def _heard(self, piece: int, told: Told) -> np.ndarray:
        """The features of a piece; those of the last ones are kept."""
        found = self._kept.pop(piece, None)
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[piece] = self._hear(piece, told) if found is None else found
        return self._kept[piece]

    def _hear(self, piece: int, told: Told) -> np.ndarray:
        """The features of a piece, without its margins."""
        start, end = piece * self._piece, min((piece + 1) * self._piece, self._frames)
        first, last = max(start - _MARGIN, 0), min(end + _MARGIN, self._frames)
        features = self._ear().features(self._samples[first * _FRAME_SAMPLES : last * _FRAME_SAMPLES], told)
        return features[start - first : end - first]
