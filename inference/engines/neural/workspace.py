# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is used again, and threads that share a map out among them.

Fresh pages for every large intermediate result would cost as much as the arithmetic. And PyTorch's own threads meet
behind every operation: where other programs run too, each meeting waits for the thread that was interrupted. Ours
meet once a convolution: each takes parts of the map and does all steps of a part alone, in its own caches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import TypeVar

import torch
from torch import Tensor

# With more cores, several of them work on one part, as PyTorch shares operations out: maps have few large parts.
_MOST_THREADS = 4

Item = TypeVar("Item")


class Workspace:
    """Named blocks of 32 bit floats on the CPU, which grow to the largest tensor they had to hold; for one thread.

    A tensor that was taken is valid until its name is taken again.

    Args:
        threads: cores to be used by :meth:`each`; 1 does everything in the caller's thread.
    """

    def __init__(self, threads: int = 1) -> None:
        self._blocks: dict[str, Tensor] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._of_thread = threading.local()
        count = min(threads, _MOST_THREADS)
        if count > 1:
            self._pool = ThreadPoolExecutor(count, "networks", _begin, (threads // count, threading.Barrier(count)))
            # All threads begin now: what they set for themselves, PyTorch takes for threads that begin later, too.
            for done in [self._pool.submit(int) for _ in range(count)]:
                done.result()
            torch.set_num_threads(threads)

    def each(self, function: Callable[[Item, Workspace], object], items: Sequence[Item]) -> None:
        """Call a function for each item, side by side, with memory of its thread; returns when all are done."""
        if self._pool is None or len(items) == 1:
            for item in items:
                function(item, self)
            return

        def call(item: Item) -> None:
            if not hasattr(self._of_thread, "space"):
                self._of_thread.space = Workspace()
            with torch.inference_mode():
                function(item, self._of_thread.space)

        for _ in self._pool.map(call, items):
            pass

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

    def take_around(self, name: str, depth: int, height: int, width: int, channels: int) -> Tensor:
        """(depth + 2, height + 2, width + 2, channels): zeros around, any content inside."""
        block = self.take_bordered(name, depth + 2, height, width, channels)
        block[0] = 0.0
        block[-1] = 0.0
        return block


def _begin(cores: int, all_there: threading.Barrier) -> None:
    """In a new thread: let PyTorch use so many cores for what this thread asks for, and wait for the others."""
    torch.set_num_threads(cores)
    all_there.wait()


def inside(bordered: Tensor, border: int = 1) -> Tensor:
    """The part within the border of (n, h, w, c)."""
    return bordered[:, border:-border, border:-border]
