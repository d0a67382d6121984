# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes our networks as ONNX files, under the names, inputs and outputs that FasterLivePortrait's files have.

Volumes are sampled by the operator GridSample of opset 20, which onnxruntime has on the CPU. Its CUDA and CoreML
providers do not have it for volumes: there that operator runs on the CPU, between two copies.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from .networks.loading import LivePortraitNetworks
from .onnx_files import FILES, MOTION_OUTPUTS

OPSET = 20
_LOG = logging.getLogger(__name__)


class _Motion(nn.Module):
    """The motion extractor with its outputs in order."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, img: Tensor) -> tuple[Tensor, ...]:
        found = self.network(img)
        return tuple(found[name] for name in MOTION_OUTPUTS)


class _WarpingSpade(nn.Module):
    """Warping and decoder as one."""

    def __init__(self, warping: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.warping, self.decoder = warping, decoder

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        return self.decoder(self.warping(feature_3d, kp_driving, kp_source).out)


@dataclass(frozen=True)
class _Part:
    """What one file is made from."""

    module: nn.Module
    shapes: Sequence[Sequence[int]]
    outputs: Sequence[str]


def export(
    networks: LivePortraitNetworks, folder: Path, told: Callable[[Path], None] = lambda path: None
) -> list[Path]:
    """Write all files of the community's set into a folder, which is made.

    Args:
        told: called with each finished file.

    Returns:
        The files' paths, in the order of ``onnx_files.FILES``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, part in _parts(networks).items():
        path = folder / FILES[name].file_name
        _write(part, FILES[name].inputs, path)
        told(path)
        paths.append(path)
    return paths


def _parts(networks: LivePortraitNetworks) -> Mapping[str, _Part]:
    points, picture = (1, 21, 3), (1, 3, 256, 256)
    spade = _WarpingSpade(networks.warping, networks.decoder)
    return {
        "appearance_feature_extractor": _Part(networks.appearance, [picture], ["output"]),
        "motion_extractor": _Part(_Motion(networks.motion), [picture], MOTION_OUTPUTS),
        "warping_spade": _Part(spade, [(1, 32, 16, 64, 64), points, points], ["out"]),
        "stitching": _Part(networks.stitching, [(1, 126)], ["output"]),
        "stitching_eye": _Part(networks.eye, [(1, 66)], ["output"]),
        "stitching_lip": _Part(networks.lip, [(1, 65)], ["output"]),
    }


def _write(part: _Part, inputs: Sequence[str], path: Path) -> None:
    examples = tuple(torch.zeros(*shape) for shape in part.shapes)
    temporary = path.with_suffix(".onnx.part")
    with torch.no_grad(), warnings.catch_warnings():
        # The newer exporter needs one more package and writes the same operators for these networks.
        warnings.simplefilter("ignore")
        # A grid that exists already goes into the file as it is; traced, its making would turn all into 64 bit.
        part.module.eval()(*examples)
        torch.onnx.export(
            part.module, examples, str(temporary), dynamo=False, opset_version=OPSET,
            input_names=list(inputs), output_names=list(part.outputs),
        )  # fmt: skip
    temporary.replace(path)
    _LOG.info("Wrote %s", path)
