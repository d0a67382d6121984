# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion network: at each place of the U-Net, each pixel looks at itself in the other frames, and in key frames."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .blocks import Attention, FeedForward

_GROUPS = 32
_WIDER = 4  # inner width of the feed forward layers, in channels
# Pixels at a time, which bounds what the feed forward layers hold.
_PIXELS = 2048


class _Position(nn.Module):
    pe: Tensor

    def __init__(self, length: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("pe", torch.zeros(1, length, channels))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + self.pe[:, : tokens.shape[1]]


class _Block(nn.Module):
    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.pos_embed = _Position(length, channels)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))
        self.attn1, self.attn2 = Attention(channels), Attention(channels)
        self.ff = FeedForward(channels, _WIDER * channels)

    def forward(self, tokens: Tensor) -> Tensor:
        for norm, attention in ((self.norm1, self.attn1), (self.norm2, self.attn2)):
            normal = self.pos_embed(norm(tokens))
            tokens = tokens + attention(normal, attention.keys(normal))
        return tokens + self.ff(self.norm3(tokens))


class TemporalTransformer(nn.Module):
    """Attention of each pixel over time.

    Args:
        length: frames that there are positions for.
    """

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_GROUPS, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([_Block(channels, length)])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, states: Tensor) -> Tensor:
        """Films (b, c, f, h, w) to the same; the groups are normalized over all frames together."""
        b, c, f, h, w = states.shape
        tokens = self.norm(states).permute(0, 3, 4, 2, 1).reshape(b * h * w, f, c)
        changed = torch.cat([self._changed(part) for part in tokens.split(_PIXELS)])
        return states + changed.reshape(b, h, w, f, c).permute(0, 4, 3, 1, 2)

    def _changed(self, tokens: Tensor) -> Tensor:
        tokens = self.proj_in(tokens)
        for block in self.transformer_blocks:
            tokens = block(tokens)
        return self.proj_out(tokens)


class MotionPlace(nn.Module):
    """One place: first with the key frames around the film, where there are some, then among its own frames."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.channels = channels
        self.attn1 = TemporalTransformer(channels, length)
        self.attn_pad = TemporalTransformer(channels, length)

    def forward(self, states: Tensor, frames: int, pads: Tensor | None) -> Tensor:
        """Frames (b f, c, h, w) to the same.

        Args:
            pads: (b, 2, c, h, w) states of the key frames before and behind, or None.
        """
        films = states.unflatten(0, (-1, frames)).transpose(1, 2)
        if pads is not None:
            first, last = pads.transpose(1, 2).split(1, 2)
            # The transformer's own residual is in what it gives, so the frames count twice, as in the reference.
            films = self.attn_pad(torch.cat([first, films, last], 2))[:, :, 1:-1] + films
        return self.attn1(films).transpose(1, 2).flatten(0, 1)


class Motion(nn.Module):
    """The network.

    Args:
        down, up: channels behind each down block, and before each up block.
        length: frames that there are positions for, key frames included.
    """

    def __init__(self, down: Sequence[int], up: Sequence[int], length: int) -> None:
        super().__init__()
        self.motion_down = nn.ModuleList(MotionPlace(channels, length) for channels in down)
        self.motion_up = nn.ModuleList(MotionPlace(channels, length) for channels in up)
