# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies found in pictures by the networks of the weight set ``wan_tracking``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from .body import Body, body_of_points, without_gaps
from .boxes import PersonBoxes
from .keypoints import WholeBodyPoints

BOXES, KEYPOINTS = "boxes", "keypoints"


class BodyTracker:
    """Both networks; opened at the first picture.

    Args:
        paths: of the parts "boxes" (yolov10m.onnx) and "keypoints" (vitpose_h_wholebody.onnx).
        device: "cuda", "mps" or "cpu".
    """

    def __init__(self, paths: Mapping[str, Path], device: str = "cpu") -> None:
        self._paths = paths
        self._device = device
        self._networks: tuple[PersonBoxes, WholeBodyPoints] | None = None

    def bodies(self, pictures: Iterable[np.ndarray]) -> list[Body]:
        """A body for each picture. Where no point of one lies in the picture, that of the picture before is kept.

        Args:
            pictures: (H, W, 3) uint8 BGR.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        return without_gaps([self.body(bgr) for bgr in pictures])

    def body(self, bgr: np.ndarray, head: np.ndarray | None = None) -> Body:
        """The body in a picture, as found.

        Args:
            bgr: (H, W, 3) uint8.
            head: (2,) middle of the face of the person who counts, px; None for the largest person.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        boxes, points = self._opened()
        rgb = np.ascontiguousarray(bgr[..., ::-1])
        return body_of_points(points.of(rgb, boxes.of(rgb, head)), rgb.shape[1], rgb.shape[0])

    def _opened(self) -> tuple[PersonBoxes, WholeBodyPoints]:
        if self._networks is None:
            boxes = PersonBoxes(self._paths[BOXES], self._device)
            self._networks = boxes, WholeBodyPoints(self._paths[KEYPOINTS], self._device)
        return self._networks
