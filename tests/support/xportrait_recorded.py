# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of X-Portrait's recorded case."""

from __future__ import annotations

import numpy as np
from conformance import Case

# Pixels of a hint for each that is stored, and of a driving picture.
_HINT_REPEATS = 8
_PICTURE_PX = 512


class Recorded:
    """The case, with its small pictures as the networks get them."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def hint(self, name: str) -> np.ndarray:
        """(n, 3, S, S) float32, -1..1, of an array that ends in ``_small``."""
        small = self.case.array(name)
        return np.repeat(np.repeat(small, _HINT_REPEATS, axis=2), _HINT_REPEATS, axis=3)

    def pictures(self, name: str) -> np.ndarray:
        """(n, 512, 512, 3) uint8; the first pixel of frame i is i + 1."""
        small = self.case.array(name)
        repeats = _PICTURE_PX // small.shape[1]
        frames = np.repeat(np.repeat(small, repeats, axis=1), repeats, axis=2)
        frames[:, 0, 0] = np.arange(1, len(frames) + 1)[:, None]
        return frames
