# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder for CPUs, one frame at a time: channels last, Winograd convolutions, nothing upsampled before it is used.

What it does beside the convolutions' own tricks:

- The map of the SPADE norms is transformed once for all norms of the middle blocks; the hidden values of a block's
  norms come from one convolution.
- Factor and offset of a norm are one convolution, and are applied tile by tile where they are made.
- A norm's statistics are the same before and after repeating pixels, so only the small map is normalised.
- The short cuts have no activation between norm and 1x1 convolution, so that applies to the *filters* of the offset:
  conv(norm * factor + offset) = conv(norm * factor) + (conv offset-filters)(hidden).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...neural.repeats import RepeatedConvolution
from ...neural.winograd import PLAIN, REPEATED_4, TILE, Rows, Tiling, Winograd, parts_of, read_points, tile_view
from ...neural.workspace import Workspace, inside
from ..networks import decoder as plain

SIZE = 64
EPSILON = 1e-5


class _Modulation:
    """Factor and offset of a SPADE norm, from its hidden map: 3x3 convolutions made one.

    Args:
        short_cut: (outputs, channels) 1x1 convolution behind the norm, applied to the offset's filters.
    """

    def __init__(self, norm: plain.Spade, short_cut: Tensor | None = None) -> None:
        gamma, beta = norm.mlp_gamma, norm.mlp_beta
        weight, bias = beta.weight, _bias(beta)
        if short_cut is not None:
            weight = torch.einsum("oc,cixy->oixy", short_cut, weight)
            bias = short_cut @ bias
        self.channels = gamma.out_channels
        self.short_cut = None if short_cut is None else short_cut.t().contiguous()
        self._convolution = Winograd(torch.cat([gamma.weight, weight]), torch.cat([_bias(gamma) + 1, bias]))

    def __call__(self, hidden: Tensor, tiling: Tiling, normed: Tensor, out: Tensor, space: Workspace) -> None:
        """Apply to a normed map.

        Args:
            hidden: (1, h', w', 128) with a border of one, read by ``tiling``.
            normed: (1, h, w, channels), or half that size, to be repeated 2x2.
            out: (1, h, w, channels, or outputs of the short cut).
        """
        repeat = out.shape[1] // normed.shape[1]

        def compute(part: Rows, own: Workspace) -> None:
            target = tile_view(out, part)
            made = self._convolution.of_points(read_points(hidden, part, own, tiling), own)
            made = made.unflatten(0, target.shape[:3])
            factor, offset = made.split([self.channels, made.shape[-1] - self.channels], dim=-1)
            scaled = own.take("scaled", *factor.shape)
            tiles = tile_view(normed, part, TILE // repeat)
            torch.mul(_repeated(factor, repeat), tiles[:, :, :, :, None, :, None], out=_repeated(scaled, repeat))
            if self.short_cut is None:
                target.copy_(functional.leaky_relu_(scaled.add_(offset), plain.SLOPE))
            else:
                mixed = own.take("mixed", *offset.shape)
                torch.mm(scaled.flatten(0, -2), self.short_cut, out=mixed.flatten(0, -2))
                torch.add(mixed, offset, out=target)

        space.each(compute, parts_of(out))


def _repeated(tiles: Tensor, repeat: int) -> Tensor:
    """(n, r, c, 4, 4, channels) with rows and columns taken apart into those to be repeated and their repeats."""
    return tiles.unflatten(4, (-1, repeat)).unflatten(3, (-1, repeat))


@dataclass(frozen=True, eq=False)
class _Segmentation:
    """The map that the norms' factors and offsets come from.

    Attributes:
        map: (1, 64, 64, 256).
        points: (256, 36, 256), its tiles for Winograd convolutions.
    """

    map: Tensor
    points: Tensor


class _Block:
    """A SPADE block: ``repeat`` says how often its map of hidden values repeats what was computed at 64 x 64."""

    def __init__(self, block: plain.SpadeBlock, repeat: int) -> None:
        norms = [block.norm_0, block.norm_1]
        self._modulations = [_Modulation(norm) for norm in norms]
        self._short = None
        if block.changes:
            self._short = _Modulation(block.norm_s, block.conv_s.weight[:, :, 0, 0])
            norms.append(block.norm_s)
        self._repeat = repeat
        self._tiling = REPEATED_4 if repeat == 4 else PLAIN
        self._hidden = _hidden(norms, repeat)
        self._convolutions = [Winograd(conv.weight, conv.bias) for conv in (block.conv_0, block.conv_1)]
        self._channels = (block.conv_0.weight.shape[1], block.conv_1.weight.shape[1])
        self.outputs = block.conv_1.weight.shape[0]

    def __call__(self, x: Tensor, segmentation: _Segmentation, space: Workspace) -> Tensor:
        """Run the block on (1, h, w, inputs), repeated 2x2 by blocks that change the size; others write into it."""
        size = SIZE * self._repeat
        hidden = self._hidden_maps(segmentation, space)
        normed = _normed(x, space)
        out = x
        if self._short is not None:
            out = space.take(f"short {self._repeat}", 1, size, size, self.outputs)
            self._short(hidden[2], self._tiling, normed, out, space)
        inner = space.take_bordered("inner", 1, size, size, self._channels[0])
        self._modulations[0](hidden[0], self._tiling, normed, inside(inner), space)
        middle = space.take("middle", 1, size, size, self._channels[1])
        self._convolutions[0](inner, middle, space)
        inner = space.take_bordered("inner", 1, size, size, self._channels[1])
        self._modulations[1](hidden[1], self._tiling, _normed(middle, space), inside(inner), space)
        return self._convolutions[1](inner, out, space, add=True)

    def _hidden_maps(self, segmentation: _Segmentation, space: Workspace) -> tuple[Tensor, ...]:
        """The norms' hidden values, with a border, to be read by the tiling."""
        kinds = {1: 1, 2: 2, 4: 3}[self._repeat]
        bordered = space.take_bordered("hidden", 1, kinds * SIZE, kinds * SIZE, self._hidden.outputs)
        out = inside(bordered)
        if isinstance(self._hidden, Winograd):
            self._hidden.from_points(segmentation.points, out, space)
        else:
            self._hidden(segmentation.map, out.unflatten(1, (SIZE, kinds)).unflatten(3, (SIZE, kinds)), space)
        out.relu_()
        return bordered.split(plain.HIDDEN, dim=3)


class FastDecoder:
    """G of one frame.

    Args:
        decoder: its weights are read, not kept.
    """

    def __init__(self, decoder: plain.SpadeDecoder) -> None:
        self._first = Winograd(decoder.fc.weight, decoder.fc.bias)
        middle = [getattr(decoder, f"G_middle_{index}") for index in range(plain.MIDDLE_BLOCKS)]
        self._blocks = [_Block(block, 1) for block in middle]
        self._blocks += [_Block(decoder.up_0, 2), _Block(decoder.up_1, 4)]
        last = decoder.conv_img[0]
        assert isinstance(last, torch.nn.Conv2d)
        self._last = Winograd(last.weight, last.bias)

    def __call__(self, feature: Tensor, space: Workspace) -> Tensor:
        """(64, 64, 256) features of the warping module to (512, 512, 3) RGB in 0..1."""
        segmentation = _segmentation(feature, space)
        x = space.take("x", 1, SIZE, SIZE, self._first.outputs)
        self._first.from_points(segmentation.points, x, space)
        for block in self._blocks:
            x = block(x, segmentation, space)
        side = x.shape[1]
        inner = space.take_bordered("inner", 1, side, side, x.shape[3])
        inside(inner).copy_(functional.leaky_relu_(x, plain.SLOPE))
        last = self._last(inner, space.take("last", 1, side, side, self._last.outputs), space)
        # Pixel shuffle: the channels are color, row and column in a block of 2 x 2 pixels.
        pixels = last.view(side, side, 3, 2, 2).permute(0, 3, 1, 4, 2)
        return torch.sigmoid(pixels).reshape(2 * side, 2 * side, 3)


def _segmentation(feature: Tensor, space: Workspace) -> _Segmentation:
    """From (64, 64, 256)."""
    bordered = space.take_bordered("inner", 1, SIZE, SIZE, plain.FEATURES)
    inside(bordered).copy_(feature)
    points = read_points(bordered, Rows(0, SIZE // TILE), space, name="segmentation")
    return _Segmentation(feature.contiguous()[None], points)


def _hidden(norms: Sequence[plain.Spade], repeat: int) -> Winograd | RepeatedConvolution:
    """The first convolutions of several norms as one."""
    weights, biases = [], []
    for norm in norms:
        first = norm.mlp_shared[0]
        assert isinstance(first, torch.nn.Conv2d)
        weights.append(first.weight)
        biases.append(_bias(first))
    return (Winograd if repeat == 1 else RepeatedConvolution)(torch.cat(weights), torch.cat(biases))


def _normed(x: Tensor, space: Workspace) -> Tensor:
    """(1, h, w, c) with mean 0 and variance 1 in each channel.

    Sums go over parts first, which PyTorch does several times faster for channels last than its own variance.
    """
    normed = space.take("normed", *x.shape)
    squares = space.take("squares", *x.shape)
    torch.sub(x, _mean(x), out=normed)
    return normed.mul_(torch.rsqrt(_mean(torch.mul(normed, normed, out=squares)) + EPSILON))


def _mean(x: Tensor) -> Tensor:
    """(c,) means of (1, h, w, c)."""
    return x.sum(dim=2).sum(dim=(0, 1)) / (x.shape[1] * x.shape[2])


def _bias(convolution: torch.nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias
