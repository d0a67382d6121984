# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks that HelloMeme's networks share: attention along rows and columns, with sinusoidal positions.

Attributes of modules have the names of the official tensors.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 8
_SLOWEST = 10000.0


def positions(length: int, width: int, like: Tensor) -> Tensor:
    """(length, width) sinusoids of positions 0, 1 ...: sines in the first half, cosines in the second.

    The row of a position is the same in tables of all lengths.

    Args:
        like: a tensor whose device and type the table gets.
    """
    place = torch.arange(length, dtype=torch.float32, device=like.device)
    rates = torch.arange(width // 2, dtype=torch.float32, device=like.device) / (width / 2)
    angles = torch.outer(place, 1 / _SLOWEST**rates)
    return torch.cat([angles.sin(), angles.cos()], 1).to(like.dtype)


def rows(states: Tensor) -> Tensor:
    """(n, c, h, w) to (n h, w, c): each row of each picture a sequence."""
    n, c, h, w = states.shape
    return states.permute(0, 2, 3, 1).reshape(n * h, w, c)


def from_rows(tokens: Tensor, height: int) -> Tensor:
    """The way back from :func:`rows`."""
    count, w, c = tokens.shape
    return tokens.reshape(count // height, height, w, c).permute(0, 3, 1, 2)


def columns(states: Tensor) -> Tensor:
    """(n, c, h, w) to (n w, h, c): each column of each picture a sequence."""
    n, c, h, w = states.shape
    return states.permute(0, 3, 2, 1).reshape(n * w, h, c)


def from_columns(tokens: Tensor, width: int) -> Tensor:
    """The way back from :func:`columns`."""
    count, h, c = tokens.shape
    return tokens.reshape(count // width, width, h, c).permute(0, 3, 2, 1)


class Attention(nn.Module):
    """Attention of eight heads over (n, tokens, channels); only what comes out is given a bias.

    Args:
        channels: of the tokens that ask.
        asked: channels of the tokens that are asked; None for the same.
    """

    def __init__(self, channels: int, asked: int | None = None) -> None:
        super().__init__()
        asked = channels if asked is None else asked
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k = nn.Linear(asked, channels, bias=False)
        self.to_v = nn.Linear(asked, channels, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def keys(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of tokens that are asked: (n, tokens, channels) both."""
        return self.to_k(tokens), self.to_v(tokens)

    def forward(self, tokens: Tensor, keys: tuple[Tensor, Tensor]) -> Tensor:
        """What (n, tokens, channels) read from keys and values of :meth:`keys`."""
        asked, values = map(_heads, keys)
        found = functional.scaled_dot_product_attention(_heads(self.to_q(tokens)), asked, values)
        return self.to_out[0](found.transpose(1, 2).reshape(tokens.shape))


def _heads(tokens: Tensor) -> Tensor:
    """(n, tokens, channels) to (n, heads, tokens, channels of a head)."""
    n, count, channels = tokens.shape
    return tokens.view(n, count, HEADS, channels // HEADS).transpose(1, 2)


class _Gated(nn.Module):
    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * inner)

    def forward(self, tokens: Tensor) -> Tensor:
        values, gate = self.proj(tokens).chunk(2, -1)
        return values * functional.gelu(gate)


class FeedForward(nn.Module):
    """Two layers with a gate (GEGLU) between them.

    Args:
        inner: channels behind the gate.
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        # The official list has a dropout in the middle, which counts as number 1.
        self.net = nn.Sequential(_Gated(channels, inner), nn.Identity(), nn.Linear(inner, channels))

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., channels) to the same."""
        return self.net(tokens)


@dataclass(frozen=True)
class Beside:
    """Keys and values of a picture that lies beside others: to the right for rows, below for columns.

    Attributes:
        across: of its rows, (b h, w, c) both.
        down: of its columns, (b w, h, c) both.
    """

    across: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]


def beside(states: Tensor, norm: nn.Module, across: Attention, down: Attention) -> Beside:
    """A picture (b, c, h, w) as :func:`swept` takes it. It does not depend on the pictures that it lies beside."""
    h, w = states.shape[2:]
    row_tokens, column_tokens = rows(states), columns(states)
    row_tokens = norm(row_tokens + positions(2 * w, row_tokens.shape[-1], states)[w:])
    column_tokens = norm(column_tokens + positions(2 * h, column_tokens.shape[-1], states)[h:])
    return Beside(across.keys(row_tokens), down.keys(column_tokens))


def swept(states: Tensor, norm: nn.Module, across: Attention, down: Attention, other: Beside | None = None) -> Tensor:
    """Attention within each row, then within each column: (n, c, h, w) to the same.

    Args:
        norm: over channels, before both.
        other: what lies beside each picture, for batches of n / b pictures that follow each other.
    """
    h, w = states.shape[2:]
    tokens = rows(states)
    tokens = norm(tokens + positions(w, tokens.shape[-1], states))
    states = from_rows(across(tokens, _joined(across.keys(tokens), other and other.across, h)), h)
    tokens = columns(states)
    tokens = norm(tokens + positions(h, tokens.shape[-1], states))
    return from_columns(down(tokens, _joined(down.keys(tokens), other and other.down, w)), w)


def _joined(keys: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor] | None, lines: int) -> tuple[Tensor, Tensor]:
    """Keys and values of (b f lines, tokens, c) with those of (b lines, tokens, c) behind them, for every frame."""
    if other is None:
        return keys
    repeated = []
    for own, more in zip(keys, other, strict=True):
        pictures = more.unflatten(0, (-1, 1, lines))
        frames = own.shape[0] // more.shape[0]
        repeated.append(pictures.expand(-1, frames, -1, -1, -1).flatten(0, 2))
    return torch.cat([keys[0], repeated[0]], 1), torch.cat([keys[1], repeated[1]], 1)


class PlaneAttention(nn.Module):
    """Attention along rows and columns between two convolutions, in a narrower or equal width.

    Args:
        channels: of what comes in and out.
        inner: channels in between.
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, inner, 3, padding=1)
        self.attnx, self.attny = Attention(inner), Attention(inner)
        self.norm = nn.LayerNorm(inner)
        self.proj = nn.Conv2d(inner, channels, 3, padding=1)

    def beside(self, states: Tensor) -> Beside:
        """A picture (b, channels, h, w) that lies beside others."""
        return beside(self.conv_in(states), self.norm, self.attnx, self.attny)

    def forward(self, states: Tensor, other: Beside | None = None) -> Tensor:
        """What is to be added to (n, channels, h, w), of the same shape."""
        return self.proj(swept(self.conv_in(states), self.norm, self.attnx, self.attny, other))
