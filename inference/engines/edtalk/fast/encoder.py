# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoder for processors, one picture at a time: channels last, Winograd convolutions.

The factor sqrt(2) of activations goes into filters and biases. It cancels against the division of a block's sum by
sqrt(2), so that of the short cuts only a smaller filter remains. These blur only the pixels that they keep.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...neural.winograd import Winograd
from ...neural.workspace import Workspace, inside
from ..networks.blocks import SLOPE, BiasedLeakyReLU, Blur, EqualConv2d
from ..networks.encoder import Encoder, ResBlock

_GAIN = math.sqrt(2)
# Smaller maps have too few tiles to read Winograd's weights for them, which are four times as many.
_SMALLEST_PX = 16
_CHANNELS_LAST = torch.channels_last


class _Block:
    """A residual block that halves the size, of a map of ``size`` pixels a side."""

    def __init__(self, block: ResBlock, size: int) -> None:
        weight, bias = _layer(block.conv1[0], block.conv1[1])
        self._first: Winograd | tuple[Tensor, Tensor]
        if size >= _SMALLEST_PX:
            self._first = Winograd(weight * _GAIN, bias * _GAIN)
        else:
            self._first = (weight * _GAIN).contiguous(memory_format=_CHANNELS_LAST), bias * _GAIN
        weight, self._second_bias = _layer(block.conv2[1], block.conv2[2])
        self._second = weight.contiguous(memory_format=_CHANNELS_LAST)
        self._blur, self._short_blur = (_kernel(part[0], len(bias)) for part in (block.conv2, block.skip))
        short = block.skip[1]
        assert isinstance(short, EqualConv2d)
        self._short = (short.scaled() / _GAIN).contiguous(memory_format=_CHANNELS_LAST)

    def __call__(self, x: Tensor, space: Workspace) -> Tensor:
        """(1, inputs, h, w) to (1, outputs, h/2, w/2), both with channels last in memory."""
        channels = x.shape[1]
        blurred = functional.conv2d(self._inner(x, space), self._blur, padding=2, groups=channels)
        made = functional.conv2d(blurred, self._second, self._second_bias, stride=2)
        halved = functional.conv2d(x, self._short_blur, stride=2, padding=1, groups=channels)
        return functional.leaky_relu_(made, SLOPE).add_(functional.conv2d(halved, self._short))

    def _inner(self, x: Tensor, space: Workspace) -> Tensor:
        if not isinstance(self._first, Winograd):
            return functional.leaky_relu_(functional.conv2d(x, *self._first, padding=1), SLOPE)
        _, channels, height, width = x.shape
        bordered = space.take_bordered("inner", 1, height, width, channels)
        inside(bordered).copy_(x.permute(0, 2, 3, 1))
        out = space.take("encoded", 1, height, width, channels)
        return functional.leaky_relu_(self._first(bordered, out, space), SLOPE).permute(0, 3, 1, 2)


class FastEncoder:
    """E of one picture; takes about 250 MB, as Winograd's weights are four times the network's own.

    Args:
        encoder: its weights are read, not kept.
        size: side of the pictures.
    """

    def __init__(self, encoder: Encoder, size: int = 256) -> None:
        first, *blocks, last = encoder.net_app.convs
        assert isinstance(first, nn.Sequential) and isinstance(last, EqualConv2d)
        weight, bias = _layer(first[0], first[1])
        self._first = (weight[:, :, 0, 0].t() * _GAIN).contiguous(), bias * _GAIN
        self._blocks = []
        for index, block in enumerate(blocks):
            assert isinstance(block, ResBlock)
            self._blocks.append(_Block(block, size >> index))
        self._last = last.scaled().permute(0, 2, 3, 1).flatten(1).contiguous()

    def __call__(self, picture: Tensor, space: Workspace) -> tuple[Tensor, list[Tensor]]:
        """(3, 256, 256) in -1..1 to a code (512,) and feature maps as the plain encoder gives them."""
        weight, bias = self._first
        pixels = torch.addmm(bias, picture.flatten(1).t().contiguous(), weight)
        first = functional.leaky_relu_(pixels, SLOPE).view(1, *picture.shape[1:], -1)
        maps = [first.permute(0, 3, 1, 2)]
        for block in self._blocks:
            maps.append(block(maps[-1], space))
        return self._last @ maps[-1].permute(0, 2, 3, 1).flatten(), maps[-2::-1]


def _layer(convolution: nn.Module, activation: nn.Module) -> tuple[Tensor, Tensor]:
    assert isinstance(convolution, EqualConv2d) and isinstance(activation, BiasedLeakyReLU)
    return convolution.scaled(), activation.bias.flatten()


def _kernel(blur: nn.Module, channels: int) -> Tensor:
    assert isinstance(blur, Blur)
    return blur.kernel.flip(0, 1).repeat(channels, 1, 1, 1)
