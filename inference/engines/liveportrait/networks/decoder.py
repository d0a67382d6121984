# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decoder: warped features to a picture, with SPADE blocks (Park et al. 2019, arXiv 1903.07291)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import SpectralConv2d

FEATURES = 256
HIDDEN = 128
MIDDLE_BLOCKS = 6
SLOPE = 0.2


class Spade(nn.Module):
    """Instance norm whose scale and offset are read from a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(FEATURES, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    def forward(self, x: Tensor, segmentation: Tensor) -> Tensor:
        """(B, channels, H, W) and the map (B, 256, h, w), repeated to H x W, to (B, channels, H, W)."""
        hidden = self.mlp_shared(functional.interpolate(segmentation, size=x.shape[2:], mode="nearest"))
        return functional.instance_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)


class SpadeBlock(nn.Module):
    """Residual block with two convolutions; the short cut has its own where the number of channels changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.conv_0 = SpectralConv2d(inputs, middle, 3)
        self.conv_1 = SpectralConv2d(middle, outputs, 3)
        self.norm_0 = Spade(inputs)
        self.norm_1 = Spade(middle)
        self.changes = inputs != outputs
        if self.changes:
            self.conv_s = SpectralConv2d(inputs, outputs, 1, bias=False)
            self.norm_s = Spade(inputs)

    def forward(self, x: Tensor, segmentation: Tensor) -> Tensor:
        """(B, inputs, H, W) and the map to (B, outputs, H, W)."""
        inner = self.conv_0(functional.leaky_relu(self.norm_0(x, segmentation), SLOPE))
        inner = self.conv_1(functional.leaky_relu(self.norm_1(inner, segmentation), SLOPE))
        short = self.conv_s(self.norm_s(x, segmentation)) if self.changes else x
        return short + inner


class SpadeDecoder(nn.Module):
    """G: six blocks at 64 x 64, two with doublings between, and a last doubling by pixel shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Conv2d(FEATURES, 512, 3, padding=1)
        for index in range(MIDDLE_BLOCKS):
            self.add_module(f"G_middle_{index}", SpadeBlock(512, 512))
        self.up_0 = SpadeBlock(512, 256)
        self.up_1 = SpadeBlock(256, 64)
        self.conv_img = nn.Sequential(nn.Conv2d(64, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, feature: Tensor) -> Tensor:
        """Decode.

        Args:
            feature: (B, 256, 64, 64) from the warping module; it is the map of all SPADE norms too.

        Returns:
            (B, 3, 512, 512), RGB in 0..1.
        """
        x = self.fc(feature)
        for index in range(MIDDLE_BLOCKS):
            x = self.get_submodule(f"G_middle_{index}")(x, feature)
        x = self.up_0(functional.interpolate(x, scale_factor=2), feature)
        x = self.up_1(functional.interpolate(x, scale_factor=2), feature)
        # In 32 bit, also where the networks run in 16 bit: bfloat16 has no more levels than 8 bit pictures there.
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)).float())
