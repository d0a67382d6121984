# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks of a redraw run on, and in which numbers: puts networks on the device for a stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ..neural.device import Device


class Placing:
    """Keeps networks on a device as the setting Memory says.

    Args:
        device: what computes.
        precision: ``auto``, ``full`` or ``half``, the setting "precision".
        memory: ``auto``, ``all``, ``parts`` or ``layers``, the setting "memory".

    Attributes:
        device: as given.
        dtype: of the networks that are used without ``exact``, and of what they are given.
    """

    def __init__(self, device: Device, precision: str = "auto", memory: str = "auto") -> None:
        self.device = device
        self.memory = memory
        self.dtype = torch.float32 if precision == "full" else device.half or torch.float32

    @contextmanager
    def using(self, *modules: nn.Module, working: int = 0, exact: bool = False) -> Iterator[None]:
        """The networks are on the device, in ``dtype``, as long as the context lasts.

        Args:
            working: bytes that are needed besides the networks.
            exact: compute in 32 bit whatever the precision.
        """
        for module in modules:
            module.to(self.device.torch, torch.float32 if exact else self.dtype)
        with torch.inference_mode():
            yield

    def tensor(self, values: np.ndarray | Tensor, exact: bool = False) -> Tensor:
        """Values on the device; floats in ``dtype``, or in 32 bit if ``exact``."""
        tensor = torch.as_tensor(values)
        if not tensor.is_floating_point():
            return tensor.to(self.device.torch)
        return tensor.to(self.device.torch, torch.float32 if exact else self.dtype)

    def release(self) -> None:
        """Take everything off the device."""
        self.device.release()
