# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoothing without lag: least-squares parabolas around each picture, never across a cut or a loss.

Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures", 1964.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

# Half widths in seconds in the middle and at full strength; 0.11 s are three pictures, the filter 7/2, at 24 to 30 fps.
_MIDDLE_S, _FULL_S = 0.11, 0.27
ORDER = 2
# Lids close within two or three pictures. At the strengths at which their filter is used at all it is the narrowest
# that smooths, 5/2, which keeps a blink's depth.
_LIDS_FROM, _LIDS_HALF = 0.75, 2


def half_width(smoothing: float, rate: Fraction) -> int:
    """Pictures to each side that the filter of pose, mouth and brows sees.

    Args:
        smoothing: 0 (none), 0.5 (default), 1 (strong).
        rate: pictures a second.
    """
    if smoothing <= 0:
        return 0
    seconds = np.interp(smoothing, (0.0, 0.5, 1.0), (0.0, _MIDDLE_S, _FULL_S))
    return max(round(float(seconds) * float(rate)), 2)


def lid_half_width(smoothing: float) -> int:
    """Pictures to each side that the filter of the eyelids sees."""
    return _LIDS_HALF if smoothing >= _LIDS_FROM else 0


def smoothed(values: np.ndarray, segments: Sequence[tuple[int, int]], half: int) -> np.ndarray:
    """(n, k) values, each segment filtered by itself; with a half width below 2 they stay as they are.

    Args:
        segments: first and last index of each stretch that belongs together.
    """
    if half < 2:
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
