# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ONNX files of the community (FasterLivePortrait): names, inputs and outputs. All have a batch of one, float32.

The picture is (1, 3, 256, 256) RGB, 0 to 1; key points are (1, 21, 3). The motion extractor's angles may come as 66
bins or as degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OnnxFile:
    """One network's file and the names of its inputs."""

    file_name: str
    inputs: tuple[str, ...]


FILES: Mapping[str, OnnxFile] = {
    "appearance_feature_extractor": OnnxFile("appearance_feature_extractor.onnx", ("img",)),
    "motion_extractor": OnnxFile("motion_extractor.onnx", ("img",)),
    "warping_spade": OnnxFile("warping_spade.onnx", ("feature_3d", "kp_driving", "kp_source")),
    "stitching": OnnxFile("stitching.onnx", ("input",)),
    "stitching_eye": OnnxFile("stitching_eye.onnx", ("input",)),
    "stitching_lip": OnnxFile("stitching_lip.onnx", ("input",)),
}
MOTION_OUTPUTS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")
