# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warping module: features of the source, moved by key points, to the picture plane."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .appearance import CHANNELS, DEPTH
from .blocks import ConvBlock2d, DownBlock3d, UpBlock3d
from .sampling import sample_volume

KEY_POINTS = 21
MOTIONS = KEY_POINTS + 1  # one for each key point, and one for what does not move
COMPRESSED = 4
VARIANCE = 0.01  # of a key point's bell curve
HOURGLASS_INPUTS = MOTIONS * (COMPRESSED + 1)
HOURGLASS_OUTPUTS = HOURGLASS_INPUTS + 32


class Warped(NamedTuple):
    """What the warping module gives.

    Attributes:
        out: (B, 256, 64, 64) features for the decoder.
        occlusion: (B, 1, 64, 64), 0..1: how much of the warped source is seen.
        deformation: (B, 16, 64, 64, 3): where in the source (x, y, z in -1..1) each cell of the volume comes from.
    """

    out: Tensor
    occlusion: Tensor
    deformation: Tensor


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = (HOURGLASS_INPUTS, 64, 128, 256, 512, 1024)
        pairs = pairwise(widths)
        self.down_blocks = nn.ModuleList(DownBlock3d(before, after) for before, after in pairs)

    def forward(self, x: Tensor) -> list[Tensor]:
        levels = [x]
        for block in self.down_blocks:
            levels.append(block(levels[-1]))
        return levels


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = ((1024, 512), (1024, 256), (512, 128), (256, 64), (128, 32))
        self.up_blocks = nn.ModuleList(UpBlock3d(before, after) for before, after in widths)
        self.conv = nn.Conv3d(HOURGLASS_OUTPUTS, HOURGLASS_OUTPUTS, 3, padding=1)
        self.norm = nn.BatchNorm3d(HOURGLASS_OUTPUTS)

    def forward(self, levels: list[Tensor]) -> Tensor:
        x = levels[-1]
        for block, skipped in zip(self.up_blocks, reversed(levels[:-1]), strict=True):
            x = torch.cat([block(x), skipped], dim=1)
        return functional.relu(self.norm(self.conv(x)))


class Hourglass(nn.Module):
    """Encoder and decoder over the volume; the depth of 16 stays."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Encoder()
        self.decoder = _Decoder()

    def forward(self, x: Tensor) -> Tensor:
        """(B, 110, 16, 64, 64) to (B, 142, 16, 64, 64)."""
        return self.decoder(self.encoder(x))


class DenseMotionNetwork(nn.Module):
    """Motion of 21 key points to a motion of each cell of the volume."""

    def __init__(self) -> None:
        super().__init__()
        self.hourglass = Hourglass()
        self.mask = nn.Conv3d(HOURGLASS_OUTPUTS, MOTIONS, 7, padding=3)
        self.compress = nn.Conv3d(CHANNELS, COMPRESSED, 1)
        self.norm = nn.BatchNorm3d(COMPRESSED)
        self.occlusion = nn.Conv2d(HOURGLASS_OUTPUTS * DEPTH, 1, 7, padding=3)

    def forward(self, feature: Tensor, kp_driving: Tensor, kp_source: Tensor) -> tuple[Tensor, Tensor]:
        """Deformation and occlusion, as in ``Warped``."""
        small = functional.relu(self.norm(self.compress(feature)))
        motions = sparse_motions(small.shape[2:], kp_driving, kp_source)
        heat = heatmaps(small.shape[2:], kp_driving, kp_source)
        moved = torch.cat([heat[:, :, None], _sampled_by_each(small, motions)], dim=2)
        hidden = self.hourglass(moved.flatten(1, 2))
        mask = torch.softmax(self.mask(hidden), dim=1, dtype=torch.float32)
        # In 32 bit, and no matrix product, so that places are not rounded where the networks run in 16 bit.
        deformation = (mask[..., None] * motions).sum(dim=1)
        return deformation, torch.sigmoid(self.occlusion(hidden.flatten(1, 2)))


class WarpingNetwork(nn.Module):
    """W: warps the feature volume of the source and takes it to the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.dense_motion_network = DenseMotionNetwork()
        self.third = ConvBlock2d(CHANNELS * DEPTH, 256, slope=0.01)
        self.fourth = nn.Conv2d(256, 256, 1)

    def forward(self, feature: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Warped:
        """Warp.

        Args:
            feature: (B, 32, 16, 64, 64) from the appearance extractor.
            kp_driving: (B, 21, 3) wanted key points; x right, y down, -1..1 in the crop.
            kp_source: (B, 21, 3) key points of the source.
        """
        deformation, occlusion = self.dense_motion_network(feature, kp_driving, kp_source)
        plane = self.third(sample_volume(feature, deformation).flatten(1, 2))
        return Warped(self.fourth(plane) * occlusion, occlusion, deformation)


def identity_grid(shape: torch.Size, like: Tensor) -> Tensor:
    """(D, H, W, 3): x, y, z of each cell; the corner cells' centres are at -1 and 1. Not to be written to."""
    depth, height, width = (int(length) for length in shape)
    return _identity_grid(depth, height, width, like.dtype, like.device)


@lru_cache(maxsize=4)
def _identity_grid(depth: int, height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    axes = [torch.linspace(-1.0, 1.0, length, dtype=dtype, device=device) for length in (depth, height, width)]
    z, y, x = torch.meshgrid(*axes, indexing="ij")
    return torch.stack([x, y, z], dim=-1)


def sparse_motions(shape: torch.Size, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """(B, 22, D, H, W, 3): where a cell comes from if all moves as the background (first) or as one key point."""
    grid = identity_grid(shape, kp_driving)
    shift = (kp_source - kp_driving)[:, :, None, None, None, :]
    still = grid.expand(len(shift), 1, *grid.shape)
    return torch.cat([still, grid + shift], dim=1)


def heatmaps(shape: torch.Size, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """(B, 22, D, H, W): bell curves around the driving minus those around the source key points; first zeros."""
    grid = identity_grid(shape, kp_driving)
    heat = _bell_curves(grid, kp_driving) - _bell_curves(grid, kp_source)
    return torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)


def _bell_curves(grid: Tensor, points: Tensor) -> Tensor:
    distance = grid - points[:, :, None, None, None, :]
    return torch.exp(-0.5 * distance.square().sum(dim=-1) / VARIANCE)


def _sampled_by_each(volume: Tensor, motions: Tensor) -> Tensor:
    """(B, 22, C, D, H, W): the volume moved by each motion."""
    batch, count = motions.shape[:2]
    repeated = volume[:, None].expand(-1, count, -1, -1, -1, -1).flatten(0, 1)
    return sample_volume(repeated, motions.flatten(0, 1)).unflatten(0, (batch, count))
