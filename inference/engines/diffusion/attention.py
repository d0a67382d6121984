# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attention in slices: rows of a batch do not look at each other, so that a few at a time give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

SCORES_BYTES = 256 * 2**20
"""What the scores (each place against each other place) of a slice may take."""


@contextmanager
def in_slices(networks: Iterable[nn.Module], scores_bytes: int = SCORES_BYTES) -> Iterator[None]:
    """All attention of the networks is computed in slices, with whatever processors they have."""
    layers = [layer for network in networks for layer in network.modules() if isinstance(layer, Attention)]
    before = [vars(layer).get("forward") for layer in layers]
    try:
        for layer in layers:
            layer.forward = _sliced(layer.forward, layer.heads, scores_bytes)  # type: ignore[method-assign]
        yield
    finally:
        for layer, forward in zip(layers, before, strict=True):
            del layer.forward
            if forward is not None:
                layer.forward = forward  # type: ignore[method-assign]


def _sliced(whole: Callable[..., Tensor], heads: int, scores_bytes: int) -> Callable[..., Tensor]:
    def forward(
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **others: object,
    ) -> Tensor:
        count = len(hidden_states)
        rows = _rows(hidden_states, encoder_hidden_states, heads, scores_bytes)
        if rows >= count or attention_mask is not None:
            return whole(hidden_states, encoder_hidden_states, attention_mask, **others)
        parts = []
        for start in range(0, count, rows):
            cut = slice(start, start + rows)
            seen = None if encoder_hidden_states is None else encoder_hidden_states[cut]
            parts.append(whole(hidden_states[cut], seen, None, **others))
        return torch.cat(parts)

    return forward


def _rows(hidden_states: Tensor, encoder_hidden_states: Tensor | None, heads: int, scores_bytes: int) -> int:
    """Rows whose scores fit."""
    places = hidden_states.shape[1] if hidden_states.ndim == 3 else hidden_states[0, 0].numel()
    seen = places if encoder_hidden_states is None else encoder_hidden_states.shape[1]
    return max(scores_bytes // (heads * places * seen * hidden_states.element_size()), 1)
