# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square around a face that the networks see, from landmarks of any of the usual counts.

LivePortrait's rule: two reference points, the middle of the eyes and that of the lips, say how the face stands; the
smallest upright square in that direction around all landmarks is enlarged and shifted. Coordinates are px of the
picture, pixel centres at whole coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

CROP_PX = 512
NETWORK_PX = 256
LANDMARK_PX = 224

SOURCE_SCALE, SOURCE_SHIFT_Y = 2.3, -0.125
DRIVING_SCALE, DRIVING_SHIFT_Y = 2.2, -0.1
LANDMARK_SCALE, LANDMARK_SHIFT_Y = 1.5, -0.1

# Landmarks whose means are the two eyes (the one at the image's left first) and the lips, by count of landmarks.
_REFERENCE = {
    203: ((0, 6, 12, 18), (24, 30, 36, 42), (48, 66)),
    106: ((33, 35, 40, 39), (87, 89, 94, 93), (52, 61)),
    101: ((39, 42, 45, 48), (51, 54, 57, 60), (75, 81)),
    68: ((36, 39), (42, 45), (48, 54)),
    9: ((0, 1), (2, 3), (5, 6)),
    5: ((0,), (1,), (3, 4)),
    478: ((468,), (473,), (14,)),
}
_COINCIDENT_PX = 1e-3


@dataclass(frozen=True)
class Square:
    """A square of a picture that turns with the face.

    Attributes:
        centre: (x, y) in px.
        side: in px.
        angle: radians from the picture's x axis to the square's, clockwise as seen (y is down).
    """

    centre: tuple[float, float]
    side: float
    angle: float

    def upright(self) -> Square:
        """The same place and size without rotation."""
        return replace(self, angle=0.0)

    def box(self) -> np.ndarray:
        """(4,) left, top, right, bottom of the upright square."""
        (x, y), half = self.centre, self.side / 2
        return np.array([x - half, y - half, x + half, y + half])

    def to_crop(self, size_px: int = CROP_PX) -> np.ndarray:
        """(2, 3) affine matrix from the picture to a crop of so many pixels."""
        scale, (x, y) = size_px / self.side, self.centre
        along, across = scale * math.cos(self.angle), scale * math.sin(self.angle)
        half = size_px / 2
        return np.array(
            [[along, across, half - (along * x + across * y)], [-across, along, half - (-across * x + along * y)]]
        )  # fmt: skip

    def to_picture(self, size_px: int = CROP_PX) -> np.ndarray:
        """(3, 3) affine matrix from such a crop to the picture."""
        return np.linalg.inv(np.vstack([self.to_crop(size_px), [0.0, 0.0, 1.0]]))


def face_square(
    landmarks: np.ndarray,
    scale: float = SOURCE_SCALE,
    shift_x: float = 0.0,
    shift_y: float = SOURCE_SHIFT_Y,
    by_lips: bool = True,
) -> Square:
    """The square around a face.

    Args:
        landmarks: (n, 2) in px; 5, 9, 68, 101, 106, 203 or 478 of them. Of another count above 101 the first 101 count.
        scale: side, in sides of the smallest square around the landmarks.
        shift_x, shift_y: added to the centre along the square's axes, in sides. LivePortrait leaves ``shift_x`` out.
        by_lips: the face stands as the line from eyes to lips does; otherwise across the line of the eyes.

    Raises:
        ValueError: there is no rule for so many landmarks.
    """
    points = np.asarray(landmarks, np.float64)[:, :2]
    down = _down(points, by_lips)
    right = np.array([down[1], -down[0]])
    axes = np.stack([right, down])
    middle = points.mean(axis=0)
    turned = (points - middle) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    side = float((high - low).max()) * scale
    centre = middle + ((low + high) / 2 + side * np.array([shift_x, shift_y])) @ axes
    return Square((float(centre[0]), float(centre[1])), max(side, _COINCIDENT_PX), math.atan2(right[1], right[0]))


def driving_square(landmarks: np.ndarray) -> Square:
    """The square that LivePortrait cuts from a driving picture, around (n, 2) landmarks in px, not rotated."""
    return face_square(landmarks, DRIVING_SCALE, 0.0, DRIVING_SHIFT_Y).upright()


def landmark_crop(landmarks: np.ndarray) -> np.ndarray:
    """(2, 3) matrix from the picture to the 224 px in which the network of 203 landmarks looks for them."""
    return face_square(landmarks, LANDMARK_SCALE, 0.0, LANDMARK_SHIFT_Y).to_crop(LANDMARK_PX)


def driving_box(squares: Sequence[Square]) -> np.ndarray:
    """(4,) left, top, right, bottom: the mean of the upright boxes of all pictures of a driving clip."""
    return np.mean([square.box() for square in squares], axis=0)


