# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a set of files, whichever form they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..neural.device import Device, raise_failure
from .keypoints import Motion
from .model import Model
from .networks.loading import load_networks
from .onnx_files import FILES
from .onnx_model import OnnxModel


class AnyModel(Protocol):
    """The networks in either form; see ``Model`` for the methods. What is kept of a source picture is their own."""

    @property
    def device(self) -> Device:
        """Where they run."""
        ...

    @property
    def half(self) -> object:
        """The 16 bit type in use, or None."""
        ...

    def features(self, crops: np.ndarray) -> Sequence[Any]:
        """What is kept of (n, 256, 256, 3) uint8 RGB source pictures."""
        ...

    def motion(self, crops: np.ndarray) -> Sequence[Motion]:
        """Motion in pictures of the same form."""
        ...

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 65)."""
        ...

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3)."""
        ...

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3)."""
        ...

    def decode(self, features: Sequence[Any], x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 512, 512, 3) float32 RGB, 0 to 1."""
        ...


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
    try:
        return Model(load_networks(paths), device, precision)
    except (RuntimeError, MemoryError) as error:
        raise_failure(device, error)
