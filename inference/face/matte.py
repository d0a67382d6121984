# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Person segmentation: MediaPipe's selfie segmenter on 256 x 256 pictures."""

from __future__ import annotations

import cv2
import numpy as np

from .models import Network, image_blob

INPUT_PX = 256


class MatteNetwork:
    """The segmentation network."""

    def __init__(self, content: bytes) -> None:
        self._network = Network(content, (INPUT_PX * INPUT_PX,))

    def run(self, bgr: np.ndarray) -> np.ndarray:
        """How much each pixel belongs to a person.

        Args:
            bgr: (H, W, 3) uint8.

        Returns:
            (H, W) float32, 0 to 1, as soft as 256 pixels across the picture allow.
        """
        height, width = bgr.shape[:2]
        shrinks = width * height > INPUT_PX * INPUT_PX
        small = cv2.resize(bgr, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        output = self._network.run(image_blob(small[..., ::-1], 1 / 255))[INPUT_PX * INPUT_PX]
        coarse = output.reshape(INPUT_PX, INPUT_PX).astype(np.float32)
        return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)
