# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scene cuts from the content of pictures that are seen one after the other."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

_GRID = (16, 12)
_BINS = 16
# Mean difference of reduced pictures (0 to 1) that a cut reaches, and how much it exceeds the changes just before.
_LEAST, _TIMES = 0.07, 4.0
# A histogram tells a cut from a camera that pans over one scene: share of pixels with another brightness or hue.
_OTHER_COLOURS = 0.25
_REMEMBERED = 12
# A flash is over after so many pictures.
_FLASH = 4


class Changes:
    """Tells a cut when the first picture of another shot is shown."""

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._colours = np.zeros(0)
        self._usual: deque[float] = deque(maxlen=_REMEMBERED)
        self._old_shots: deque[tuple[np.ndarray, int]] = deque(maxlen=2)
        self._number = 0

    def is_cut(self, bgr: np.ndarray) -> bool:
        """Look at the next picture, (H, W, 3) uint8; whether it is the first of another shot."""
        small = cv2.resize(bgr, _GRID, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        colours = _histogram(bgr)
        self._number += 1
        before, self._before = self._before, small
        old_colours, self._colours = self._colours, colours
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        others = float(np.abs(colours - old_colours).sum()) / 2
        usual = float(np.median(self._usual)) if self._usual else 0.0
        if change < max(_LEAST, _TIMES * usual) or others < _OTHER_COLOURS:
            self._usual.append(change)
            return False
        if self._flash_ends(small):
            return False
        self._old_shots.append((before, self._number))
        return True

    def _flash_ends(self, small: np.ndarray) -> bool:
        """Whether the picture goes on with what was shown a moment ago."""
        return any(
            self._number - number <= _FLASH and float(np.abs(small - old).mean()) < _LEAST
            for old, number in self._old_shots
        )


def _histogram(bgr: np.ndarray) -> np.ndarray:
    """(3 * _BINS,) shares of the levels of a reduced picture, a third for each channel."""
    part = bgr[:: max(1, bgr.shape[0] // 90), :: max(1, bgr.shape[1] // 160)].reshape(-1, 3)
    counts = [np.bincount(part[:, channel] // (256 // _BINS), minlength=_BINS) for channel in range(3)]
    return np.concatenate(counts) / (3 * len(part))
