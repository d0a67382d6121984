# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a field of displacement may go before what is seen folds: skin that is squeezed gives way, then holds.

A map folds where it shortens a length to nothing. The stretch along the direction that is shortened most is the lesser
eigenvalue of the symmetric part of the displacement's gradient: a map whose least stretch stays above -1 everywhere
keeps every point apart from every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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


# Heights in face coordinates between which the mouth's part of the face begins; nothing moves much there.
LOWER_FACE = (0.0, 0.16)


@dataclass(frozen=True)
class Shares:
    """The shares of an actor's motion that mouth and brows take part in, 0 to 1."""

    mouth: float
    brows: float

    def at(self, height: np.ndarray) -> np.ndarray:
        """The share at heights in face coordinates."""
        return self.brows + (self.mouth - self.brows) * smoothstep(*LOWER_FACE, height)

    def least(self, other: Shares) -> Shares:
        """The smaller share of each."""
        return Shares(min(self.mouth, other.mouth), min(self.brows, other.brows))


FULL = Shares(1.0, 1.0)


@dataclass(frozen=True)
class Skin:
    """Skin that sliders have displaced, before an actor's motion is added.

    Attributes:
        still: (gh, gw, 2) forward displacement in px.
        step: px from cell to cell.
        shown: (gh, gw) bool, where a fold would be seen.
        held: (gh, gw) 0 to 1, where motion must stay as it is.
        height: (gh, gw) in face coordinates.
    """

    still: np.ndarray
    step: int
    shown: np.ndarray
    held: np.ndarray
    height: np.ndarray

    def eased(self, motion: np.ndarray) -> np.ndarray:
        """Motion (gh, gw, 2) in px, smoother where it squeezes skin too much."""
        for _ in range(EASINGS):
            used = self._squeezing(motion)
            if used.max() <= EASE[0]:
                break
            weight = smoothstep(*EASE, used)
            around = cv2.GaussianBlur(cv2.dilate(weight, np.ones((3, 3), np.uint8)), (0, 0), EASE_CELLS)
            around *= 1 - self.held
            motion = motion + around[..., None] * (cv2.GaussianBlur(motion, (0, 0), EASE_CELLS) - motion)
        return motion

    def shares(self, motion: np.ndarray) -> Shares:
        """The shares of a motion (gh, gw, 2) in px that can be added without folding.

        They approach the bound softly, so that a growing motion slows down instead of stopping.
        """
        used, brows = self._squeezing(motion), self.height < sum(LOWER_FACE) / 2
        mouth, above = float(used[~brows].max(initial=0)), float(used[brows].max(initial=0))
        return Shares(_soft_share(mouth), _soft_share(above))

    def _squeezing(self, motion: np.ndarray) -> np.ndarray:
        """(gh, gw) float32 shortening by a motion where it is seen, in parts of what is allowed; at least 0."""
        return np.maximum(_least_stretch(motion, self.step) * self._per_room, 0)

    @cached_property
    def _per_room(self) -> np.ndarray:
        """(gh, gw) float32 what a stretch is multiplied with to become a part of what is allowed, 0 where unseen."""
        room = np.maximum(1 - LEAST_LENGTH + np.minimum(_least_stretch(self.still, self.step), 0), LEAST_ROOM)
        return np.where(self.shown, -1 / room, 0).astype(np.float32)


def _soft_share(used: float) -> float:
    return float((1 + used**SOFT_LIMIT) ** (-1 / SOFT_LIMIT))


def _least_stretch(displacement: np.ndarray, step: int) -> np.ndarray:
    """(gh, gw) relative change of length from each cell to the next, along the direction in which it is least."""
    x, y = cv2.split(displacement)
    per_cell = np.float32(1 / step)
    # Differences to the next cell; the last row and column count as constant.
    across_x, across_y = (cv2.filter2D(v, -1, _ACROSS, borderType=cv2.BORDER_REPLICATE) * per_cell for v in (x, y))
    down_x, down_y = (cv2.filter2D(v, -1, _DOWN, borderType=cv2.BORDER_REPLICATE) * per_cell for v in (x, y))
    return (across_x + down_y) / 2 - cv2.magnitude((across_x - down_y) / 2, (across_y + down_x) / 2)


_ACROSS = np.array([[0, -1, 1]], np.float32)
_DOWN = _ACROSS.T
