# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoothing without lag: least-squares parabolas around each picture, never across a cut or a loss.

Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures", 1964.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

# Half widths in seconds in the middle and at full strength; 0.11 s are three pictures, the filter 7/2, at 24 to 30 fps.
_MIDDLE_S, _FULL_S = 0.11, 0.27
# Lips meet for two or three pictures, and are measured best of all: their filter is this much narrower.
_MOUTH = 0.6
ORDER = 2
# The narrowest filter that smooths, 5/2, keeps a blink's depth; 7/2 halves it. It is used from this strength on.
_NARROWEST, _LIDS_FROM = 2, 0.75


@dataclass(frozen=True)
class Reach:
    """Pictures to each side that the filters see; 0 for no filter.

    Attributes:
        head: head, gaze and brows.
        mouth: mouth, and the landmarks of the whole face without the head's motion.
        lids: eyelids.
    """

    head: int
    mouth: int
    lids: int

    @classmethod
    def of(cls, smoothing: float, rate: Fraction) -> Reach:
        """The filters of a strength.

        Args:
            smoothing: 0 (none), 0.5 (default), 1 (strong).
            rate: pictures a second.
        """
        seconds = float(np.interp(smoothing, (0.0, 0.5, 1.0), (0.0, _MIDDLE_S, _FULL_S)))
        head, mouth = (round(seconds * part * float(rate)) for part in (1.0, _MOUTH))
        lids = _NARROWEST if smoothing >= _LIDS_FROM else 0
        return cls(*(half if half >= _NARROWEST else 0 for half in (head, mouth, lids)))


def smoothed(values: np.ndarray, segments: Sequence[tuple[int, int]], half: int) -> np.ndarray:
    """(n, k) values, each segment filtered by itself; with a half width of 0 they stay as they are.

    Args:
        segments: first and last index of each stretch that belongs together.
    """
    if half == 0:
        return values
    result = values.copy()
    for first, last in segments:
        part = values[first : last + 1]
        for place, low, weights in _windows(len(part), half):
            result[first + place] = weights @ part[low : low + len(weights)]
    return result


def window(place: int, first: int, last: int, half: int) -> tuple[int, np.ndarray]:
    """Where the filter's window at one place of a segment begins, and its weights."""
    low, high = max(first, place - half), min(last, place + half)
    return low, _weights(place - low, high - place)


def _windows(length: int, half: int) -> Iterator[tuple[int, int, np.ndarray]]:
    for place in range(length):
        low, weights = window(place, 0, length - 1, half)
        yield place, low, weights


_KNOWN: dict[tuple[int, int], np.ndarray] = {}


def _weights(left: int, right: int) -> np.ndarray:
    """Weights of a window with so many values before and behind; fewer than four values are averaged by a line."""
    if (left, right) not in _KNOWN:
        offsets = np.arange(-left, right + 1, dtype=np.float64)
        order = ORDER if len(offsets) > ORDER + 1 else (1 if len(offsets) > 2 else 0)
        if order == 0:
            _KNOWN[left, right] = (offsets == 0).astype(np.float64)
        else:
            _KNOWN[left, right] = np.linalg.pinv(np.vander(offsets, order + 1, increasing=True))[0]
    return _KNOWN[left, right]
