# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""3x3x3 convolutions (and 1x3x3) over volumes (depth, h, w, c): Winograd's in the plane, summed over depths.

The sum over the depths happens between the transforms, so that each plane is transformed once. Volumes have an empty
plane before and behind, as they have a border around.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...neural.winograd import TILE, Rows, kernel_points, parts_of, read_points, tile_view, write_tiles
from ...neural.workspace import Workspace
from ..networks.blocks import ConvBlock2d, ConvBlock3d


class WinogradVolume:
    """A 3x3x3 convolution with padding 1, and ReLU; or one that sees one depth, without the padding there.

    Args:
        weight: (outputs, inputs, 3 or 1, 3, 3), depth first.
        bias: (outputs,).
        activate: apply ReLU.
        halve: give the mean of each 2x2 pixels instead; the quarter is already in the weights, as ReLU allows.
    """

    def __init__(self, weight: Tensor, bias: Tensor, halve: bool = False, activate: bool = True) -> None:
        scale = 0.25 if halve else 1.0
        assert activate or not halve
        self.halve, self.activate = halve, activate
        self.outputs = weight.shape[0]
        self._points = [kernel_points(weight[:, :, tap] * scale) for tap in range(weight.shape[2])]
        self._bias = bias * scale

    def __call__(self, bordered: Tensor, out: Tensor, space: Workspace, add: bool = False) -> Tensor:
        """Convolve.

        Args:
            bordered: (d + 2 or d, h + 2, w + 2, inputs), zeros around; h and w are multiples of 4.
            out: (d, h, w, outputs), or half of h and w where they are halved.
            add: to what ``out`` holds; not where it is halved.
        """
        tile = TILE // 2 if self.halve else TILE

        def compute(part: Rows, own: Workspace) -> None:
            points = read_points(bordered, part, own)
            made = write_tiles(self._products(points, len(bordered), own), self._bias, own)
            if self.activate:
                made.relu_()
            target = tile_view(out, part, tile)
            made = made.unflatten(0, target.shape[:3])
            if self.halve:
                pairs = torch.add(made[:, :, :, 0::2], made[:, :, :, 1::2])
                torch.add(pairs[:, :, :, :, 0::2], pairs[:, :, :, :, 1::2], out=target)
            else:
                target.add_(made) if add else target.copy_(made)

        space.each(compute, parts_of(out, tile))
        return out

    def _products(self, points: Tensor, planes: int, space: Workspace) -> Tensor:
        """(d + 2 or d planes of tiles, 36, inputs) to (36, d planes of tiles, outputs)."""
        tiles = len(points) // planes
        count = len(points) - (len(self._points) - 1) * tiles
        products = space.take("products", points.shape[1], count, self.outputs)
        for tap, weight in enumerate(self._points):
            part = points[tap * tiles : tap * tiles + count].transpose(0, 1)
            if tap == 0:
                torch.bmm(part, weight, out=products)
            else:
                products.baddbmm_(part, weight)
        return products


def folded(convolution: nn.Conv2d | nn.Conv3d, norm: nn.BatchNorm2d | nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the batch norm behind it."""
    assert norm.running_mean is not None and norm.running_var is not None and convolution.bias is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = convolution.weight * scale.view(-1, *[1] * (convolution.weight.ndim - 1))
    return weight, (convolution.bias - norm.running_mean) * scale + norm.bias


def folded_block(block: nn.Module) -> tuple[Tensor, Tensor]:
    """The same of one of the networks' blocks."""
    assert isinstance(block, (ConvBlock2d, ConvBlock3d))
    return folded(block.conv, block.norm)
