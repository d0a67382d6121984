# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoder: a picture to a code of its identity and motion, and to feature maps of six sizes."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn

from .blocks import BiasedLeakyReLU, Blur, EqualConv2d

CHANNELS = (64, 128, 256, 512, 512, 512, 512)
CODE = 512


class ResBlock(nn.Module):
    """Residual block that halves the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(EqualConv2d(inputs, inputs, 3, padding=1), BiasedLeakyReLU(inputs))
        self.conv2 = nn.Sequential(Blur(2, 2), EqualConv2d(inputs, outputs, 3, stride=2), BiasedLeakyReLU(outputs))
        self.skip = nn.Sequential(Blur(1, 1), EqualConv2d(inputs, outputs, 1, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h/2, w/2)."""
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


class AppearanceNetwork(nn.Module):
    """The convolutions."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.Sequential(EqualConv2d(3, CHANNELS[0], 1), BiasedLeakyReLU(CHANNELS[0]))
        blocks = [ResBlock(inputs, outputs) for inputs, outputs in pairwise(CHANNELS)]
        self.convs = nn.ModuleList([first, *blocks, EqualConv2d(CHANNELS[-1], CODE, 4)])

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """As the encoder."""
        maps, x = [], picture
        for layer in self.convs:
            x = layer(x)
            maps.append(x)
        # The last two are the 4 x 4 map, which nothing reads, and the code.
        return x[:, :, 0, 0], maps[-3::-1]


class Encoder(nn.Module):
    """E of the paper."""

    def __init__(self) -> None:
        super().__init__()
        self.net_app = AppearanceNetwork()

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(n, 3, 256, 256) in -1..1 to codes (n, 512) and feature maps, from (n, 512, 8, 8) to (n, 64, 256, 256)."""
        return self.net_app(picture)
