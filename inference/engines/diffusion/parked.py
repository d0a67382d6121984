# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that lives in main memory and visits a device, whole or layer by layer.

What it computes does not depend on that: the numbers are the same, only their place changes. Its weights stay in main
memory all the time, so that leaving the device costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

Table = dict[str, Any]
"""A layer's own table of parameters or buffers, as PyTorch keeps them."""


class Parked:
    """The weights of a network, which computes in one type.

    It does not hold the network itself, so that this can be let go. Layers may not be exchanged afterwards.

    Attributes:
        dtype: of its floating point numbers.
        bytes: size of its weights.
        on_device: whether the network is on a device as a whole.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        self._tables = [table for layer in network.modules() for table in tables_of(layer)]
        self._home: list[dict[str, Tensor]] = []
        self.on_device = False
        self.cast(dtype)

    def cast(self, dtype: torch.dtype) -> None:
        """Compute in another type; takes the network off the device."""
        self.take_off()
        for table in self._tables:
            fill(table, {name: _cast(tensor, dtype) for name, tensor in tensors_of(table).items()})
        self._home = [tensors_of(table) for table in self._tables]
        self.dtype = dtype
        self.bytes = sum(tensor.nbytes for home in self._home for tensor in home.values())

    def put(self, device: torch.device) -> None:
        """Put the network on a device."""
        self.on_device = True
        for table, home in zip(self._tables, self._home, strict=True):
            fill(table, {name: tensor.to(device) for name, tensor in home.items()})

    def take_off(self) -> None:
        """Leave the device."""
        for table, home in zip(self._tables, self._home, strict=bool(self._home)):
            fill(table, home)
        self.on_device = False

    @contextmanager
    def layer_by_layer(self, network: nn.Module, device: torch.device) -> Iterator[None]:
        """Each layer is on the device only while it computes.

        Args:
            network: the one this was made of.
        """
        self.take_off()
        homes = {id(table): home for table, home in zip(self._tables, self._home, strict=True)}
        hooks = []
        try:
            for layer in network.modules():
                if own := [(table, homes[id(table)]) for table in tables_of(layer)]:
                    hooks += _visiting(layer, own, device)
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self.take_off()


def _visiting(layer: nn.Module, own: list[tuple[Table, dict[str, Tensor]]], device: torch.device) -> list[Any]:
    """Hooks that put a layer's own weights on the device before it computes, and take them off afterwards."""

    def arrive(*_: object) -> None:
        for table, home in own:
            fill(table, {name: tensor.to(device, non_blocking=True) for name, tensor in home.items()})

    def leave(*_: object) -> None:
        for table, home in own:
            fill(table, home)

    return [
        layer.register_forward_pre_hook(arrive, prepend=True),
        layer.register_forward_hook(leave, always_call=True),
    ]


def tables_of(layer: nn.Module) -> list[Table]:
    """A layer's own tables that hold something."""
    tables: list[Table] = [layer._parameters, layer._buffers]
    return [table for table in tables if any(tensor is not None for tensor in table.values())]


def tensors_of(table: Table) -> dict[str, Tensor]:
    """What a table holds, without gradients."""
    return {name: tensor.detach() for name, tensor in table.items() if tensor is not None}


def fill(table: Table, tensors: dict[str, Tensor]) -> None:
    """Put other tensors into a table."""
    for name, tensor in tensors.items():
        is_parameter = isinstance(table[name], nn.Parameter)
        table[name] = nn.Parameter(tensor, requires_grad=False) if is_parameter else tensor


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
