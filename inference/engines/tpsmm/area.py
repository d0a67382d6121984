# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a picture the networks see: a square around a face or a person, or the whole picture, stretched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...face.tracker import FaceTracker
from ..liveportrait.crop import face_square

# ``crop_scale`` is made for faces; a person, whose box is taller than a face's, gets this part of it.
_PERSON = 1.5
# What is at least this sure to be a person counts.
_SURE = 0.5
# Specks are no person: parts of the picture, and of the largest piece.
_LEAST_AREA, _LEAST_PIECE = 0.005, 0.2


@dataclass(frozen=True)
class Area:
    """A rectangle of a picture that becomes the networks' square.

    Pixel centres lie at whole coordinates, so a picture reaches from -0.5 to its size - 0.5.

    Attributes:
        left, top, width, height: in px of the picture.
    """

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def whole(cls, size: tuple[int, int]) -> Area:
        """All of a picture of ``size`` (width, height)."""
        return cls(-0.5, -0.5, float(size[0]), float(size[1]))

    @classmethod
    def around(cls, centre: tuple[float, float], side: float) -> Area:
        """The square of a side around a point (x, y)."""
        return cls(centre[0] - side / 2, centre[1] - side / 2, side, side)

    def scaled(self, factor: float) -> Area:
        """The same place in the picture reduced by a factor."""
        left, top = ((value + 0.5) * factor - 0.5 for value in (self.left, self.top))
        return Area(left, top, self.width * factor, self.height * factor)

    def moved(self, x: float, y: float) -> Area:
        """The same place in a picture whose origin lies elsewhere."""
        return Area(self.left + x, self.top + y, self.width, self.height)

    def to_network(self, size_px: int) -> np.ndarray:
        """(2, 3) affine matrix from px of the picture to px of the networks' square."""
        x, y = size_px / self.width, size_px / self.height
        return np.array([[x, 0, -x * self.left - 0.5], [0, y, -y * self.top - 0.5]])

    def share_outside(self, size: tuple[int, int]) -> float:
        """How much of it a picture of ``size`` (width, height) does not cover, 0 to 1."""
        inside = 1.0
        for start, length, extent in ((self.left, self.width, size[0]), (self.top, self.height, size[1])):
            covered = min(start + length, extent - 0.5) - max(start, -0.5)
            inside *= max(covered, 0.0) / length
        return 1 - inside


def face_area(landmarks: np.ndarray, crop_scale: float) -> Area:
    """The upright square around a face, by LivePortrait's rule.

    Args:
        landmarks: (478, 2) in px.
        crop_scale: side in sizes of the face.
    """
    square = face_square(landmarks, crop_scale)
    return Area.around(square.centre, square.side)


def person_area(boxes: Sequence[np.ndarray], crop_scale: float, size: tuple[int, int]) -> Area:
    """The square around what all boxes (left, top, right, bottom) of a person cover.

    It leaves the picture only as far as the person needs it: what lies outside has to be made up.

    Args:
        crop_scale: side in sizes of the person, times 1.5.
        size: (width, height) of the picture.
    """
    edges = np.stack(boxes)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    longest = float((high - low).max())
    side = min(longest * crop_scale / _PERSON, max(longest, float(min(size))))
    starts = []
    for middle, extent in zip(((low + high) / 2).tolist(), size, strict=True):
        least, most = sorted((-0.5, extent - 0.5 - side))
        starts.append(min(max(middle - side / 2, least), most))
    return Area(starts[0], starts[1], side, side)


def mean_area(areas: Sequence[Area]) -> Area:
    """Place and size between several."""
    left, top, width, height = np.mean([[a.left, a.top, a.width, a.height] for a in areas], axis=0).tolist()
    return Area(left, top, width, height)


def person_box(bgr: np.ndarray, tracker: FaceTracker) -> np.ndarray | None:
    """(4,) left, top, right, bottom in px of the people of a (H, W, 3) uint8 picture; None where there are none."""
    return box_of(tracker.person_matte(bgr))


