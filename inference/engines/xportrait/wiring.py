# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes diffusers' networks compute what X-Portrait's compute: the bank of the source, and the motion modules' order.

Xie and others, X-Portrait, SIGGRAPH 2024; compared with the reference implementation in the conformance tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from diffusers import UNetMotionModel
from diffusers.models.attention import BasicTransformerBlock
from torch import Tensor, nn

Bank = Mapping[str, Tensor]


def spatial_blocks(network: nn.Module) -> Iterator[tuple[str, BasicTransformerBlock]]:
    """The transformer blocks of a U-Net that look at one frame, by name; not those of motion modules."""
    for name, module in network.named_modules():
        if isinstance(module, BasicTransformerBlock) and ".attentions." in name:
            yield name, module


class BankWriter:
    """Keeps what each self-attention of the appearance network is given.

    Attributes:
        entries: (frames, tokens, channels) of each block, by name, in the order of computation.
    """

    def __init__(self, network: nn.Module) -> None:
        self.entries: dict[str, Tensor] = {}
        for name, block in spatial_blocks(network):
            block.attn1.register_forward_pre_hook(partial(self._keep, name))

    def _keep(self, name: str, module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self.entries[name] = arguments[0]

    def take(self) -> Bank:
        """The entries of the pass that just ended, with the tokens of all its frames behind one another; forgets them.

        Returns:
            (1, tokens, channels) of each block.
        """
        entries, self.entries = self.entries, {}
        return {name: entry.reshape(1, -1, entry.shape[2]) for name, entry in entries.items()}


class BankReader:
    """Lets each self-attention of the denoiser also look at the bank's tokens.

    Attributes:
        bank: what it looks at; None for itself alone.
    """

    def __init__(self, network: nn.Module) -> None:
        self.bank: Bank | None = None
        for name, block in spatial_blocks(network):
            block.attn1.register_forward_pre_hook(partial(self._extend, name), with_kwargs=True)

    def _extend(
        self, name: str, module: nn.Module, arguments: tuple[Tensor, ...], options: dict[str, Any]
    ) -> tuple[tuple[Tensor, ...], dict[str, Any]] | None:
        if self.bank is None:
            return None
        tokens = arguments[0]
        source = self.bank[name].expand(len(tokens), -1, -1)
        return arguments, {**options, "encoder_hidden_states": torch.cat([tokens, source], dim=1)}


class FrameNorm(nn.Module):
    """A group norm with the statistics of each frame; diffusers' motion modules have those of all frames together."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, channels, frames, height, width), the same."""
        batch, channels, count, height, width = frames.shape
        each = frames.transpose(1, 2).reshape(batch * count, channels, height, width)
        return self.norm(each).reshape(batch, count, channels, height, width).transpose(1, 2)


class UpsampledMotion(nn.Module):
    """An upsampler with a motion module behind it.

    Args:
        upsampler: diffusers' own.
        motion: diffusers' own; all frames that it is given are one film.
    """

    def __init__(self, upsampler: nn.Module, motion: nn.Module) -> None:
        super().__init__()
        self.upsampler = upsampler
        self.motion = motion

    def forward(self, hidden_states: Tensor, output_size: Any = None) -> Tensor:
        """(frames, channels, height, width) to twice the size."""
        larger = self.upsampler(hidden_states, output_size)
        return self.motion(larger, num_frames=len(larger))


class _NoMotion(nn.Module):
    """In the place of a motion module that has moved."""

    def forward(self, hidden_states: Tensor, num_frames: int = 1) -> Tensor:
        return hidden_states


def wire_motion(network: UNetMotionModel) -> None:
    """Give each motion module its place and its norm; the weights must be loaded already."""
    down: Any = network.down_blocks
    up: Any = network.up_blocks
    for block in [*down, *up]:
        for module in block.motion_modules:
            module.norm = FrameNorm(module.norm)
    for block in up:
        if block.upsamplers is not None:
            block.upsamplers[0] = UpsampledMotion(block.upsamplers[0], block.motion_modules[-1])
            block.motion_modules[-1] = _NoMotion()
