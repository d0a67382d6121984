# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is used again: fresh pages for every large intermediate result would cost as much as the arithmetic."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor


class Workspace:
    """Named blocks of 32 bit floats on the CPU, which grow to the largest tensor they had to hold; for one thread.

    A tensor that was taken is valid until its name is taken again.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """A tensor of this shape with any content."""
        count = prod(shape)
        block = self._blocks.get(name)
        if block is None or block.numel() < count:
            self._blocks.pop(name, None)
            block = self._blocks[name] = torch.empty(count)
        return block[:count].view(shape)

    def take_bordered(self, name: str, count: int, height: int, width: int, channels: int, border: int = 1) -> Tensor:
        """(count, height + 2 border, width + 2 border, channels): zeros in the border, any content inside."""
        block = self.take(name, count, height + 2 * border, width + 2 * border, channels)
        block[:, :border] = 0.0
        block[:, -border:] = 0.0
        block[:, border:-border, :border] = 0.0
        block[:, border:-border, -border:] = 0.0
        return block


def inside(bordered: Tensor, border: int = 1) -> Tensor:
    """The part within the border of (n, h, w, c)."""
    return bordered[:, border:-border, border:-border]
