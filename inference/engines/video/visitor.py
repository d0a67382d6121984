# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network in a form of its own that lives in main memory and visits a device, whole or block by block.

Block by block, the next block is on its way while one computes, as far as the device can do both (CUDA's streams): then
a network that does not fit is hardly slower than one that does, if there is much to compute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..diffusion.parked import Parked, Table, fill, tables_of, tensors_of

# A part with more of a network's numbers than this is looked into for the blocks that it consists of.
_MOST = 0.5
# One with less stays: what is asked now and then for the place of its numbers is among these.
_LEAST = 0.005


class Visitor(Parked):
    """As ``Parked``, but what the network's numbers are is not touched: they may be quantized, or of several types.

    Attributes:
        layered: the network always visits block by block.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype, layered: bool = False) -> None:
        super().__init__(network, dtype)
        self.layered = layered

    def cast(self, dtype: torch.dtype) -> None:
        """Keep the numbers as they are."""
        self.take_off()
        self._home = [tensors_of(table) for table in self._tables]
        self.dtype = dtype
        self.bytes = sum(tensor.nbytes for home in self._home for tensor in home.values())

    @contextmanager
    def layer_by_layer(self, network: nn.Module, device: torch.device) -> Iterator[None]:
        """Each block is on the device only while it computes, or is next; what is no block's all the time.

        Args:
            network: the one this was made of.
        """
        self.take_off()
        homes = {id(table): home for table, home in zip(self._tables, self._home, strict=True)}
        turns = _Turns(device)
        hooks = []
        try:
            units = [_Unit(block, homes) for block in units_of(network)]
            visiting = {id(table) for unit in units for table, _ in unit.own}
            for table, home in zip(self._tables, self._home, strict=True):
                if id(table) not in visiting:
                    fill(table, {name: tensor.to(device) for name, tensor in home.items()})
            for unit in units:
                hooks += turns.hooks(unit)
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self.take_off()


def units_of(network: nn.Module) -> list[nn.Module]:
    """What visits together: the elements of lists of layers, and the other parts of a network but for small ones.

    A part that a network has in two places, such as the table of a text encoder's words, is named once.
    """
    return list(dict.fromkeys(_units_within(network)))


def _units_within(network: nn.Module) -> list[nn.Module]:
    total = sum(tensor.numel() for tensor in network.parameters())
    units: list[nn.Module] = []
    for part in network.children():
        if isinstance(part, nn.ModuleList):
            units += part
        elif sum(tensor.numel() for tensor in part.parameters()) > _MOST * total and any(part.children()):
            units += _units_within(part)
        elif sum(tensor.numel() for tensor in part.parameters()) > _LEAST * total:
            units.append(part)
    return units


class _Unit:
    """The weights of a block."""

    def __init__(self, block: nn.Module, homes: dict[int, dict[str, Tensor]]) -> None:
        self.block = block
        self.own: list[tuple[Table, dict[str, Tensor]]] = [
            (table, homes[id(table)]) for layer in block.modules() for table in tables_of(layer)
        ]

    def put(self, tensors: list[dict[str, Tensor]]) -> None:
        for (table, _), there in zip(self.own, tensors, strict=True):
            fill(table, there)

    def take_off(self) -> None:
        for table, home in self.own:
            fill(table, home)


class _Turns:
    """Blocks that visit a device in turn; the order is learned as they are called."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = _stream_of(device)
        self._after: dict[_Unit, _Unit] = {}
        self._last: _Unit | None = None
        self._coming: tuple[_Unit, list[dict[str, Tensor]]] | None = None
        self._computed: deque[Any] = deque()

    def hooks(self, unit: _Unit) -> list[torch.utils.hooks.RemovableHandle]:
        """Hooks that have a block on the device when it computes."""
        return [
            unit.block.register_forward_pre_hook(lambda *_: self._arrive(unit), prepend=True),
            unit.block.register_forward_hook(lambda *_: self._leave(unit), always_call=True),
        ]

    def _arrive(self, unit: _Unit) -> None:
        coming, self._coming = self._coming, None
        unit.put(coming[1] if coming is not None and coming[0] is unit else self._sent(unit))
        if self._stream is not None:
            torch.cuda.current_stream(self._device).wait_stream(self._stream)
        if self._last is not None:
            self._after[self._last] = unit
        self._last = unit
        following = self._after.get(unit)
        if self._stream is not None and following is not None and following is not unit:
            self._coming = following, self._sent(following)

    def _leave(self, unit: _Unit) -> None:
        if self._stream is not None:
            stream = torch.cuda.current_stream(self._device)
            for table, _ in unit.own:
                for tensor in tensors_of(table).values():
                    if tensor.device.type == self._device.type:
                        tensor.record_stream(stream)  # its place is not used again before it was computed with
            self._computed.append(stream.record_event())
        unit.take_off()

    def _sent(self, unit: _Unit) -> list[dict[str, Tensor]]:
        """A block's weights on the device, or on their way."""
        if self._stream is None:
            return [{name: tensor.to(self._device) for name, tensor in home.items()} for _, home in unit.own]
        while len(self._computed) > 1:  # Python is ahead of the device: no more than three blocks are there at a time
            self._computed.popleft().synchronize()
        with torch.cuda.stream(self._stream):
            return [
                {name: tensor.pin_memory().to(self._device, non_blocking=True) for name, tensor in home.items()}
                for _, home in unit.own
            ]


def _stream_of(device: torch.device) -> Any:
    """What weights travel on while blocks compute; None for devices that cannot do both."""
    return torch.cuda.Stream(device) if device.type == "cuda" else None
