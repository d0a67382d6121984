# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AdvancedLivePortrait's ``ExpressionEditor``, as the reference program computes it.

The engine's sliders are in ``sliders``; this is what recorded numbers are compared with. The node differs from
LivePortrait: it rotates the expression with the head and keeps the shift's depth, so that its sliders at rest do not
leave the key points where they are. Its square is upright, of whole pixels, and pasted by shift and scale alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from ...workflow import keypoints
from .crop import CROP_PX, NETWORK_PX, warp_affine
from .keypoints import NECK_ROW, POINTS, Motion, place
from .paste import mask_template
from .rotations import rotation_matrix
from .sliders import SAMPLE_EYE_ROWS, SAMPLE_MOUTH_ROWS, own_expression

# A face that is narrower is none.
_NARROWEST_PX = 30
_ROWS_OF_PART: Mapping[str, tuple[int, ...]] = {
    "OnlyExpression": tuple(range(POINTS)),
    "OnlyRotation": (),
    "OnlyMouth": SAMPLE_MOUTH_ROWS,
    "OnlyEyes": SAMPLE_EYE_ROWS,
    "All": tuple(range(POINTS)),
}
PARTS = tuple(_ROWS_OF_PART)
_TURNING_PARTS = ("OnlyRotation", "All")


@dataclass(frozen=True, eq=False)
class Expression:
    """What an editor adds to the source.

    Attributes:
        exp: (21, 3) offsets of the key points.
        angles_deg: (3,) pitch, yaw, roll.
        growth: added to the scale.
        shift: (3,).
    """

    exp: np.ndarray = field(default_factory=lambda: np.zeros((POINTS, 3)))
    angles_deg: np.ndarray = field(default_factory=lambda: np.zeros(3))
    growth: float = 0.0
    shift: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def mixed(self, other: Expression, part: float) -> Expression:
        """On the way to another expression: this one at 0, the other one at 1."""
        return Expression(
            self.exp + part * (other.exp - self.exp),
            self.angles_deg + part * (other.angles_deg - self.angles_deg),
            self.growth + part * (other.growth - self.growth),
            self.shift + part * (other.shift - self.shift),
        )


def expression_of(
    sliders: Mapping[str, float], sample: Motion | None = None, parts: str = "OnlyExpression", ratio: float = 1.0
) -> Expression:
    """What positions of the sliders add.

    Args:
        sliders: in the node's units; what is missing is 0.
        sample: of the sample picture; None without one.
        parts: what of it is added, one of ``PARTS``.
        ratio: how much of it is added.
    """
    exp, angles = keypoints.offsets(sliders), keypoints.rotation(sliders)
    if sample is not None:
        rows = list(_ROWS_OF_PART[parts])
        exp[rows] += ratio * own_expression(sample)[rows]
        if parts in _TURNING_PARTS:
            angles = angles + ratio * np.array([sample.pitch, sample.yaw, sample.roll])
    return Expression(exp, angles)


def placed(motion: Motion, exp: np.ndarray, angles_deg: np.ndarray, scale: float, t: np.ndarray) -> np.ndarray:
    """(21, 3) key points scale * (kp + exp) @ R + t: unlike LivePortrait's, with the expression rotated."""
    rotation = rotation_matrix(*(np.array([motion.pitch, motion.yaw, motion.roll]) + angles_deg))
    return place(motion.kp + exp, rotation, np.zeros((POINTS, 3)), scale, t, depth=True)


def key_points(motion: Motion, expression: Expression, source_ratio: float = 1.0) -> np.ndarray:
    """(21, 3) the source's key points for an expression, before stitching.

    Args:
        source_ratio: how much of the source's own expression is kept; the neck's stays.
    """
    own = motion.exp * source_ratio
    own[NECK_ROW] = motion.exp[NECK_ROW]
    scale = motion.scale * (1 + expression.growth)
    return placed(motion, own + expression.exp, expression.angles_deg, scale, motion.t)


@dataclass(frozen=True)
class FaceRegion:
    """The square that the node redraws.

    Attributes:
        square: x1, y1, x2, y2 in px; it may leave the picture at the right and at the bottom.
        inside: the part of it that the picture has.
    """

    square: tuple[int, int, int, int]
    inside: tuple[int, int, int, int]

    @property
    def clipped(self) -> bool:
        """The square leaves the picture."""
        return self.square != self.inside

    def to_picture(self) -> np.ndarray:
        """(2, 3) from px of the 512 px crop to the picture."""
        return _scaled(self.square, self.square[2] - self.square[0])

    def mask(self, size: tuple[int, int]) -> np.ndarray:
        """(H, W) uint8, how much of the redrawn square shows in a picture of ``size`` (width, height).

        The node scales it by the height inside the picture.
        """
        return warp_affine(mask_template(), _scaled(self.inside, self.inside[3] - self.inside[1]), size)

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """(256, 256, 3) uint8 for the networks, black outside the picture."""
        x1, y1, x2, y2 = self.square
        left, top, right, bottom = self.inside
        crop = np.zeros((y2 - y1, x2 - x1, 3), np.uint8)
        crop[top - y1 : bottom - y1, left - x1 : right - x1] = picture[top:bottom, left:right]
        interpolation = cv2.INTER_AREA if len(crop) > NETWORK_PX else cv2.INTER_LINEAR
        return cv2.resize(crop, (NETWORK_PX, NETWORK_PX), interpolation=interpolation)

    def paste(self, crop: np.ndarray, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 the picture with a redrawn (512, 512, 3) uint8 crop in it."""
        size = picture.shape[1], picture.shape[0]
        share = self.mask(size)[..., None].astype(np.float32) / 255
        mixed = share * warp_affine(crop, self.to_picture(), size) + (1 - share) * picture
        return np.clip(mixed, 0, 255).astype(np.uint8)


def face_region(size: tuple[int, int], face: tuple[float, float, float, float], factor: float) -> FaceRegion:
    """The square around a face box, moved into the picture as far as it fits; the whole picture for too small a face.

    Args:
        size: width and height of the picture.
        face: x1, y1, x2, y2 of the face, px.
        factor: side of the square in longer sides of the box.
    """
    x1, y1, x2, y2 = face
    if x2 - x1 < _NARROWEST_PX:
        whole = (0, 0, *size)
        return FaceRegion(whole, whole)
    half = max(x2 - x1, y2 - y1) * factor / 2
    spans = [_moved_inside(int((a + b) / 2), half, most) for a, b, most in zip((x1, y1), (x2, y2), size, strict=True)]
    over = [end - most for (_, end), most in zip(spans, size, strict=True)]
    less = min(over) if min(over) > 0 else 0
    (left, right), (top, bottom) = ((start, end - less) for start, end in spans)
    square = (left, top, right, bottom)
    return FaceRegion(square, (left, top, min(right, size[0]), min(bottom, size[1])))


def _moved_inside(centre: int, half: float, most: int) -> tuple[int, int]:
    """Start and end along one axis: within 0 to ``most``, or from 0 on where it is too long."""
    first, last = int(centre - half), int(centre + half)
    start = max(min(first, most - (last - first)), 0)
    return start, start + last - first


def _scaled(corner: tuple[int, int, int, int], side: int) -> np.ndarray:
    scale = side / CROP_PX
    return np.array([[scale, 0.0, corner[0]], [0.0, scale, corner[1]]])
