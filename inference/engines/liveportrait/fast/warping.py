# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warping module for CPUs, one frame at a time: channels last, batch norms folded, nothing upsampled.

Beside the convolutions' own tricks:

- A key point's motion is a translation, so the volume is moved by interpolating along one axis after the other.
- Its bell curve is a product of one curve along each axis.
- The masks sum to 1, so the deformation is the grid plus masks times shifts: no field of each motion is made.
- What is joined (skip connections) is written side by side in the first place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...neural.repeats import RepeatedConvolution
from ...neural.winograd import Winograd
from ...neural.workspace import Workspace, inside
from ..networks import warping as plain
from ..networks.appearance import CHANNELS, DEPTH
from .features import Features
from .sampling import interpolation, sample_rows
from .spectral import BORDER, SpectralConvolution
from .volume import WinogradVolume, folded, folded_block

SIZE = 64
SHAPE = (DEPTH, SIZE, SIZE)
# The background's bell curve is empty, so it is left out of the inputs.
MOVED = plain.MOTIONS * plain.COMPRESSED
INPUTS = MOVED + plain.KEY_POINTS
UP_CHANNELS = (32, 64, 128, 256, 512)
SKIP_CHANNELS = (INPUTS, 64, 128, 256, 512)


@dataclass(frozen=True, eq=False)
class FastFeatures(Features):
    """With what the fast form reads.

    Attributes:
        rows: (16 * 64 * 64, 32), the volume with channels last.
        compressed: (16, 64, 4, 64), depth, row, channel, column.
    """

    rows: Tensor
    compressed: Tensor


