# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a set of files, whichever form they have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .device import Device
from .model import Model
from .networks.loading import load_networks
from .onnx_files import FILES
from .onnx_model import OnnxModel

# Both have the same methods.
AnyModel = Model | OnnxModel


def opened(paths: Mapping[str, Path], device: Device, precision: str) -> AnyModel:
    """Read the files of a weight set.

    Args:
        paths: file of each part: PyTorch's or safetensors of the official networks, or the community's ONNX files.
        precision: see ``Model``; ONNX files bring their own.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT, UNSUPPORTED_INPUT, OUT_OF_MEMORY.
    """
    if set(paths) == set(FILES):
        return OnnxModel(paths, device)
    return Model(load_networks(paths), device, precision)
