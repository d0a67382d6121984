# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of an actor cut out, which Wan-Animate takes the expression from."""

from __future__ import annotations

import cv2
import numpy as np

SCALE = 1.3
"""The box has so many times the area of the face points' one."""

_LEAST_PX = 8


def face_box(face: np.ndarray, height: int, width: int, scale: float = SCALE) -> tuple[int, int, int, int]:
    """(left, right, top, bottom) in px of the box around a face: wider, and higher above all at the forehead.

    Args:
        face: (69, 2 or 3) as in ``Body.face``: relative x, y.
        height, width: of the picture, px. The box ends at its sides.
        scale: area of the box before that, in areas of the points' box.
    """
    points = face[1:, :2] * (width, height)
    low, high = points.min(axis=0), points.max(axis=0)
    wide, tall = high - low
    # The area grows by the scale, the proportions stay: each side by its root.
    grown = np.sqrt(scale) - 1
    left, right = max(low[0] - wide * grown / 2, 0), min(high[0] + wide * grown / 2, width)
    top, bottom = max(low[1] - 3 * tall * grown / 4, 0), min(high[1] + tall * grown / 4, height)
    return int(left), int(right), int(top), int(bottom)


def face_crop(picture: np.ndarray, face: np.ndarray, size_px: int) -> np.ndarray:
    """The face of a picture, stretched to a square.

    A box of which hardly anything lies in the picture, as of an actor who has left it, is moved in as far as needed.

    Args:
        picture: (H, W, 3) uint8.
        face: as for ``face_box``.

    Returns:
        (size_px, size_px, 3) uint8.
    """
    height, width = picture.shape[:2]
    left, right, top, bottom = face_box(face, height, width)
    left, right = _at_least(left, right, width)
    top, bottom = _at_least(top, bottom, height)
    return cv2.resize(picture[top:bottom, left:right], (size_px, size_px))


def _at_least(start: int, end: int, limit: int) -> tuple[int, int]:
    """A range of some px inside 0 to ``limit``."""
    if end - start >= _LEAST_PX:
        return start, end
    least = min(_LEAST_PX, limit)
    start = min(max((start + end - least) // 2, 0), limit - least)
    return start, start + least
