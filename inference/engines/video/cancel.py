# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canceling within a step: networks of many layers ask between them whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn


class Steps:
    """Counts the steps of a section, and tells the count also within them.

    Args:
        told: as of ``ChainSession.draw``; raises CANCELLED.

    Attributes:
        done: steps that are done.
    """

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        self.done = 0

    def step(self) -> None:
        """A step is done."""
        self.done += 1
        self._told(self.done)

    def within(self) -> None:
        """Something within a step is done."""
        self._told(self.done)


def blocks_of(network: nn.Module) -> list[nn.Module]:
    """The layers of a network that do most of its work one after the other: those of its longest lists."""
    lists = [layer for layer in network.modules() if isinstance(layer, nn.ModuleList) and len(layer)]
    if not lists:
        return list(network.children())
    longest = max(lists, key=lambda layer: (len(layer), sum(each.numel() for each in layer.parameters())))
    return list(longest)


@contextmanager
def asking(network: nn.Module, ask: Callable[[], None]) -> Iterator[None]:
    """``ask`` is called before each of the network's blocks in the context; what it raises passes through.

    Args:
        ask: such as ``Steps.within``.
    """
    hooks = [block.register_forward_pre_hook(lambda *_: ask()) for block in blocks_of(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
