# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder for processors, one frame at a time: channels last, Winograd convolutions.

What it does beside the convolutions' own trick:

- Styles weight pixels, not filters, so that filters are transformed once. A factor d of outputs is positive, so that
  leaky_relu(d x + b) = d leaky_relu(x + b / d); it is multiplied together with the next convolution's style.
- The factor of a convolution that doubles the size goes into the filter of the blur behind it.
- The rest of a level happens tile by tile, while the tiles are in the cache: flow, mask, sampling, picture, and the
  mixture that the next level begins with. At the last level only the picture is written.
- What the expression does to the features is kept while the expression stays the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ...neural.winograd import Rows, Winograd, parts_of, read_points, tile_view
from ...neural.workspace import Workspace, inside
from ..networks import decoder as plain
from ..networks.blocks import SLOPE, Blur, EqualConv2d
from .features import Expressions, Features
from .sampling import sample_rows
from .styles import Styles

_GAIN = math.sqrt(2)
# Smaller maps have too few tiles to read Winograd's weights for them, which are four times as many.
_SMALLEST_PX = 16


class _Up:
    """A convolution that doubles the size, with its blur."""

    def __init__(self, layer: plain.StyledConv) -> None:
        blur = layer.conv.blur
        assert isinstance(blur, Blur)
        weight = layer.conv.scaled().transpose(0, 1)
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._kernel = blur.kernel.flip(0, 1)
        self._bias = layer.activate.bias.flatten() * _GAIN

    def __call__(self, x: Tensor, norm: Tensor) -> Tensor:
        """(1, h, w, inputs), weighted by the style, to (1, 2h, 2w, outputs)."""
        doubled = functional.conv_transpose2d(x.permute(0, 3, 1, 2), self._weight, stride=2)
        kernel = self._kernel * (norm * _GAIN)[:, None, None, None]
        blurred = functional.conv2d(doubled, kernel, self._bias, padding=1, groups=len(norm))
        return functional.leaky_relu_(blurred, SLOPE).permute(0, 2, 3, 1)


