# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How heads stand in pictures, as the network hello_3dmm.onnx tells it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..liveportrait.onnx_session import OnnxSession, wrong_model

# What the network gives, in this order: identity, expression, texture, angles, light, translation.
_COUNTS = (526, 203, 439, 3, 27, 3)
_STARTS = np.cumsum([0, *_COUNTS])
ANGLES = slice(int(_STARTS[3]), int(_STARTS[4]))
TRANSLATION = slice(int(_STARTS[5]), int(_STARTS[6]))


class HeadPoses:
    """The network, on the CPU: it is small, and its numbers are the same on all computers.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT for a file that is no such network.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session = OnnxSession(path, "cpu", ["image"])

    def of(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Angles and translations of heads.

        Args:
            crops: (n, 224, 224, 3) uint8 RGB, faces in upright squares.

        Returns:
            (n, 3) float32 rotation around x, y and z in radians, and (n, 3) float32 translation as in the crops.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
        """
        rows = [self._row(crop) for crop in crops]
        return np.stack([row[ANGLES] for row in rows]), np.stack([row[TRANSLATION] for row in rows])

    def _row(self, crop: np.ndarray) -> np.ndarray:
        planes = crop.transpose(2, 0, 1)[None].astype(np.float32) / 255
        found = self._session.run(planes)[0]
        if found.shape != (1, _STARTS[-1]):
            raise wrong_model(self._path, f"it gives {found.shape} numbers")
        return np.asarray(found[0], np.float32)
