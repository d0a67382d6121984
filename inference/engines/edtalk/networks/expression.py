# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expression blocks: change the source's features by an expression's latent vector."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 128
EPSILON = 1e-5


class AdaptiveNorm(nn.Module):
    """Factor and offset of an instance norm, from a vector (AdaIN, Huang and Belongie 2017)."""

    def __init__(self, channels: int, vector: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Linear(vector, HIDDEN), nn.ReLU())
        self.mlp_gamma = nn.Linear(HIDDEN, channels)
        self.mlp_beta = nn.Linear(HIDDEN, channels)

    def affine(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """(n, vector) to factor and offset, (n, channels) each."""
        hidden = self.mlp_shared(vector)
        return 1 + self.mlp_gamma(hidden), self.mlp_beta(hidden)

    def forward(self, normed: Tensor, vector: Tensor) -> Tensor:
        """(n, channels, h, w) with mean 0 and variance 1, and (n, vector), to (n, channels, h, w)."""
        factor, offset = self.affine(vector)
        return normed * factor[:, :, None, None] + offset[:, :, None, None]


class ExpressionBlock(nn.Module):
    """EEM of the paper.

    The official file has two convolutions and two norms for it, but its program's result comes from the second of each
    alone, applied to the features themselves. The networks were trained with that.
    """

    def __init__(self, channels: int, vector: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = AdaptiveNorm(channels, vector)
        self.norm2 = AdaptiveNorm(channels, vector)

    def normed(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same: what every expression scales and adds to x."""
        return functional.instance_norm(self.conv2(x), eps=EPSILON)

    def forward(self, x: Tensor, normed: Tensor, vector: Tensor) -> Tensor:
        """(n, channels, h, w) twice, and (n, vector), to (n, channels, h, w)."""
        return x + self.norm2(normed, vector)
