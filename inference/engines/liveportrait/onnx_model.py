# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a folder of ONNX files, with the same interface as ``model.Model``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..neural.device import Device
from .keypoints import Motion, degrees_of_bins
from .onnx_files import FILES, MOTION_OUTPUTS
from .onnx_session import OnnxSession

_BINS = 66


@dataclass(frozen=True)
class OnnxFeatures:
    """What is kept of a source picture: (1, 32, 16, 64, 64) float32."""

    volume: np.ndarray


class OnnxModel:
    """Runs the community's ONNX files, one picture at a time: their batch is fixed.

    Args:
        paths: the files by their names in ``onnx_files.FILES``.
        device: where they run, as far as onnxruntime can.

    Attributes:
        device: as given.
        half: None: the files compute in 32 bit.
        warnings: sentences for the user.

    Raises:
        TalkingHeadError: as ``OnnxSession``.
    """

    def __init__(self, paths: Mapping[str, Path], device: Device) -> None:
        self.device = device
        self.half = None
        self.warnings: list[str] = []
        self._sessions = {name: OnnxSession(paths[name], device.kind, file.inputs) for name, file in FILES.items()}
        if device.kind == "cuda" and "CUDAExecutionProvider" not in self._sessions["warping_spade"].providers:
            self.warnings.append("onnxruntime cannot use the graphics card here; the ONNX models run on the processor.")

    def features(self, crops: np.ndarray) -> list[OnnxFeatures]:
        """What is kept of source pictures.

        Args:
            crops: (n, 256, 256, 3) uint8 RGB.
        """
        run = self._sessions["appearance_feature_extractor"].run
        return [OnnxFeatures(run(picture)[0]) for picture in _pictures(crops)]

    def motion(self, crops: np.ndarray) -> list[Motion]:
        """Pose and expression of pictures; as ``features``."""
        return [self._motion(picture) for picture in _pictures(crops)]

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 65) corrections of (n, 21, 3) driving key points against (21, 3) of the source."""
        source = np.broadcast_to(x_s.reshape(1, 63), (len(x_d), 63))
        return self._rows("stitching", np.concatenate([source, x_d.reshape(len(x_d), 63)], axis=1))

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3) offsets for (n, 3) ratios: left, right, wanted."""
        return self._retarget("stitching_eye", x_s, ratios)

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3) offsets for (n, 2) ratios: the source's, wanted."""
        return self._retarget("stitching_lip", x_s, ratios)

    def decode(self, features: Sequence[OnnxFeatures], x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 512, 512, 3) float32 RGB, 0 to 1.

        Args:
            features: one, or one for each frame.
            x_s: (21, 3), (1, 21, 3) or (n, 21, 3) key points of the source.
            x_d: (n, 21, 3) key points of the frames.
        """
        sources = np.broadcast_to(x_s.reshape(-1, 21, 3), x_d.shape)
        frames = np.empty((len(x_d), 512, 512, 3), np.float32)
        for i, (source, driving) in enumerate(zip(sources, x_d, strict=True)):
            volume = features[min(i, len(features) - 1)].volume
            picture = self._sessions["warping_spade"].run(volume, driving[None], source[None])[0]
            frames[i] = np.clip(picture[0].transpose(1, 2, 0), 0, 1)
        return frames

    def _motion(self, picture: np.ndarray) -> Motion:
        session = self._sessions["motion_extractor"]
        found = session.run(picture)
        named = set(MOTION_OUTPUTS) == set(session.outputs)
        values = dict(zip(session.outputs if named else MOTION_OUTPUTS, found, strict=True))
        return Motion(
            pitch=_degrees(values["pitch"]),
            yaw=_degrees(values["yaw"]),
            roll=_degrees(values["roll"]),
            t=values["t"].reshape(3),
            exp=values["exp"].reshape(21, 3),
            scale=float(values["scale"].reshape(())),
            kp=values["kp"].reshape(21, 3),
        )

    def _retarget(self, name: str, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        source = np.broadcast_to(x_s.reshape(1, 63), (len(ratios), 63))
        return self._rows(name, np.concatenate([source, ratios], axis=1)).reshape(-1, 21, 3)

    def _rows(self, name: str, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([self._sessions[name].run(row[None])[0] for row in rows])


def _pictures(crops: np.ndarray) -> np.ndarray:
    """(n, 1, 3, 256, 256) float32, 0 to 1."""
    return (crops.astype(np.float32) / 255).transpose(0, 3, 1, 2)[:, None]


def _degrees(values: np.ndarray) -> float:
    return float(degrees_of_bins(values.reshape(1, -1))[0]) if values.size == _BINS else float(values.reshape(()))
