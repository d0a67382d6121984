# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HelloMeme's networks read in a picture of a face: its expression, and how the head stands.

The reference finds 222 landmarks by a network of its own; here the same places are picked from MediaPipe's mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .tools import FIVE_PLACES, FRAME_PX, full_translation, similarity, upright_crop

if TYPE_CHECKING:
    from .head_pose import HeadPoses

# What a row of numbers holds: the parts of an expression, rotation (rad), translation as in the network's crop, and
# where the face is: middle (x, y) and size, in sizes of the same face at rest, from its middle.
EYES, BROWS, MOUTH = slice(0, 6), slice(6, 36), slice(36, 548)
EMOTION, ANGLES, TRANSLATION, MIDDLE = slice(0, 548), slice(548, 551), slice(551, 554), slice(554, 556)
SIZE = 556
WIDTH = 557

# Jaw and brows among MediaPipe's 478: how far the 222 landmarks reach.
OUTLINE = np.array([
    127, 234, 132, 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, 361, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
])  # fmt: skip
# Pupils (the one at the image's left first), tip of the nose, corners of the mouth: the reference's five points. The
# tip lies between two landmarks.
_FIVE = ((468,), (473,), (1, 4), (61,), (291,))
_EMOTION_PX = 224
_HEAD_PX = 224
# What of the head's crop is left around the face.
_EXPANSION = 0.35


@dataclass(frozen=True)
class FacePlace:
    """Where a face is in a picture.

    Attributes:
        middle: (x, y) in px.
        size_px: width or height, the larger one.
    """

    middle: tuple[float, float]
    size_px: float

    @classmethod
    def of(cls, landmarks: np.ndarray) -> FacePlace:
        """The place of (478, 2 or 3) landmarks in px."""
        low, high = _box(landmarks)
        middle = (low + high) / 2
        return cls((float(middle[0]), float(middle[1])), max(float((high - low).max()), 1.0))

    @classmethod
    def mean(cls, places: Sequence[FacePlace]) -> FacePlace:
        """The mean of some places, for all pictures of a shot."""
        x, y = np.mean([place.middle for place in places], axis=0).tolist()
        return cls((x, y), float(np.mean([place.size_px for place in places])))

    def scaled(self, factor: float) -> FacePlace:
        """The same in a picture that is so many times as large."""
        x, y = ((value + 0.5) * factor - 0.5 for value in self.middle)
        return FacePlace((x, y), self.size_px * factor)


@dataclass(frozen=True, eq=False)
class FacePicture:
    """A picture to be read.

    Attributes:
        bgr: (H, W, 3) uint8.
        landmarks: (478, 2) in px of it.
        rest: where the face is at rest.
    """

    bgr: np.ndarray
    landmarks: np.ndarray
    rest: FacePlace


class Readings:
    """The networks that read.

    Args:
        emotions: (n, 548) float32 of (n, 224, 224, 3) uint8 RGB aligned faces.
        heads: the network of head poses.
    """

    def __init__(self, emotions: Callable[[np.ndarray], np.ndarray], heads: HeadPoses) -> None:
        self._emotions = emotions
        self._heads = heads

    def of(self, pictures: Sequence[FacePicture]) -> np.ndarray:
        """(n, WIDTH) float64 of n pictures."""
        rows = np.empty((len(pictures), WIDTH))
        rows[:, EMOTION] = self._emotions(np.stack([emotion_crop(one.bgr, one.landmarks) for one in pictures]))
        angles, translations = self._heads.of(np.stack([head_crop(one.bgr, one.landmarks) for one in pictures]))
        rows[:, ANGLES], rows[:, TRANSLATION] = angles, translations
        for row, one in zip(rows, pictures, strict=True):
            place = FacePlace.of(one.landmarks)
            row[MIDDLE] = (np.array(place.middle) - one.rest.middle) / one.rest.size_px
            row[SIZE] = place.size_px / one.rest.size_px
        return rows


def head_translation(row: np.ndarray, rest: FacePlace) -> np.ndarray:
    """(3,) translation of a head in the frame of 512 px.

    Args:
        row: (WIDTH,) what was read.
        rest: where in the frame the face is at rest.
    """
    middle = np.array(rest.middle) + row[MIDDLE] * rest.size_px
    scale = _HEAD_PX * (1 - _EXPANSION) / (row[SIZE] * rest.size_px)
    return full_translation(row[TRANSLATION], middle, scale, np.full(2, FRAME_PX / 2))


def emotion_crop(bgr: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8 RGB of a face, aligned by pupils, nose and mouth, cubic."""
    points = np.stack([np.asarray(landmarks, np.float64)[list(of), :2].mean(axis=0) for of in _FIVE])
    matrix = similarity(points, FIVE_PLACES * _EMOTION_PX)[:2]
    return _cut(bgr, matrix, _EMOTION_PX, cv2.INTER_CUBIC)


def head_crop(bgr: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(224, 224, 3) uint8 RGB of a face in an upright square, bilinear."""
    points = np.asarray(landmarks, np.float64)[OUTLINE, :2]
    return _cut(bgr, upright_crop(points, _HEAD_PX, _EXPANSION), _HEAD_PX, cv2.INTER_LINEAR)


def _box(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = np.asarray(landmarks, np.float64)[OUTLINE, :2]
    return points.min(axis=0), points.max(axis=0)


def _cut(bgr: np.ndarray, matrix: np.ndarray, size_px: int, interpolation: int) -> np.ndarray:
    """A square crop, averaged first where it has less than half of the picture's pixels."""
    factor = 1 / float(np.hypot(matrix[0, 0], matrix[0, 1]))
    if factor >= 2:
        whole = int(factor)
        height, width = (side - side % whole for side in bgr.shape[:2])
        bgr = cv2.resize(bgr[:height, :width], (width // whole, height // whole), interpolation=cv2.INTER_AREA)
        # Pixel i of the averaged picture is the mean of pixels i * whole on.
        middle = (whole - 1) / 2
        matrix = matrix @ np.array([[whole, 0, middle], [0, whole, middle], [0, 0, 1]])
    cut = cv2.warpAffine(bgr, matrix, (size_px, size_px), flags=interpolation)
    return np.ascontiguousarray(cut[..., ::-1])
