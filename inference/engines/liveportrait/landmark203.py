# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's own landmarks, 203 points, where the user has the official ``landmark.onnx``.

Nothing needs them: the default face model's 478 points drive crops and ratios. Eye and lip retargeting were trained
with ratios of the 203 points, so these are a little truer there.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .crop import landmark_crop
from .onnx_session import OnnxSession, wrong_model

SIDE_PX = 224
POINTS = 203


class Landmark203:
    """The network; always on the CPU, where it takes some milliseconds.

    Raises:
        TalkingHeadError: as ``OnnxSession``, and WEIGHTS_CORRUPT for a network that answers otherwise.
    """

    def __init__(self, path: Path) -> None:
        self._session = OnnxSession(path, "cpu", ("input",))
        # Other networks have the same file name, and only their answer differs.
        answers = self._session.run(np.zeros((1, 3, SIDE_PX, SIDE_PX), np.float32))
        if len(answers) < 3 or answers[2].size != 2 * POINTS:
            raise wrong_model(path, f"it gives arrays of the shapes {[answer.shape for answer in answers]}")

    def points(self, rgb: np.ndarray, around: np.ndarray) -> np.ndarray:
        """(203, 2) float64 landmarks in px of the picture.

        Args:
            rgb: (H, W, 3) uint8.
            around: (n, 2) landmarks in px that tell where the face is; a number of points that ``crop`` knows.
        """
        matrix = landmark_crop(around)
        crop = cv2.warpAffine(rgb, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
        found = self._session.run((crop.astype(np.float32) / 255).transpose(2, 0, 1)[None])
        # The third output holds them, in parts of the side.
        points = found[2].reshape(POINTS, 2).astype(np.float64) * SIDE_PX
        back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
        return points @ back[:2, :2].T + back[:2, 2]
