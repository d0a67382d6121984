# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks that several of the networks are built from."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvBlock2d(nn.Module):
    """3x3 convolution, batch norm, ReLU or leaky ReLU.

    Args:
        slope: of the negative side; 0 is a plain ReLU.
    """

    def __init__(self, inputs: int, outputs: int, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W)."""
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class DownBlock2d(ConvBlock2d):
    """The same, then the mean of each 2x2 pixels."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H/2, W/2)."""
        return functional.avg_pool2d(super().forward(x), 2)


class ConvBlock3d(nn.Module):
    """3x3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, D, H, W) to (B, outputs, D, H, W)."""
        return functional.relu(self.norm(self.conv(x)))


class DownBlock3d(ConvBlock3d):
    """The same, then the mean of each 2x2 pixels; the depth stays."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, D, H, W) to (B, outputs, D, H/2, W/2)."""
        return functional.avg_pool3d(super().forward(x), (1, 2, 2))


class UpBlock3d(ConvBlock3d):
    """Each pixel repeated 2x2, then the block; the depth stays."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, D, H, W) to (B, outputs, D, 2H, 2W)."""
        return super().forward(functional.interpolate(x, scale_factor=(1, 2, 2)))


class ResBlock3d(nn.Module):
    """Residual block with norm and ReLU before each of two 3x3x3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(channels)
        self.norm2 = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, D, H, W) to the same."""
        inner = self.conv1(functional.relu(self.norm1(x)))
        return x + self.conv2(functional.relu(self.norm2(inner)))


class SpectralConv2d(nn.Module):
    """Convolution whose weight is divided by an estimate of its largest singular value.

    A checkpoint holds ``weight_orig`` and the two vectors of the estimate, u and v, as they were when training ended.
    They have not converged, so the weight is weight_orig / (u . W v) with exactly these vectors. ``fold`` does the
    division once, after which the module holds a plain ``weight``.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        self.padding = kernel // 2
        self.weight: Tensor
        self.weight_orig: Tensor
        self.weight_u: Tensor
        self.weight_v: Tensor
        self.bias: Tensor | None
        self.register_parameter("weight_orig", nn.Parameter(torch.empty(outputs, inputs, kernel, kernel)))
        self.register_parameter("bias", nn.Parameter(torch.empty(outputs)) if bias else None)
        self.register_buffer("weight_u", torch.empty(outputs))
        self.register_buffer("weight_v", torch.empty(inputs * kernel * kernel))

    def fold(self) -> None:
        """Replace the official tensors by the weight that results from them."""
        with torch.no_grad():
            sigma = torch.dot(self.weight_u, torch.mv(self.weight_orig.flatten(1), self.weight_v))
            weight = self.weight_orig / sigma
        del self.weight_orig, self.weight_u, self.weight_v
        self.register_parameter("weight", nn.Parameter(weight, requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W); after ``fold``."""
        return functional.conv2d(x, self.weight, self.bias, padding=self.padding)