def box_square(box: np.ndarray) -> Square:
    """The upright square of a box, as wide as it."""
    left, top, right, bottom = np.asarray(box, np.float64).tolist()
    return Square(((left + right) / 2, (top + bottom) / 2), right - left, 0.0)


def cut_square(picture: np.ndarray, square: Square, size_px: int = CROP_PX) -> np.ndarray:
    """(size_px, size_px, channels) the square's pixels, black where it leaves the picture.

    A square with at least twice the pixels of the crop is averaged down first, so that fine detail does not flicker.
    The reference samples single pixels (``sample_square``).
    """
    factor = int(square.side / size_px)
    if factor < 2:
        return sample_square(picture, square, size_px)
    left, top, right, bottom = _around(square, picture.shape)
    if right - left < factor or bottom - top < factor:
        return np.zeros((size_px, size_px, *picture.shape[2:]), picture.dtype)
    right, bottom = right - (right - left) % factor, bottom - (bottom - top) % factor
    small = cv2.resize(
        picture[top:bottom, left:right], None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA
    )  # fmt: skip
    # Pixel i of the averaged picture is the mean of pixels left + i * factor on.
    x, y = ((c - at - (factor - 1) / 2) / factor for c, at in zip(square.centre, (left, top), strict=True))
    return sample_square(small, Square((x, y), square.side / factor, square.angle), size_px)


def sample_square(picture: np.ndarray, square: Square, size_px: int = CROP_PX) -> np.ndarray:
    """The square's pixels by bilinear interpolation alone, black outside the picture, as the reference cuts it."""
    return warp_affine(picture, square.to_crop(size_px), (size_px, size_px))


def warp_affine(
    picture: np.ndarray, matrix: np.ndarray, size: tuple[int, int], interpolation: int = cv2.INTER_LINEAR
) -> np.ndarray:
    """A picture under an affine matrix (2 or 3, 3), black where it has no pixels; ``size`` is (width, height)."""
    return cv2.warpAffine(
        picture, np.asarray(matrix[:2], np.float32), size, flags=interpolation, borderMode=cv2.BORDER_CONSTANT
    )  # fmt: skip


def for_network(crop: np.ndarray) -> np.ndarray:
    """(256, 256, 3) of a larger square crop, averaged by area."""
    return cv2.resize(crop, (NETWORK_PX, NETWORK_PX), interpolation=cv2.INTER_AREA)


def limited_size(width: int, height: int, longest: int, division: int) -> tuple[int, int]:
    """(width, height) of LivePortrait's source picture: not longer than ``longest``, cut to multiples of ``division``.

    Args:
        longest: px; 0 for no limit.
    """
    most = max(width, height)
    if 0 < longest < most:
        width, height = (longest if side == most else int(side * (longest / most)) for side in (width, height))
    return width - width % division, height - height % division


def resize_to_limit(picture: np.ndarray, longest: int = 1280, division: int = 2) -> np.ndarray:
    """LivePortrait's source picture: reduced to ``longest`` px, then cut at the right and the bottom."""
    height, width = picture.shape[:2]
    if max(width, height) > longest > 0:
        picture = cv2.resize(picture, limited_size(width, height, longest, 1))
    width, height = limited_size(picture.shape[1], picture.shape[0], 0, division)
    return picture[:height, :width]


def _down(points: np.ndarray, by_lips: bool) -> np.ndarray:
    """(2,) unit vector that points from forehead to chin."""
    left, right, lips = _reference_points(points)
    if by_lips:
        down = lips - (left + right) / 2
    else:
        along = right - left
        down = np.array([-along[1], along[0]])
    length = float(np.linalg.norm(down))
    return np.array([0.0, 1.0]) if length <= _COINCIDENT_PX else down / length


def _reference_points(points: np.ndarray) -> np.ndarray:
    """(3, 2) eye at the image's left, eye at its right, lips."""
    count = len(points)
    rule = _REFERENCE.get(count) or (_REFERENCE[101] if count > 101 else None)
    if rule is None:
        raise ValueError(f"no rule for {count} landmarks")
    return np.stack([points[list(indices)].mean(axis=0) for indices in rule])


def _around(square: Square, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in whole px of what the turned square covers of a picture."""
    corners = square.to_picture(1) @ np.array([[0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1]])
    low, high = corners[:2].min(axis=1) - 2, corners[:2].max(axis=1) + 2
    left, top = (max(math.floor(value), 0) for value in low)
    right, bottom = min(math.ceil(high[0]), shape[1]), min(math.ceil(high[1]), shape[0])
    return left, top, right, bottom
