# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inpainting network: warps the source's features, paints what they do not show (TPSMM section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .blocks import Block, DownBlock, ResBlock, UpBlock
from .sampling import warped


class Inpainting(nn.Module):
    """An encoder of the source, which is the same for all its frames, and a decoder of what the flow makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Block(3, 64, 7)
        self.down_blocks = nn.ModuleList([DownBlock(64, 128), DownBlock(128, 256), DownBlock(256, 512)])
        self.up_blocks = nn.ModuleList([UpBlock(512, 256), UpBlock(512, 128), UpBlock(256, 64)])
        self.resblock = nn.ModuleList(ResBlock(channels) for channels in (512, 512, 512, 512, 256, 256))
        self.final = nn.Conv2d(64, 3, 7, padding=3)

    def encode(self, pictures: Tensor) -> list[Tensor]:
        """(B, 3, S, S) RGB in 0..1 to features with 64, 128, 256 and 512 channels; each is half the size."""
        maps = [self.first(pictures)]
        for block in self.down_blocks:
            maps.append(block(maps[-1]))
        return maps

    def forward(
        self, pictures: Tensor, features: Sequence[Tensor], flow: Tensor, occlusions: Sequence[Tensor]
    ) -> Tensor:
        """Draw frames.

        Args:
            pictures: (B, 3, S, S), the source.
            features: of :meth:`encode`.
            flow: (B, h, w, 2), for each target pixel its place in the source.
            occlusions: (B, 1, ...), of S / 8, S / 4, S / 2 and S rows; 1 is visible.

        Returns:
            (B, 3, S, S) RGB in 0..1.
        """
        out = warped(features[3], flow) * occlusions[0]
        visible = occlusions[3]
        for index, up in enumerate(self.up_blocks):
            out = up(self.resblock[2 * index + 1](self.resblock[2 * index](out)))
            beside = warped(features[2 - index], flow) * occlusions[index + 1]
            out = torch.cat([out, beside], dim=1) if index < 2 else out * (1 - visible) + beside
        painted = torch.sigmoid(self.final(out))
        return painted * (1 - visible) + warped(pictures, flow) * visible
