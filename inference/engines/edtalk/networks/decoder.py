# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder: moves the source's features by flows that it draws from a latent vector, level by level, 8 to 256 px."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import BiasedLeakyReLU, EqualConv2d, ModulatedConv2d, Upsample, full_precision
from .expression import ExpressionBlock

STYLE = 512
FIRST_PX = 4
CHANNELS = (512, 512, 512, 256, 128, 64)


class Constant(nn.Module):
    """The map that the decoder begins with."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.empty(1, STYLE, FIRST_PX, FIRST_PX))


class NoiseWeight(nn.Module):
    """A tensor of the official file that is used in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1))


class StyledConv(nn.Module):
    """Modulated 3x3 convolution with activation; without the noise that training adds."""

    def __init__(self, inputs: int, outputs: int, upsample: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, 3, STYLE, upsample=upsample)
        self.noise = NoiseWeight()
        self.activate = BiasedLeakyReLU(outputs)

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        """(n, inputs, h, w) and (n, 512) to (n, outputs, h, w), or twice the size."""
        return self.activate(self.conv(x, latent))


class ToFlow(nn.Module):
    """Where the features of a level come from, and how much of them is taken."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(1, 3, 1, 1))
        self.upsample = Upsample()
        self.conv = ModulatedConv2d(channels, 3, 1, STYLE, demodulate=False)

    def forward(self, x: Tensor, latent: Tensor, previous: Tensor | None) -> Tensor:
        """(n, channels, h, w) to raw values (n, 3, h, w), given those of half the size: see ``warped``."""
        # In 16 bit, features would come from places that are wrong by parts of a pixel.
        with full_precision(x):
            raw = self.conv(x.float(), latent) + self.bias
            return raw if previous is None else raw + self.upsample(previous)


class ToRgb(nn.Module):
    """Features to a picture, added to the picture of half the size."""

    def __init__(self, channels: int, upsample: bool = True) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(1, 3, 1, 1))
        self.upsample = Upsample() if upsample else None
        self.conv = nn.Sequential(EqualConv2d(channels, 3, 1), BiasedLeakyReLU(3))

    def forward(self, x: Tensor, previous: Tensor | None) -> Tensor:
        """(n, channels, h, w) to (n, 3, h, w)."""
        rgb = self.conv(x) + self.bias
        return rgb if previous is None or self.upsample is None else rgb + self.upsample(previous)


class SourceMap(NamedTuple):
    """A feature map of the source, (1 or n, channels, h, w), with what every frame of that source uses.

    Attributes:
        features: from the encoder.
        normed: what expressions scale and add to them; None for the model without expressions.
    """

    features: Tensor
    normed: Tensor | None


class Level(NamedTuple):
    """What the decoder made at one size, (n, channels, h, w) each.

    Attributes:
        features: of the source, with the expression.
        flow: raw values of :class:`ToFlow`.
        picture: so far, nominally -1..1.
    """

    features: Tensor
    flow: Tensor
    picture: Tensor


class Decoder(nn.Module):
    """G of the paper.

    Args:
        full: with the expression blocks.
    """

    def __init__(self, full: bool) -> None:
        super().__init__()
        self.input = Constant()
        self.conv1 = StyledConv(STYLE, CHANNELS[0])
        self.to_rgb1 = ToRgb(STYLE, upsample=False)  # in the official file, and used nowhere
        convolutions = []
        for inputs, outputs in zip((STYLE, *CHANNELS), CHANNELS, strict=False):
            convolutions += [StyledConv(inputs, outputs, upsample=True), StyledConv(outputs, outputs)]
        self.convs = nn.ModuleList(convolutions)
        self.to_rgbs = nn.ModuleList([ToRgb(channels) for channels in CHANNELS])
        self.to_flows = nn.ModuleList([ToFlow(channels) for channels in CHANNELS])
        if full:
            self.fineadainresblock = nn.ModuleList([ExpressionBlock(channels, STYLE) for channels in CHANNELS])
        self.full = full

    def prepared(self, maps: Sequence[Tensor]) -> list[SourceMap]:
        """The encoder's maps, from 8 to 256 px, for ``levels``: what depends on the source alone."""
        if not self.full:
            return [SourceMap(features, None) for features in maps]
        blocks = zip(maps, self.expression_blocks(), strict=True)
        return [SourceMap(features, block.normed(features)) for features, block in blocks]

    def expression_blocks(self) -> list[ExpressionBlock]:
        """From 8 to 256 px; none in the model without expressions."""
        if not self.full:
            return []
        return [block for block in self.fineadainresblock if isinstance(block, ExpressionBlock)]

    def levels(self, latent: Tensor, expression: Tensor | None, maps: Sequence[SourceMap]) -> list[Level]:
        """Run it.

        Args:
            latent: (n, 512), the source's code with the motion added.
            expression: (n, 512), the motion's part that is expression; None for the model without expressions.
            maps: of one source, or one for each frame: see ``prepared``.

        Returns:
            From 8 to 256 px.
        """
        x = self.conv1(self.input.input.expand(len(latent), -1, -1, -1), latent)
        flow = picture = None
        made = []
        for index in range(len(CHANNELS)):
            x = self.convs[2 * index](x, latent)
            x = self.convs[2 * index + 1](x, latent)
            level = maps[index].features.expand(len(latent), -1, -1, -1)
            if self.full:
                level = self.fineadainresblock[index](level, maps[index].normed, expression)
            flow = self.to_flows[index](x, latent, flow)
            moved, mask = warped(level, flow)
            picture = self.to_rgbs[index](moved, picture)
            x = moved + x * (1 - mask)
            made.append(Level(level, flow, picture))
        return made

    def forward(self, latent: Tensor, expression: Tensor | None, maps: Sequence[SourceMap]) -> Tensor:
        """As ``levels``: the picture (n, 3, 256, 256), nominally -1..1."""
        return self.levels(latent, expression, maps)[-1].picture


def warped(features: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Features moved and masked, and the mask (n, 1, h, w) in 0..1.

    The grid's corners are at -1 and 1, as if these were the centers of the corner pixels, and are read as their outer
    edges. The networks were trained with that.
    """
    mask = torch.sigmoid(flow[:, 2:])
    grid = torch.tanh(flow[:, :2]).permute(0, 2, 3, 1) + base_grid(flow.shape[-1], flow)
    moved = functional.grid_sample(features, grid.to(features.dtype), align_corners=False)
    return moved * mask, mask


def base_grid(size: int, like: Tensor) -> Tensor:
    """(size, size, 2): x and y from -1 to 1."""
    steps = torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([x, y], dim=2)
