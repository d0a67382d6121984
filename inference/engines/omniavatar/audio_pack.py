# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network hears: a few numbers for every four frames, added to its tokens before some of its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

FIRST_BLOCK = 2
"""The first projection is added before this block, the second before the next, and so on."""
_GROUP = 4


class AudioPack(nn.Module):
    """Packs the sound's features; submodules bear the official names.

    Args:
        features: numbers a frame.
        hidden: numbers that four frames are packed into.
        width: of a token.
        count: of blocks that hear.
    """

    def __init__(self, features: int, hidden: int, width: int, count: int) -> None:
        super().__init__()
        parts = {"proj": nn.Linear(_GROUP * features, hidden), "norm_out": nn.LayerNorm(hidden)}
        self.audio_proj = nn.ModuleDict(parts)
        self.audio_cond_projs = nn.ModuleList(nn.Linear(hidden, width) for _ in range(count))

    def packed(self, audio: Tensor) -> Tensor:
        """(batch, latent frames, hidden) of (batch, frames, features); the first frame is heard four times."""
        audio = torch.cat([audio[:, :1].expand(-1, _GROUP - 1, -1), audio], dim=1)
        groups = audio.reshape(len(audio), audio.shape[1] // _GROUP, -1)
        return self.audio_proj["norm_out"](self.audio_proj["proj"](groups))

    def forward(self, audio: Tensor) -> Tensor:
        """(count, batch, latent frames, width) of (batch, frames, features); frames are 4k + 1."""
        packed = self.packed(audio)
        return torch.stack([project(packed) for project in self.audio_cond_projs])


def pack_options(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """Options of ``AudioPack`` from the shapes of its tensors.

    Raises:
        KeyError: where the tensors that tell the sizes are missing.
    """
    hidden, inputs = tensors["audio_proj.proj.weight"].shape
    count = sum(name.startswith("audio_cond_projs.") and name.endswith(".weight") for name in tensors)
    width = tensors["audio_cond_projs.0.weight"].shape[0]
    return {"features": inputs // _GROUP, "hidden": hidden, "width": width, "count": count}


@contextmanager
def hearing(blocks: Sequence[nn.Module], vectors: Tensor) -> Iterator[None]:
    """As long as the context lasts, the blocks hear.

    Args:
        blocks: of the network, all of them.
        vectors: (count, batch, latent frames, width) as ``AudioPack`` gives them.
    """
    handles = [
        block.register_forward_pre_hook(partial(_add, vector))
        for block, vector in zip(blocks[FIRST_BLOCK:], vectors, strict=False)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _add(vector: Tensor, block: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add to all tokens of a latent frame what is heard there."""
    tokens, *others = inputs
    each = tokens.shape[1] // vector.shape[1]
    return tokens + vector.to(tokens).repeat_interleave(each, dim=1), *others
