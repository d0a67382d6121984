# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face networks through cv2.dnn: reading them out of the weight files and running them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

# OpenCV 5 loses all but one output when a network is read from memory, unless its classic engine is forced. It is read
# with the first network; OpenCV 4 does not know it.
os.environ.setdefault("OPENCV_FORCE_DNN_ENGINE", "1")

import cv2
import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError

DETECTOR = "face_detector.tflite"
LANDMARKS = "face_landmarks_detector.tflite"
BLENDSHAPES = "face_blendshapes.tflite"
MESH = "geometry_pipeline_metadata_landmarks.binarypb"


class Network:
    """A network whose outputs are told apart by their number of values, because OpenCV changes their order.

    Args:
        content: a .tflite file's bytes.
        sizes: number of values of each output that is wanted.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN when this OpenCV cannot read the network or gives other outputs.
    """

    def __init__(self, content: bytes, sizes: tuple[int, ...]) -> None:
        try:
            self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))
        except (cv2.error, AttributeError) as error:
            raise _unusable(str(error)) from error
        self._names = self._net.getUnconnectedOutLayersNames()
        self._sizes = sizes
        if len(self._names) < len(sizes):
            raise _unusable(f"outputs {self._names}, wanted {len(sizes)}")

    def run(self, blob: np.ndarray) -> Mapping[int, np.ndarray]:
        """Outputs as flat float64 arrays by their number of values; of equally large ones, that with more dimensions.

        Args:
            blob: float32, (1, channels, height, width), or what the network takes.
        """
        self._net.setInput(np.ascontiguousarray(blob, np.float32))
        arrays = sorted(self._net.forward(self._names), key=lambda array: array.ndim)
        outputs = {array.size: array.ravel().astype(np.float64) for array in arrays}
        if not set(self._sizes) <= set(outputs):
            raise _unusable(f"outputs of sizes {sorted(outputs)}, wanted {self._sizes}")
        return outputs


def image_blob(rgb: np.ndarray, scale: float, offset: float = 0.0) -> np.ndarray:
    """(H, W, 3) picture as (1, 3, H, W) float32 of ``value * scale + offset``."""
    return (rgb.astype(np.float32) * np.float32(scale) + np.float32(offset)).transpose(2, 0, 1)[None]


def bundle_member(path: Path, member: str) -> bytes:
    """A file out of a .task bundle.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return bundle.read(member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"The model file {path.name} is damaged.",
            "Repair the worker to download it again.",
            Action.REPAIR_WORKER,
            f"{member}: {error}",
        ) from error


def _unusable(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.ENVIRONMENT_BROKEN,
        f"This version of OpenCV ({cv2.__version__}) cannot run the face model.",
        "Repair the worker to install the version that fits.",
        Action.REPAIR_WORKER,
        details,
    )