class FastWarping:
    """W of one frame.

    Args:
        network: its weights are read, not kept.
    """

    def __init__(self, network: plain.WarpingNetwork) -> None:
        dense = network.dense_motion_network
        order = _input_order()
        hourglass = dense.hourglass
        self._down = [
            WinogradVolume(*_reordered(folded_block(block), order if level == 0 else None), halve=True)
            for level, block in enumerate(hourglass.encoder.down_blocks)
        ]
        # From the smallest map to the largest.
        self._up = [RepeatedConvolution(*folded_block(block)) for block in hourglass.decoder.up_blocks]
        joined = torch.cat([torch.arange(UP_CHANNELS[0]), UP_CHANNELS[0] + order])
        self._join = WinogradVolume(*_reordered(folded(hourglass.decoder.conv, hourglass.decoder.norm), joined))
        self._mask = SpectralConvolution(dense.mask.weight, _present(dense.mask.bias))
        # (depth, channels, taps): the occlusion's filters, which see depths as channels.
        occlusion = dense.occlusion.weight[0].view(self._join.outputs, DEPTH, 49)
        self._occlusion = occlusion.transpose(0, 1).contiguous()
        self._occlusion_bias = _present(dense.occlusion.bias)
        self._compress = folded(dense.compress, dense.norm)
        weight, bias = folded_block(network.third)
        weight = weight.unflatten(1, (CHANNELS, DEPTH)).transpose(1, 2).flatten(1, 2)
        self._third = Winograd(weight, bias)
        self._fourth = network.fourth.weight[:, :, 0, 0].t().contiguous()
        self._fourth_bias = _present(network.fourth.bias)

    def features(self, volume: Tensor) -> FastFeatures:
        """Terms of a source picture from its volume (16, 64, 64, 32)."""
        rows = volume.reshape(-1, CHANNELS)
        weight, bias = self._compress
        small = torch.addmm(bias, rows, weight.view(len(weight), CHANNELS).t()).relu_()
        compressed = small.view(DEPTH, SIZE, SIZE, -1).transpose(2, 3).contiguous()
        return FastFeatures(volume.permute(3, 0, 1, 2), rows, compressed)

    def __call__(self, features: FastFeatures, x_d: Tensor, x_s: Tensor, space: Workspace) -> Tensor:
        """(21, 3) key points to (64, 64, 256) features for the decoder."""
        return self.parts(features, x_d, x_s, space)[0]

    def parts(
        self, features: FastFeatures, x_d: Tensor, x_s: Tensor, space: Workspace
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The result, occlusion (64, 64) and deformation (16, 64, 64, 3)."""
        levels = _levels(space)
        inputs = levels[0][..., UP_CHANNELS[0] :]
        _write_inputs(inputs[1:-1, 1:-1, 1:-1], features.compressed, x_d, x_s, space)
        hidden = self._hourglass(levels, space)
        shifts = torch.cat([torch.zeros_like(x_s[:1]), x_s - x_d])
        masks = torch.softmax(self._mask(hidden, space), dim=-1)
        grid = plain.identity_grid(torch.Size(SHAPE), masks)
        deformation = torch.addmm(grid.view(-1, 3), masks.view(-1, plain.MOTIONS), shifts).view(*SHAPE, 3)
        occlusion = self._occluded(hidden, space)
        return self._plane(features, deformation, occlusion, space), occlusion, deformation

    def _hourglass(self, levels: list[Tensor], space: Workspace) -> Tensor:
        """The inputs in the first level to (16, 70, 70, 142), with a border of three."""
        part = levels[0][..., UP_CHANNELS[0] :]
        for level, block in enumerate(self._down):
            following = levels[level + 1]
            target = following[..., -block.outputs :]
            block(part, target[1:-1, 1:-1, 1:-1], space)
            part = target
        for block, level in zip(self._up, reversed(range(len(self._up))), strict=True):
            below, target = levels[level + 1][1:-1, 1:-1, 1:-1], levels[level][1:-1, 1:-1, 1:-1, : block.outputs]
            block(below, target.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)), space)
            target.relu_()
        hidden = space.take_bordered("hidden volume", DEPTH, SIZE, SIZE, self._join.outputs, BORDER)
        self._join(levels[0], inside(hidden, BORDER), space)
        return hidden

    def _occluded(self, hidden: Tensor, space: Workspace) -> Tensor:
        """(64, 64) in 0..1: a 7x7 convolution to one channel, by summing what each tap makes of all pixels."""
        side = hidden.shape[1]
        taps = space.take("occlusion taps", side * side, 49).zero_()
        for plane, weight in zip(hidden, self._occlusion, strict=True):
            taps.addmm_(plane.view(side * side, -1), weight)
        # Pixel (y, x) takes tap (i, j) from (y + i, x + j).
        line = side * 49
        shifted = taps.as_strided((SIZE, SIZE, 7, 7), (line, 49, line + 7, 50), taps.storage_offset())
        return torch.sigmoid(shifted.sum(dim=(2, 3)) + self._occlusion_bias)

    def _plane(self, features: FastFeatures, deformation: Tensor, occlusion: Tensor, space: Workspace) -> Tensor:
        """The volume at the deformed places, taken to the plane."""
        # By pixel, then depth: the depths of a pixel lie beside each other, as channels.
        places = deformation.permute(1, 2, 0, 3).reshape(-1, 3)
        bordered = space.take_bordered("plane", 1, SIZE, SIZE, DEPTH * CHANNELS)
        inside(bordered).copy_(sample_rows(features.rows, SHAPE, places).view(1, SIZE, SIZE, -1))
        third = self._third(bordered, space.take("third", 1, SIZE, SIZE, self._third.outputs), space)
        functional.leaky_relu_(third, 0.01)
        out = torch.addmm(self._fourth_bias, third.view(SIZE * SIZE, -1), self._fourth)
        return out.view(SIZE, SIZE, -1).mul_(occlusion[..., None])


def _levels(space: Workspace) -> list[Tensor]:
    """Maps of the hourglass, each (18, side + 2, side + 2, channels from below and from above), zeros around."""
    levels = []
    sides = [SIZE >> level for level in range(len(UP_CHANNELS) + 1)]
    widths = [up + skip for up, skip in zip(UP_CHANNELS, SKIP_CHANNELS, strict=True)] + [2 * UP_CHANNELS[-1]]
    for side, width in zip(sides, widths, strict=True):
        levels.append(space.take_around(f"level {side}", DEPTH, side, side, width))
    return levels


def _write_inputs(out: Tensor, compressed: Tensor, x_d: Tensor, x_s: Tensor, space: Workspace) -> None:
    """Moved volumes and bell curves into (16, 64, 64, 88 + 21)."""
    shifts = torch.cat([torch.zeros_like(x_s[:1]), x_s - x_d])
    x, y, z = (interpolation(size, shifts[:, axis]) for axis, size in enumerate(SHAPE[::-1]))
    count, rest = plain.MOTIONS, plain.COMPRESSED * SIZE
    deep = space.take("moved z", count, DEPTH, SIZE, rest)
    torch.mm(z.view(-1, DEPTH), compressed.view(DEPTH, -1), out=deep.view(count * DEPTH, -1))
    down = space.take("moved y", count * DEPTH, SIZE, rest)
    torch.bmm(y.repeat_interleave(DEPTH, dim=0), deep.view(-1, SIZE, rest), out=down)
    across = space.take("moved z", count, DEPTH * SIZE * plain.COMPRESSED, SIZE)
    torch.bmm(down.view(count, -1, SIZE), x.transpose(1, 2), out=across)
    apart = across.view(count, DEPTH, SIZE, plain.COMPRESSED, SIZE).permute(1, 2, 4, 0, 3)
    out[..., :MOVED].unflatten(3, (count, plain.COMPRESSED)).copy_(apart)
    torch.sub(_bell_curves(x_d), _bell_curves(x_s), out=out[..., MOVED:])


def _bell_curves(points: Tensor) -> Tensor:
    """(16, 64, 64, 21)."""
    curves = []
    for axis, size in enumerate(SHAPE[::-1]):
        distance = torch.linspace(-1.0, 1.0, size)[:, None] - points[:, axis]
        curves.append(torch.exp(-0.5 / plain.VARIANCE * distance.square()))
    x, y, z = curves
    return z[:, None, None] * (y[:, None] * x)


def _input_order() -> Tensor:
    """Which of the network's inputs (motion by motion: bell curve, four moved channels) each of ours is."""
    motions = torch.arange(plain.MOTIONS)[:, None] * (plain.COMPRESSED + 1)
    moved = motions + 1 + torch.arange(plain.COMPRESSED)
    return torch.cat([moved.flatten(), motions[1:, 0]])


def _reordered(layer: tuple[Tensor, Tensor], order: Tensor | None) -> tuple[Tensor, Tensor]:
    weight, bias = layer
    return (weight if order is None else weight[:, order]), bias


def _present(bias: Tensor | None) -> Tensor:
    assert bias is not None
    return bias
