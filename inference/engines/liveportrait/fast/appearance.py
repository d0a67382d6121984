# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The appearance feature extractor for CPUs, one picture at a time: channels last, batch norms folded, Winograd."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...neural.workspace import Workspace, inside
from ..networks.appearance import CHANNELS, DEPTH, AppearanceFeatureExtractor
from ..networks.blocks import ResBlock3d
from .volume import WinogradVolume, folded, folded_block


class FastAppearance:
    """F of one picture.

    Args:
        network: its weights are read, not kept.
    """

    def __init__(self, network: AppearanceFeatureExtractor) -> None:
        weight, bias = folded_block(network.first)
        self._first = weight.contiguous(memory_format=torch.channels_last), bias
        # A plane is a volume whose filters see one depth.
        self._down = [
            WinogradVolume(weight[:, :, None], bias, halve=True)
            for weight, bias in (folded_block(block) for block in network.down_blocks)
        ]
        assert network.second.bias is not None
        # Its outputs by depth, then channel: so the volume's rows lie beside each other.
        weight = network.second.weight[:, :, 0, 0].unflatten(0, (CHANNELS, DEPTH)).transpose(0, 1).flatten(0, 1)
        self._second = weight.t().contiguous(), network.second.bias.view(CHANNELS, DEPTH).t().flatten()
        self._residual = [_Residual(block) for block in network.resblocks_3d]

    def __call__(self, picture: Tensor, space: Workspace) -> Tensor:
        """(3, 256, 256) RGB in 0..1 to (16, 64, 64, 32)."""
        first = functional.conv2d(picture[None].contiguous(memory_format=torch.channels_last), *self._first, padding=1)
        size = first.shape[2]
        bordered = space.take_bordered("appearance 0", 1, size, size, first.shape[1])
        inside(bordered).copy_(first.relu_().permute(0, 2, 3, 1))
        for level, block in enumerate(self._down):
            size //= 2
            following = space.take_bordered(f"appearance {level + 1}", 1, size, size, block.outputs)
            block(bordered, inside(following), space)
            bordered = following
        weight, bias = self._second
        planes = torch.addmm(bias, inside(bordered).flatten(0, 2), weight)
        volume = planes.view(size, size, DEPTH, CHANNELS).permute(2, 0, 1, 3).contiguous()
        for block in self._residual:
            block(volume, space)
        return volume


class _Residual:
    """Norm, ReLU, convolution, norm, ReLU, convolution; added to the volume in place."""

    def __init__(self, block: nn.Module) -> None:
        assert isinstance(block, ResBlock3d)
        norm = block.norm1
        assert norm.running_mean is not None and norm.running_var is not None and block.conv2.bias is not None
        self._scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        self._shift = norm.bias - norm.running_mean * self._scale
        self._first = WinogradVolume(*folded(block.conv1, block.norm2))
        self._second = WinogradVolume(block.conv2.weight, block.conv2.bias, activate=False)

    def __call__(self, volume: Tensor, space: Workspace) -> None:
        inner, outer = (space.take_around(f"residual {index}", *volume.shape) for index in range(2))
        torch.addcmul(self._shift, volume, self._scale, out=inside(inner[1:-1])).relu_()
        self._first(inner, inside(outer[1:-1]), space)
        self._second(outer, volume, space, add=True)
