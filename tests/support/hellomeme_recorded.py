# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's recorded inputs in the form that our code takes them."""

from __future__ import annotations

import numpy as np
from conformance import Case

# Pixels of a latent, in both directions: pictures are stored with one pixel for each of these squares.
FACTOR = 8


def enlarged(values: np.ndarray) -> np.ndarray:
    """(..., h, w) to (..., 8 h, 8 w): every pixel eight times in both directions."""
    return values.repeat(FACTOR, -1).repeat(FACTOR, -2)


def grown(pictures: np.ndarray) -> np.ndarray:
    """(n, h, w, 3) to (n, 8 h, 8 w, 3)."""
    return pictures.repeat(FACTOR, 1).repeat(FACTOR, 2)


class Recorded:
    """Inputs of one group of a case: ``recorded["name"]``."""

    def __init__(self, case: Case, group: str) -> None:
        self.case, self.group = case, group

    def __getitem__(self, name: str) -> np.ndarray:
        return self.case.array(f"{self.group}/in/{name}")

    def frames(self, name: str) -> np.ndarray:
        """(b, c, f, h, w) of the case as (b, f, c, h, w)."""
        return self[name].swapaxes(1, 2)

    @property
    def conditions(self) -> np.ndarray:
        """(f, S, S, 3) float32 pictures of the head's pose, -1..1."""
        return np.ascontiguousarray(enlarged(self["condition_small"])[0].transpose(1, 2, 3, 0))
