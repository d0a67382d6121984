# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks as they are, on any device, in 32 bit or mixed with 16 bit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn

from ...neural.device import Device
from ..networks.blocks import SpectralConv2d
from ..networks.loading import LivePortraitNetworks
from .features import Features

Network = TypeVar("Network", bound=nn.Module)


class PlainRenderer:
    """Appearance, warping and decoder.

    Args:
        networks: moved to the device; in 16 bit they are copied and stay as they are.
        device: where they run.
        half: 16 bit type of convolutions and matrix products; sums, norms, softmax and places stay in 32 bit. None
            computes all in 32 bit.
    """

    def __init__(self, networks: LivePortraitNetworks, device: Device, half: torch.dtype | None) -> None:
        self._device = device
        self._half = half
        self._appearance, self._warping, self._decoder = (
            (network if half is None else _rounded(network, half)).to(device.torch)
            for network in (networks.appearance, networks.warping, networks.decoder)
        )

    def features(self, pictures: Tensor) -> list[Features]:
        """(n, 3, 256, 256) in 0..1 to the features of each."""
        with self._precision():
            return [Features(volume) for volume in self._appearance(pictures).float()]

    def warp(self, features: Sequence[Features], x_s: Tensor, x_d: Tensor) -> Tensor:
        """Features and (n, 21, 3) key points of source and wanted face to (n, 256, 64, 64)."""
        with self._precision():
            return self._warping(torch.stack([entry.volume for entry in features]), x_d, x_s).out

    def draw(self, warped: Tensor) -> Tensor:
        """(n, 256, 64, 64) to (n, 512, 512, 3) in 0..1."""
        with self._precision():
            return self._decoder(warped).permute(0, 2, 3, 1)

    def _precision(self) -> AbstractContextManager[object]:
        if self._half is None:
            return nullcontext()
        return torch.autocast(self._device.kind, self._half)


def _rounded(network: Network, half: torch.dtype) -> Network:
    """A copy with the weights of convolutions and matrix products in 16 bit, so that not every call converts them."""
    copied = deepcopy(network)
    for module in copied.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d, nn.Linear, SpectralConv2d)):
            module.to(half)
    return copied
