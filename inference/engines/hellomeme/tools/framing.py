# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square that the reference cuts from all frames of a film: one place for all of them."""

from __future__ import annotations

import cv2
import numpy as np

_FACE_SIZES = 3.0
_LIFT = 0.115  # parts of the square's side, upwards


def film_box(landmarks: np.ndarray, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """The square around the faces of a film, inside of the picture: left, top, right and bottom in px.

    Args:
        landmarks: (n, 222, 2) in px.
        width_px, height_px: of the picture.
    """
    size = np.array([width_px, height_px])
    lows, highs = landmarks.min(axis=1), landmarks.max(axis=1)
    side = min((highs - lows).mean(axis=0).max() * _FACE_SIZES, size.min() - 1)
    middle = (lows.min(axis=0) + highs.max(axis=0)) / 2 - [0, _LIFT * side]
    low, high = middle - side / 2, middle + side / 2
    outside = np.minimum(low, 0)
    low, high = low - outside, high - outside
    outside = np.where(high >= size, high - size + 1, 0)
    low, high = low - outside, high - outside
    half = np.floor(high - low).min() / 2
    (left, top), (right, bottom) = ((low + high) / 2 - half).astype(int), ((low + high) / 2 + half).astype(int)
    return int(left), int(top), int(right), int(bottom)


def resized(
    picture: np.ndarray, landmarks: np.ndarray, size_px: int, box: tuple[int, int, int, int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A picture's box, or all of it, as a square, cubic, and where landmarks are then.

    Args:
        picture: (H, W, 3) uint8.
        landmarks: (k, 2) in px.
        box: left, top, right and bottom in px; None for the whole picture, which is squeezed.
    """
    left, top, right, bottom = box or (0, 0, picture.shape[1], picture.shape[0])
    square = cv2.resize(picture[top:bottom, left:right], (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return square, (landmarks - [left, top]) * [size_px / (right - left), size_px / (bottom - top)]
