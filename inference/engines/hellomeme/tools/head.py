# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A head's pose as a picture: a square in space that turns with the head, its four edges in four colors.

Angles turn about x, then y, then z (right, up, towards the camera). Translations are of a camera that looks along -z.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

FRAME_PX = 512
FOCAL_PX = 4828.598903609935
# Half a side of the square, and the unit of a translation's z.
_HALF = 0.05
_CORNERS = np.array([(-1, -1, 0), (-1, 1, 0), (1, 1, 0), (1, -1, 0)]) * _HALF
_WIDTH_PX = 15
# R, G, B of the edges, from each corner to the next.
_COLOURS = ((0, 255, 0), (0, 0, 255), (255, 0, 0), (255, 0, 255))


def full_translation(
    translation: np.ndarray, middle: Sequence[float] | np.ndarray, scale: float,
    full_middle: Sequence[float] | np.ndarray, focal_px: float = FOCAL_PX,
) -> np.ndarray:  # fmt: skip
    """The translation in the whole picture, of that which was found in an upright crop: (3,) float32.

    Args:
        translation: (3,), in the crop.
        middle: (x, y) of what was cut, in px of the picture.
        scale: px of the crop for each px of the picture.
        full_middle: (x, y) of the picture, in px.
    """
    x, y, z = (float(value) for value in translation)
    unit = 2 * focal_px / scale / z
    x -= 2 * (float(middle[0]) - float(full_middle[0])) / unit
    y += 2 * (float(middle[1]) - float(full_middle[1])) / unit
    return np.array([x, y, z * scale], np.float32)


def moved(reference: np.ndarray, translations: np.ndarray, ratio: float) -> np.ndarray:
    """(n, 3): where the portrait's head is when it moves as the driving head does.

    Args:
        reference: (3,) translation of the portrait's head.
        translations: (n, 3) of the driving head; the portrait begins at its own place.
        ratio: 0 for a head that stays where it is, to 1.
    """
    return reference + (translations - translations[0]) * ratio


def head_square(angles: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """The corners (4, 2) of a head's square, in px of a picture of 512 px.

    Args:
        angles: (3,) in rad.
        translation: (3,), as of ``full_translation``.
    """
    corners = _CORNERS @ _rotation(angles).T + translation * [1, 1, _HALF]
    flat = corners[:, :2] / -corners[:, 2:] * (FOCAL_PX * _HALF) + FRAME_PX / 2
    return np.column_stack([flat[:, 0], FRAME_PX - flat[:, 1]])


def head_pictures(angles: np.ndarray, translations: np.ndarray, size_px: int = FRAME_PX) -> np.ndarray:
    """(n, size, size, 3) uint8 RGB pictures of heads: edges on black.

    Args:
        angles, translations: (n, 3); see :func:`head_square`.
        size_px: side; other sizes than 512 show the same, smaller or larger.
    """
    pictures = np.zeros((len(angles), size_px, size_px, 3), np.uint8)
    for picture, *pose in zip(pictures, angles, translations, strict=True):
        drawn = _edges(head_square(*pose))
        picture[:] = (
            drawn if size_px == FRAME_PX else cv2.resize(drawn, (size_px, size_px), interpolation=cv2.INTER_AREA)
        )
    return pictures


def _edges(corners: np.ndarray) -> np.ndarray:
    picture = np.zeros((FRAME_PX, FRAME_PX, 3), np.uint8)
    points = corners.astype(np.int32).tolist()
    for start, end, colour in zip(points, points[1:] + points[:1], _COLOURS, strict=True):
        cv2.line(picture, start, end, colour, _WIDTH_PX)
    return picture


def _rotation(angles: np.ndarray) -> np.ndarray:
    """(3, 3) of column vectors."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x
