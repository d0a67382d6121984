# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of drawn pictures, and pictures put into them without changing their proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

DIVISOR = 16


def size_of_area(width: int, height: int, area: int, divisor: int = DIVISOR) -> tuple[int, int]:
    """(height, width) in px with about an area, in the proportions of a picture.

    Both are lowered to multiples of ``divisor``, each by itself, and are at least that.

    Args:
        width, height: of the picture, px.
        area: px.
    """
    proportions = width / height
    ideal_height = math.sqrt(area / proportions)
    ideal_width = area / ideal_height
    return max(int(ideal_height // divisor), 1) * divisor, max(int(ideal_width // divisor), 1) * divisor


@dataclass(frozen=True)
class Place:
    """Where a letterboxed picture lies on its canvas, px."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Those of the canvas."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Those of the canvas."""
        return slice(self.left, self.left + self.width)


def place_of(width: int, height: int, canvas_height: int, canvas_width: int) -> Place:
    """Where a picture lies that is scaled to fill a canvas in one direction and is centred in the other."""
    if height / width > canvas_height / canvas_width:
        inner = max(int(canvas_height / height * width), 1)
        return Place((canvas_width - inner) // 2, 0, inner, canvas_height)
    inner = max(int(canvas_width / width * height), 1)
    return Place(0, (canvas_height - inner) // 2, canvas_width, inner)


def letterboxed(picture: np.ndarray, height: int, width: int, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """A picture on a black canvas.

    Args:
        picture: (h, w, 3) uint8.
        height, width: of the canvas, px.
        interpolation: one of OpenCV's.

    Returns:
        (height, width, 3) uint8.
    """
    place = place_of(picture.shape[1], picture.shape[0], height, width)
    canvas = np.zeros((height, width, picture.shape[2]), np.uint8)
    canvas[place.rows, place.columns] = cv2.resize(picture, (place.width, place.height), interpolation=interpolation)
    return canvas


def of_area(picture: np.ndarray, area: int, divisor: int = DIVISOR) -> np.ndarray:
    """A picture letterboxed to the size of ``size_of_area``, by averaging where it gets smaller.

    Args:
        picture: (h, w, 3) uint8.
        area: px.
    """
    before = picture.shape[1] * picture.shape[0]
    height, width = size_of_area(picture.shape[1], picture.shape[0], area, divisor)
    return letterboxed(picture, height, width, cv2.INTER_AREA if height * width < before else cv2.INTER_LINEAR)