def box_of(matte: np.ndarray) -> np.ndarray | None:
    """(4,) left, top, right, bottom in px of what a matte (H, W), 0 to 1, shows, without specks; None for nothing."""
    count, _, statistics, _ = cv2.connectedComponentsWithStats((matte > _SURE).astype(np.uint8))
    pieces = statistics[1:count]
    if len(pieces) == 0 or pieces[:, cv2.CC_STAT_AREA].max() < _LEAST_AREA * matte.size:
        return None
    large = pieces[pieces[:, cv2.CC_STAT_AREA] >= _LEAST_PIECE * pieces[:, cv2.CC_STAT_AREA].max()]
    low = large[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
    high = low + large[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return np.concatenate([low.min(axis=0) - 0.5, high.max(axis=0) - 0.5])


def cut_area(bgr: np.ndarray, area: Area, size_px: int) -> np.ndarray:
    """(size_px, size_px, 3) float32 R, G, B, 0 to 1, of a (H, W, 3) uint8 picture; beyond its edges they go on.

    Reduced as the reference does it (scikit-image's ``resize``): a Gaussian of (factor - 1) / 2 px, then bilinear.
    """
    factors = area.width / size_px, area.height / size_px
    part, left, top = _part(bgr, area, factors)
    # A wide Gaussian is slow: the greater part of it may as well be a mean of whole pixels.
    means = [max(int(factor / 2), 1) for factor in factors]
    if max(means) > 1:
        part = _averaged(part, means)
    colours = part.astype(np.float32) / 255
    colours = _blurred(colours, [_sigma(factor, mean) for factor, mean in zip(factors, means, strict=True)])
    # Pixel i of the averaged part is the mean of pixels left + i * mean on.
    place = area.moved(-left, -top)
    small = Area(
        (place.left + 0.5) / means[0] - 0.5, (place.top + 0.5) / means[1] - 0.5,
        place.width / means[0], place.height / means[1],
    )  # fmt: skip
    cut = cv2.warpAffine(
        colours, small.to_network(size_px), (size_px, size_px),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.ascontiguousarray(cut[..., ::-1])


def _part(bgr: np.ndarray, area: Area, factors: tuple[float, float]) -> tuple[np.ndarray, int, int]:
    """The pixels that an area is made from, with the place (left, top) of the first one."""
    spans = []
    for start, length, factor, extent in zip(
        (area.left, area.top), (area.width, area.height), factors, bgr.shape[1::-1], strict=True
    ):
        margin = 2 * factor + 2
        first = min(max(math.floor(start - margin), 0), extent - 1)
        spans.append((first, min(max(math.ceil(start + length + margin), first + 1), extent)))
    (left, right), (top, bottom) = spans
    return bgr[top:bottom, left:right], left, top


def _averaged(part: np.ndarray, means: Sequence[int]) -> np.ndarray:
    """Means of so many pixels along x and y; what does not fill the last ones is repeated from the edge."""
    missing = [-extent % mean for extent, mean in zip(part.shape[1::-1], means, strict=True)]
    part = cv2.copyMakeBorder(part, 0, missing[1], 0, missing[0], cv2.BORDER_REPLICATE)
    size = part.shape[1] // means[0], part.shape[0] // means[1]
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA)


def _sigma(factor: float, mean: int) -> float:
    """What of the reference's Gaussian is left after a mean of so many pixels, in px of the means."""
    variance = (max(factor - 1, 0) / 2) ** 2 - (mean * mean - 1) / 12
    return math.sqrt(max(variance, 0.0)) / mean


def _blurred(colours: np.ndarray, sigmas: Sequence[float]) -> np.ndarray:
    if max(sigmas) <= 0:
        return colours
    x, y = (max(sigma, 1e-3) for sigma in sigmas)
    size = 2 * int(4 * x + 0.5) + 1, 2 * int(4 * y + 0.5) + 1
    return cv2.GaussianBlur(colours, size, x, sigmaY=y, borderType=cv2.BORDER_REFLECT_101)
