# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matrices that bring landmarks to where networks expect them.

The reference knows 222 landmarks: contour 0 to 32, nose to 47, brows to 73, eyes to 95 and 117, mouth to 181, pupils to
201 and 221.
"""

from __future__ import annotations

import cv2
import numpy as np

# Pupils, tip of the nose and corners of the mouth among the 222 landmarks, those at the image's left first, and where
# they lie in the square that expressions are read in, in parts of its side.
FIVE = (182, 202, 36, 149, 133)
FIVE_PLACES = np.array([(0.3843, 0.27), (0.62, 0.2668), (0.503, 0.4185), (0.406, 0.5273), (0.5977, 0.525)])


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The turn, scale and shift that take points (n, 2) nearest to others, without mirroring: (3, 3) float64.

    With points as complex numbers around their means this is one division (Umeyama's solution in the plane).

    Raises:
        ValueError: all points of the source are the same.
    """
    means = source.mean(axis=0), target.mean(axis=0)
    a, b = ((points - mean) @ np.array([1, 1j]) for points, mean in zip((source, target), means, strict=True))
    length = np.vdot(a, a).real
    if length == 0:
        raise ValueError("points in one place have neither size nor direction")
    turn = np.vdot(a, b) / length
    matrix = np.eye(3)
    matrix[:2, :2] = [[turn.real, -turn.imag], [turn.imag, turn.real]]
    matrix[:2, 2] = means[1] - matrix[:2, :2] @ means[0]
    return matrix


def transformed(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (..., 2) by a matrix whose first two rows are used: (2 or 3, 3)."""
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def upright_crop(points: np.ndarray, size_px: float, expansion: float, angle_deg: float = 0.0) -> np.ndarray:
    """(2, 3) float64: the box of points (n, 2) to the middle of a square, around which it leaves room.

    Args:
        size_px: side of the square.
        expansion: part of the side that the box leaves free, 0 to 1.
        angle_deg: turn, counterclockwise on the screen, before the box is taken.
    """
    angle = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = size_px / (high - low).max() * (1 - expansion)
    return np.column_stack([scale * turn, size_px / 2 - scale * (low + high) / 2])


def aligned_face(picture: np.ndarray, landmarks: np.ndarray, size_px: int) -> np.ndarray:
    """(size, size, channels): a face as the network of expressions reads it, cubic, black outside of the picture.

    Args:
        picture: (H, W, channels) uint8.
        landmarks: (222, 2) in px.
    """
    matrix = similarity(landmarks[list(FIVE)], FIVE_PLACES * size_px)
    return cv2.warpAffine(picture, matrix[:2], (size_px, size_px), flags=cv2.INTER_CUBIC)
