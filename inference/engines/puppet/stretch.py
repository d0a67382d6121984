# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a field of displacement may go before what is seen folds: skin that is squeezed gives way, then holds.

A map folds where it shortens a length to nothing. The stretch along the direction that is shortened most is the lesser
eigenvalue of the symmetric part of the displacement's gradient: a map whose least stretch stays above -1 everywhere
keeps every point apart from every other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .frame import smoothstep

# Skin keeps this part of its length under an actor's motion; where sliders have shortened it already, motion may take
# this much more.
LEAST_LENGTH, LEAST_ROOM = 0.12, 0.3
# Up to which power the limit is felt before it is reached: half way by less than 0.1 percent, at the limit by 8.
SOFT_LIMIT = 8
# Squeezing, in parts of what is allowed, from which neighbouring skin gives way, and does fully; how often it is let,
# and how many cells away.
EASE = (0.55, 0.95)
EASINGS, EASE_CELLS = 8, 2.0


@dataclass(frozen=True)
class Skin:
    """Skin that sliders have displaced, before an actor's motion is added.

    Attributes:
        still: (gh, gw, 2) forward displacement in px.
        step: px from cell to cell.
        shown: (gh, gw) bool, where a fold would be seen.
        held: (gh, gw) 0 to 1, where motion must stay as it is.
    """

    still: np.ndarray
    step: int
    shown: np.ndarray
    held: np.ndarray

    def eased(self, motion: np.ndarray) -> np.ndarray:
        """Motion (gh, gw, 2) in px, smoother where it squeezes skin too much."""
        for _ in range(EASINGS):
            weight = smoothstep(*EASE, self._squeezing(motion)).astype(np.float32)
            if not weight.any():
                break
            weight = np.pad(weight, ((0, 1), (0, 1)), mode="edge")
            around = cv2.GaussianBlur(cv2.dilate(weight, np.ones((3, 3), np.uint8)), (0, 0), EASE_CELLS)
            around *= 1 - self.held
            motion = motion + around[..., None] * (cv2.GaussianBlur(motion, (0, 0), EASE_CELLS) - motion)
        return motion

    def share(self, motion: np.ndarray) -> float:
        """The share of a motion (gh, gw, 2) in px that can be added without folding, up to 1.

        Shares approach the bound softly, so that a growing motion slows down instead of stopping.
        """
        used = float(self._squeezing(motion).max())
        return float((1 + used**SOFT_LIMIT) ** (-1 / SOFT_LIMIT))

    def _squeezing(self, motion: np.ndarray) -> np.ndarray:
        """(gh - 1, gw - 1) shortening by a motion where it is seen, in parts of what is allowed; at least 0."""
        room = np.maximum(1 - LEAST_LENGTH + np.minimum(_least_stretch(self.still, self.step), 0), LEAST_ROOM)
        return np.maximum(np.where(self.shown[:-1, :-1], -_least_stretch(motion, self.step) / room, 0), 0)


def _least_stretch(displacement: np.ndarray, step: int) -> np.ndarray:
    """(gh - 1, gw - 1) relative change of length, along the direction in which it is least."""
    across = (displacement[:-1, 1:] - displacement[:-1, :-1]) / step
    down = (displacement[1:, :-1] - displacement[:-1, :-1]) / step
    mean, half = (across[..., 0] + down[..., 1]) / 2, (across[..., 0] - down[..., 1]) / 2
    return mean - np.hypot(half, (across[..., 1] + down[..., 0]) / 2)
