# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The appearance feature extractor: a picture of a face to a volume of features."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import ConvBlock2d, DownBlock2d, ResBlock3d

CHANNELS = 32
DEPTH = 16


class AppearanceFeatureExtractor(nn.Module):
    """F: two halvings in the plane, then 512 channels seen as 32 channels of 16 depths, and six residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.first = ConvBlock2d(3, 64)
        self.down_blocks = nn.Sequential(DownBlock2d(64, 128), DownBlock2d(128, 256))
        self.second = nn.Conv2d(256, CHANNELS * DEPTH, 1)
        self.resblocks_3d = nn.Sequential()
        for index in range(6):
            self.resblocks_3d.add_module(f"3dr{index}", ResBlock3d(CHANNELS))

    def forward(self, picture: Tensor) -> Tensor:
        """Features of pictures.

        Args:
            picture: (B, 3, 256, 256), RGB in 0..1.

        Returns:
            (B, 32, 16, 64, 64): channel, depth, row, column.
        """
        planes = self.second(self.down_blocks(self.first(picture)))
        return self.resblocks_3d(planes.unflatten(1, (CHANNELS, DEPTH)))
