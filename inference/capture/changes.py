# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scene cuts from the content of pictures that are seen one after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

_GRID = (16, 12)
# Pixels of the longer side that are looked at, about.
_SAMPLES = 200
_LEVELS = 16
# Mean difference of reduced pictures (0 to 1) that a cut reaches, and how much it exceeds the changes just before.
_LEAST, _TIMES = 0.07, 4.0
# Half of the picture changes by this much at least, or something only passed before the camera.
_HALF = 0.03
# A camera that pans over one scene keeps its colors: part of the pixels that have another level, at least.
_OTHER_COLORS = 0.2
_REMEMBERED = 12
# After a flash the old shot goes on within so many pictures.
_FLASH = 4


@dataclass(frozen=True)
class Change:
    """What became of the picture before.

    Attributes:
        cut: another shot begins.
        undone: so many pictures ago a cut was told that was a flash; 0 for none.
    """

    cut: bool = False
    undone: int = 0


class Changes:
    """Tells cuts, picture by picture."""

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._colors = np.zeros(0)
        self._usual: deque[float] = deque(maxlen=_REMEMBERED)
        # The last picture before the last cut, and how many pictures ago the cut was.
        self._old_shot: np.ndarray | None = None
        self._since = 0

    def see(self, bgr: np.ndarray) -> Change:
        """Look at the next picture, (H, W, 3) uint8."""
        step = max(1, max(bgr.shape[:2]) // _SAMPLES)
        samples = np.ascontiguousarray(bgr[::step, ::step])
        small = cv2.resize(samples, _GRID, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        before, self._before = self._before, small
        colors = _histogram(samples)
        old_colors, self._colors = self._colors, colors
        self._since += 1
        if before is None:
            return Change()
        change = _difference(small, before)
        usual = float(np.median(self._usual)) if self._usual else 0.0
        others = float(np.abs(colors - old_colors).sum()) / 2
        half = float(np.median(np.abs(small - before)))
        if change < max(_LEAST, _TIMES * usual) or half < _HALF or others < _OTHER_COLORS:
            self._usual.append(change)
            return Change()
        if self._old_shot is not None and self._since <= _FLASH and _difference(small, self._old_shot) < _LEAST:
            self._old_shot = None
            return Change(undone=self._since)
        self._old_shot, self._since = before, 0
        return Change(cut=True)


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).mean())


def _histogram(bgr: np.ndarray) -> np.ndarray:
    """(3 * _LEVELS,) parts of the values on each level, all three channels together 1."""
    levels = bgr.reshape(-1, 3) // (256 // _LEVELS)
    counts = [np.bincount(levels[:, channel], minlength=_LEVELS) for channel in range(3)]
    return np.concatenate(counts) / levels.size