class _Small:
    """A convolution of a map that is too small for Winograd's."""

    def __init__(self, layer: plain.StyledConv) -> None:
        self._weight = layer.conv.scaled().contiguous(memory_format=torch.channels_last)

    def __call__(self, x: Tensor, bias: Tensor) -> Tensor:
        """(1, h, w, inputs), weighted by the style, to (1, h, w, outputs), to be multiplied by the norm and sqrt(2)."""
        made = functional.conv2d(x.permute(0, 3, 1, 2), self._weight, bias, padding=1)
        return functional.leaky_relu_(made, SLOPE).permute(0, 2, 3, 1)


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Factors of a level's channels for one frame.

    Attributes:
        bias: of the second convolution, divided by the norm.
        gain: what its outputs are multiplied by, norm and sqrt(2).
        flow: (channels, 3), the flow's weights for those outputs before they are multiplied.
        following: of the inputs of the next level, None at the last one.
    """

    bias: Tensor
    gain: Tensor
    flow: Tensor
    following: Tensor | None


class _Level:
    """One size, from its first convolution to the inputs of the next size."""

    def __init__(self, decoder: plain.Decoder, index: int) -> None:
        self.size = 2 * plain.FIRST_PX << index
        self.channels = plain.CHANNELS[index]
        first, second = _styled(decoder.convs[2 * index]), _styled(decoder.convs[2 * index + 1])
        to_flow, to_rgb = decoder.to_flows[index], decoder.to_rgbs[index]
        assert isinstance(to_flow, plain.ToFlow) and isinstance(to_rgb, plain.ToRgb)
        self._up = _Up(first)
        self._bias = second.activate.bias.flatten()
        large = self.size >= _SMALLEST_PX
        self._second = Winograd(second.conv.scaled(), None) if large else _Small(second)
        self._flow = to_flow.conv.scaled()[:, :, 0, 0].t().contiguous()
        picture = to_rgb.conv[0]
        assert isinstance(picture, EqualConv2d)
        self._picture = picture.scaled()[:, :, 0, 0].t().contiguous() * _GAIN
        self._picture_bias = to_rgb.conv[1].get_parameter("bias").flatten() * _GAIN
        self._biases = torch.cat([to_flow.bias, to_rgb.bias], dim=1)
        assert to_rgb.upsample is not None
        kernels = [to_flow.upsample.kernel.expand(3, 1, -1, -1), to_rgb.upsample.kernel.expand(3, 1, -1, -1)]
        self._upsample = torch.cat(kernels)
        self._grid = plain.base_grid(self.size, self._flow)[None]

    def vectors(self, norm: Tensor, flow_style: Tensor, following: Tensor | None) -> _Vectors:
        """From the styles of the level's convolutions."""
        gain = norm * _GAIN
        return _Vectors(self._bias / norm, gain, self._flow * (flow_style * gain)[:, None], following)

    def __call__(
        self, x: Tensor, styles: tuple[Tensor, Tensor], vectors: _Vectors, rows: Tensor, above: Tensor | None,
        space: Workspace,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Draw the level.

        Args:
            x: (1, h, w, inputs), weighted by the style.
            styles: factors of the first convolution's outputs, and of the second's inputs.
            rows: (2h * 2w, channels), the source's features with the expression.
            above: (1, 6, h, w), raw flow and picture of the level before.

        Returns:
            (1, 2h, 2w, channels) for the next level, empty at the last; (1, 6, 2h, 2w).
        """
        size = self.size
        above = self._biases.expand(1, 6, size, size) if above is None else self._doubled(above)
        # What the next level reads, and what it adds to, with the pixels' channels last.
        following = None
        if vectors.following is not None:
            following = space.take(f"level {size}", 1, size, size, self.channels)
        made = above.new_empty(1, 6, size, size)
        norm, style = styles
        inner = self._up(x, norm)
        if isinstance(self._second, _Small):
            activated = self._second(inner.mul_(style), vectors.bias)
            whole = _Part(above.permute(0, 2, 3, 1), self._grid, made.permute(0, 2, 3, 1), following)
            self._finish(activated, vectors, rows, whole)
        else:
            bordered = space.take_bordered("inner", 1, size, size, self.channels)
            torch.mul(inner, style, out=inside(bordered))
            self._in_tiles(self._second, bordered, vectors, rows, (above, made, following), space)
        return made[:, :, :0] if following is None else following, made

    def _in_tiles(
        self, convolution: Winograd, bordered: Tensor, vectors: _Vectors, rows: Tensor,
        maps: tuple[Tensor, Tensor, Tensor | None], space: Workspace,
    ) -> None:  # fmt: skip
        above, made, following = maps
        planes = [above.permute(0, 2, 3, 1), self._grid, made.permute(0, 2, 3, 1)]

        def compute(part: Rows, own: Workspace) -> None:
            tiles = convolution.of_points(read_points(bordered, part, own), own, vectors.bias)
            source, grid, target = (tile_view(plane, part) for plane in planes)
            activated = functional.leaky_relu_(tiles, SLOPE).view(*grid.shape[:-1], self.channels)
            next_inputs = None if following is None else tile_view(following, part)
            self._finish(activated, vectors, rows, _Part(source, grid, target, next_inputs))

        space.each(compute, parts_of(planes[2]))

    def _doubled(self, above: Tensor) -> Tensor:
        """Flow and picture of the level before at this level's size, with this level's biases."""
        doubled = functional.conv_transpose2d(above, self._upsample, stride=2, padding=1, groups=6)
        return doubled.add_(self._biases)

    def _finish(self, activated: Tensor, vectors: _Vectors, rows: Tensor, part: _Part) -> None:
        """Flow, picture and mixture of some pixels, given the second convolution's results (..., channels)."""
        pixels = activated.reshape(-1, self.channels)
        above = part.above.reshape(-1, 6)
        raw = torch.addmm(above[:, :3], pixels, vectors.flow)
        grid = part.grid.reshape(-1, 2)
        places = torch.tanh(raw[:, :2]).add_(grid)
        mask = torch.sigmoid(raw[:, 2])
        moved = sample_rows(rows, self.size, places[:, 0], places[:, 1], mask)
        picture = functional.leaky_relu_(torch.addmm(self._picture_bias, moved, self._picture), SLOPE)
        picture += above[:, 3:]
        part.made.copy_(torch.cat([raw, picture], dim=1).view(part.made.shape))
        if part.following is not None and vectors.following is not None:
            mixed = moved.addcmul_(pixels * vectors.gain, (1 - mask)[:, None])
            torch.mul(mixed.view(part.following.shape), vectors.following, out=part.following)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some pixels of a level, channels last, in any order that is the same in all.

    Attributes:
        above: (..., 6), raw flow and picture so far.
        grid: (..., 2), x and y.
        made: (..., 6), to be written: raw flow and picture.
        following: (..., channels), to be written for the next level.
    """

    above: Tensor
    grid: Tensor
    made: Tensor
    following: Tensor | None


class Drawn(NamedTuple):
    """What was made at one size.

    Attributes:
        features: (h * w, channels), the source's with the expression; valid until the next frame.
        made: (1, 6, h, w), raw flow and picture.
    """

    features: Tensor
    made: Tensor


class FastDecoder:
    """G of one frame; takes about 400 MB, as Winograd's weights are four times the network's own.

    Args:
        decoder: its weights are read, not kept, but for those of the expression blocks' norms.
    """

    def __init__(self, decoder: plain.Decoder) -> None:
        self._start = decoder.input.input.permute(0, 2, 3, 1).contiguous()
        self._first, self._first_bias = _Small(decoder.conv1), decoder.conv1.activate.bias.flatten()
        self._levels = [_Level(decoder, index) for index in range(len(plain.CHANNELS))]
        layers = [decoder.conv1, *decoder.convs, *decoder.to_flows]
        self._styles = Styles([layer.get_submodule("conv") for layer in layers])  # type: ignore[misc]
        self._expressions = Expressions(decoder.expression_blocks())

    def __call__(self, features: Features, latent: Tensor, expression: Tensor, space: Workspace) -> Tensor:
        """Features of a source, and (512,) twice, to (256, 256, 3), nominally -1..1."""
        return self.levels(features, latent, expression, space)[-1].made[0, 3:].permute(1, 2, 0)

    def levels(self, features: Features, latent: Tensor, expression: Tensor, space: Workspace) -> list[Drawn]:
        """The same, from 8 to 256 px."""
        factors, norms = self._styles(latent)
        maps = self._expressions(features, expression, space)
        count = len(self._levels)
        x = self._first(self._start * factors[0], self._first_bias / norms[0]).mul_(norms[0] * _GAIN * factors[1])
        drawn: list[Drawn] = []
        for index, level in enumerate(self._levels):
            one, two = 1 + 2 * index, 2 + 2 * index
            following = factors[two + 1] if index + 1 < count else None
            vectors = level.vectors(norms[two], factors[1 + 2 * count + index], following)
            above = drawn[-1].made if drawn else None
            x, made = level(x, (norms[one], factors[two]), vectors, maps[index], above, space)
            drawn.append(Drawn(maps[index], made))
        return drawn


def _styled(layer: torch.nn.Module) -> plain.StyledConv:
    assert isinstance(layer, plain.StyledConv)
    return layer
