# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks of the official size would compute and need, counted on tensors without numbers (the meta device)."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


@dataclass
class Counted:
    """What a computation took.

    Attributes:
        flops: floating point operations, a multiplication and an addition being two.
        peak_bytes: most memory of results at a time; networks and what was given do not count, and attention counts as
            the fused kernels of graphics cards compute it, without its table of scores.
    """

    flops: float = 0.0
    peak_bytes: int = 0


class _Memory(TorchDispatchMode):
    """Follows how many bytes of results are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        made = function(*arguments, **(options or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor):
                self._follow(leaf.untyped_storage())
        return made

    def _follow(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        self._known.add(key)
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, key, storage.nbytes())

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


@contextmanager
def counted() -> Iterator[Counted]:
    """Count what is computed in the context, on the meta device."""
    result, whole = Counted(), functional.scaled_dot_product_attention

    def attention(query: Tensor, key: Tensor, value: Tensor, *others: Any, **options: Any) -> Tensor:
        result.flops += 4.0 * query.numel() * key.shape[-2]
        return torch.empty_like(query)

    functional.scaled_dot_product_attention = attention
    memory, flops = _Memory(), FlopCounterMode(display=False)
    try:
        with flops, memory:
            yield result
    finally:
        functional.scaled_dot_product_attention = whole
        result.flops += flops.get_total_flops()
        result.peak_bytes = memory.peak
