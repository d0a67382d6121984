# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn on: in the source's proportions, of the area that the setting "size" says, with sides of 16 px each.

Pictures of other proportions lie on it letterboxed, so also the source itself, by some px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .preprocess.body import Body
from .preprocess.sizes import Place, letterboxed, place_of, size_of_area


@dataclass(frozen=True)
class DrawnCanvas:
    """Size of what is drawn, px."""

    height: int
    width: int

    @classmethod
    def of(cls, size: tuple[int, int], side_px: int) -> DrawnCanvas:
        """For pictures of ``size`` (width, height), with the area of a square of a side."""
        return cls(*size_of_area(*size, side_px * side_px))

    def place(self, size: tuple[int, int]) -> Place:
        """Where a picture of ``size`` (width, height) lies."""
        return place_of(*size, self.height, self.width)

    def letterboxed(self, picture: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8 of a (h, w, 3) uint8 picture: averaged where it gets smaller, black around."""
        place = self.place((picture.shape[1], picture.shape[0]))
        shrinks = place.width * place.height < picture.shape[0] * picture.shape[1]
        return letterboxed(picture, self.height, self.width, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """(height, width) uint8, 0 and 1, of a (h, w) mask of 0 and 1."""
        place = self.place((mask.shape[1], mask.shape[0]))
        small = cv2.resize(mask.astype(np.float32), (place.width, place.height), interpolation=cv2.INTER_AREA)
        whole = np.zeros((self.height, self.width), np.uint8)
        whole[place.rows, place.columns] = small > 0.5
        return whole

    def body(self, body: Body, size: tuple[int, int]) -> Body:
        """A body relative to a picture of ``size`` (width, height), relative to the canvas on which that lies."""
        return body.moved(*self._shift(size))

    def points(self, points: Sequence[tuple[float, float]], size: tuple[int, int]) -> np.ndarray:
        """(n, 2) of points relative to a picture of ``size`` (width, height), relative to the canvas."""
        scale, offset = self._shift(size)
        return np.array(points, np.float64).reshape(-1, 2) * scale + offset

    def taken(self, drawn: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """What was drawn where a picture of ``size`` (width, height) lies, at that size.

        Args:
            drawn: (height, width, c) or (height, width) float32.
        """
        place = self.place(size)
        part = np.ascontiguousarray(drawn[place.rows, place.columns])
        if (place.width, place.height) == size:
            return part
        shrinks = place.width * place.height > size[0] * size[1]
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)

    def _shift(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(2,) factor and (2,) offset from a picture of ``size`` (width, height), relative, to the canvas."""
        place = self.place(size)
        sides = np.array([self.width, self.height], np.float64)
        return np.array([place.width, place.height]) / sides, np.array([place.left, place.top]) / sides
