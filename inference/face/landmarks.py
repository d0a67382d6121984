# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""478 landmarks of one face from a rotated square region of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .detector import Detection
from .face import LANDMARKS
from .models import Network, image_blob
from .tables import LEFT_EYE_OUTER, RIGHT_EYE_OUTER

INPUT_PX = 256
_MARGIN = 1.5
# A logit, (1, 1, 1, 1) out of a convolution; the network's other single value, a tongue score, is (1, 1).
_PRESENCE = 1


@dataclass(frozen=True)
class Region:
    """A square on the picture: centre (x, y) in px (pixel centres at whole coordinates), side in px, and its angle in
    radians, clockwise.
    """

    centre: tuple[float, float]
    side: float
    angle: float

    def matrix(self, size: int) -> np.ndarray:
        """(2, 3) map from px of a size x size crop to px of the picture, both with centres at whole coordinates."""
        scale = self.side / size
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        linear = np.array([[cos, -sin], [sin, cos]])
        middle = (size - 1) / 2
        return np.column_stack([linear, np.array(self.centre) - linear @ (middle, middle)])


def region_of_detection(found: Detection) -> Region:
    """The square around a detected face, its x axis along the line between the eyes."""
    eyes = found.keypoints[1] - found.keypoints[0]
    return Region(tuple(found.centre), _MARGIN * found.side, float(np.arctan2(eyes[1], eyes[0])))


def region_of_landmarks(landmarks: np.ndarray) -> Region:
    """The square around the bounding box of landmarks in the frame of the outer eye corners."""
    eyes = landmarks[LEFT_EYE_OUTER, :2] - landmarks[RIGHT_EYE_OUTER, :2]
    angle = float(np.arctan2(eyes[1], eyes[0]))
    cos, sin = np.cos(angle), np.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]])
    turned = landmarks[:, :2] @ rotation
    low, high = turned.min(axis=0), turned.max(axis=0)
    return Region(tuple(rotation @ ((low + high) / 2)), _MARGIN * float(np.max(high - low)), angle)


class LandmarkNetwork:
    """The landmark network."""

    def __init__(self, content: bytes) -> None:
        self._network = Network(content, (LANDMARKS * 3, _PRESENCE))

    def run(self, bgr: np.ndarray, region: Region) -> tuple[np.ndarray, float]:
        """Landmarks inside a region.

        Args:
            bgr: (H, W, 3) uint8.

        Returns:
            (478, 3) float64 in px of the picture as in ``Face.landmarks``, and 0 to 1, how much it looks like a face.
        """
        crop = cut(bgr, region, INPUT_PX)
        outputs = self._network.run(image_blob(crop[..., ::-1], 1 / 255))
        raw = outputs[LANDMARKS * 3].reshape(LANDMARKS, 3)
        matrix = region.matrix(INPUT_PX)
        # The network counts from the crop's corner: its pixel centres are at halves.
        xy = (raw[:, :2] - 0.5) @ matrix[:, :2].T + matrix[:, 2]
        presence = float(1 / (1 + np.exp(-np.clip(outputs[_PRESENCE][0], -100, 100))))
        return np.column_stack([xy, raw[:, 2] * region.side / INPUT_PX]), presence


def cut(bgr: np.ndarray, region: Region, size: int) -> np.ndarray:
    """The region as a (size, size, 3) picture, the picture's border repeated outside.

    Regions more than twice as large are first reduced by a power of two, against aliasing.
    """
    matrix = region.matrix(size)
    factor = 1
    while region.side > 2 * size * factor:
        factor *= 2
    if factor > 1:
        bgr, left, top = _reduced(bgr, region, factor)
        matrix[:, 2] += 0.5 - np.array([left, top])
        matrix /= factor
        matrix[:, 2] -= 0.5
    return cv2.warpAffine(
        bgr, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def _reduced(bgr: np.ndarray, region: Region, factor: int) -> tuple[np.ndarray, int, int]:
    """The part of the picture around a region, reduced by a whole factor, and that part's left and top in px."""
    height, width = bgr.shape[:2]
    reach = region.side * 0.75  # half the diagonal and a margin
    left, right = (int(np.clip(region.centre[0] + r, 0, width)) for r in (-reach, reach))
    top, bottom = (int(np.clip(region.centre[1] + r, 0, height)) for r in (-reach, reach))
    # Whole blocks only, so that the factor is exact; at least one.
    left, top = min(left, max(width - factor, 0)), min(top, max(height - factor, 0))
    columns, rows = max((right - left) // factor, 1), max((bottom - top) // factor, 1)
    part = bgr[top : top + rows * factor, left : left + columns * factor]
    return cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), left, top
