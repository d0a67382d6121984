# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steadies landmarks from picture to picture: little where they move, much where they rest.

A one euro filter (Casiez, Roussel, Vogel: "1 Euro Filter", 2012) for each part of the face, whose time step and slope
follow the part's speed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CUTOFF = 1.0
_FAST = 0.02


@dataclass(frozen=True)
class _Part:
    """Landmarks that are filtered together.

    Attributes:
        points: which they are.
        measured: of which the speed counts.
        still: speed, in face sizes a picture, below which a part counts as resting.
        slow, fast: the filter's time step and slope at that speed, and at 0.02.
    """

    points: slice
    measured: slice
    still: float
    slow: float
    fast: float

    def pace(self, speed: float) -> float:
        """The filter's time step and slope."""
        if speed < self.still:
            return self.slow * speed / self.still
        return float(np.interp(speed, (self.still, _FAST), (self.slow, self.fast)))


def _part(first: int, last: int, slow: float, fast: float) -> _Part:
    points = slice(first, last + 1)
    return _Part(points, points, 0.003, slow, fast)


_PARTS = (
    _Part(slice(0, 33), slice(9, 24), 0.005, 0.05, 0.3),
    _part(33, 47, 0.03, 0.7),
    _part(48, 73, 0.02, 0.5),
    _part(74, 95, 0.03, 0.7),
    _part(96, 117, 0.03, 0.7),
    _part(118, 181, 0.05, 0.7),
    _part(182, 201, 0.03, 0.7),
    _part(202, 221, 0.03, 0.7),
)


class Smoother:
    """Steadies the 222 landmarks of one face, picture after picture.

    Args:
        face_px: size of the face that speeds are measured in.
    """

    def __init__(self, face_px: float) -> None:
        self._face_px = face_px
        self._before: np.ndarray | None = None
        self._speeds = np.zeros((222, 2))

    def smooth(self, landmarks: np.ndarray) -> np.ndarray:
        """(222, 2) in px, steadied; the first ones are given back as they are."""
        if self._before is None:
            self._before = landmarks.copy()
            return landmarks
        speeds = np.linalg.norm(landmarks - self._before, axis=1) / self._face_px
        found = self._before.copy()
        for part in _PARTS:
            pace = part.pace(float(speeds[part.measured].mean()))
            # A part that has not moved stays where it is; its time step would be 0.
            if pace > 0:
                found[part.points] = self._filtered(part.points, landmarks[part.points], pace)
        self._before = found
        return found

    def _filtered(self, points: slice, landmarks: np.ndarray, pace: float) -> np.ndarray:
        assert self._before is not None
        before = self._before[points]
        weight = _weight(pace, _CUTOFF)
        self._speeds[points] = weight * (landmarks - before) / pace + (1 - weight) * self._speeds[points]
        weights = _weight(pace, _CUTOFF + pace * np.abs(self._speeds[points]))
        return weights * landmarks + (1 - weights) * before


def _weight(step: float, cutoff: float | np.ndarray) -> float | np.ndarray:
    turn = 2 * np.pi * cutoff * step
    return turn / (turn + 1)
