# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inpainting network as it is, on any device, in 32 bit or mixed with 16 bit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from typing import Protocol

import torch
from torch import Tensor, nn

from ..neural.device import Device
from .networks.inpainting import Inpainting


class Painter(Protocol):
    """The inpainting network in one form."""

    def encode(self, picture: Tensor) -> list[Tensor]:
        """(1, 3, S, S) in 0..1 to the features that :meth:`paint` reads."""
        ...

    def paint(self, picture: Tensor, features: Sequence[Tensor], flow: Tensor, occlusions: Sequence[Tensor]) -> Tensor:
        """Draw (B, S, S, 3) in 0..1 from one source, as ``Inpainting`` does."""
        ...


class PlainPainter:
    """The network itself.

    Args:
        network: moved to the device; in 16 bit it is copied and stays as it is.
        device: where it runs.
        half: 16 bit type of convolutions and what is between them; the flow stays in 32 bit. None computes all in 32
            bit.
    """

    def __init__(self, network: Inpainting, device: Device, half: torch.dtype | None) -> None:
        self._device = device
        self._half = half
        self._network = (network if half is None else _rounded(network, half)).to(device.torch)

    def encode(self, picture: Tensor) -> list[Tensor]:
        """(1, 3, S, S) in 0..1 to four maps of features, NCHW."""
        with self._precision():
            return self._network.encode(picture)

    def paint(self, picture: Tensor, features: Sequence[Tensor], flow: Tensor, occlusions: Sequence[Tensor]) -> Tensor:
        """Draw (B, S, S, 3) in 0..1."""
        count = len(flow)
        with self._precision():
            every = [feature.expand(count, -1, -1, -1) for feature in features]
            drawn = self._network(picture.expand(count, -1, -1, -1), every, flow, occlusions)
        return drawn.permute(0, 2, 3, 1)

    def _precision(self) -> AbstractContextManager[object]:
        if self._half is None:
            return nullcontext()
        return torch.autocast(self._device.kind, self._half)


def _rounded(network: Inpainting, half: torch.dtype) -> Inpainting:
    """A copy with the filters in 16 bit, so that not every call converts them."""
    copied = deepcopy(network)
    for module in copied.modules():
        if isinstance(module, nn.Conv2d):
            module.to(half)
    return copied
