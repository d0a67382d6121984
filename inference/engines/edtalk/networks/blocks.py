# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of StyleGAN2 (Karras et al. 2020, arXiv 1912.04958) that encoder and decoder are built from."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
DEMODULATION_EPSILON = 1e-8


def full_precision(like: Tensor) -> AbstractContextManager[object]:
    """What is computed inside stays in 32 bit, where convolutions around it are in 16 bit."""
    return torch.autocast(like.device.type, enabled=False)


class EqualConv2d(nn.Module):
    """Convolution without bias whose weight is kept with variance 1 and scaled by 1 / sqrt(fan in) when it is used."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.stride, self.padding = stride, padding

    def scaled(self) -> Tensor:
        """(outputs, inputs, kernel, kernel), as it acts."""
        return self.weight / math.sqrt(self.weight[0].numel())

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h', w')."""
        return functional.conv2d(x, self.scaled(), stride=self.stride, padding=self.padding)


class EqualLinear(nn.Module):
    """Linear layer whose weight is scaled by 1 / sqrt(inputs) when it is used; no activation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def scaled(self) -> Tensor:
        """(outputs, inputs), as it acts."""
        return self.weight / math.sqrt(self.weight.shape[1])

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs)."""
        return functional.linear(x, self.scaled(), self.bias)


class BiasedLeakyReLU(nn.Module):
    """Bias, leaky ReLU, and a factor of sqrt(2) that keeps the variance."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        return functional.leaky_relu(x + self.bias, SLOPE) * math.sqrt(2)


class Blur(nn.Module):
    """Convolution of each channel with one small kernel, a constant of the official file.

    Args:
        padding: zeros before and behind, in both directions.
    """

    def __init__(self, before: int, behind: int) -> None:
        super().__init__()
        self.kernel: Tensor
        self.register_buffer("kernel", torch.empty(4, 4))
        self.padding = (before, behind, before, behind)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h + before + behind - 3, w + before + behind - 3)."""
        channels = x.shape[1]
        kernel = self.kernel.flip(0, 1).to(x.dtype).expand(channels, 1, -1, -1)
        return functional.conv2d(functional.pad(x, self.padding), kernel, groups=channels)


class Upsample(nn.Module):
    """Twice the size: zeros between the pixels, then a small kernel, a constant of the official file."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel: Tensor
        self.register_buffer("kernel", torch.empty(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, 2h, 2w)."""
        channels = x.shape[1]
        kernel = self.kernel.expand(channels, 1, -1, -1)
        return functional.conv_transpose2d(x, kernel, stride=2, padding=1, groups=channels)


class ModulatedConv2d(nn.Module):
    """Convolution whose inputs are weighted by a style.

    Args:
        demodulate: divide each output by the norm of its weighted filter.
        upsample: to twice the size, by a transposed convolution and a blur.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, style: int, demodulate: bool = True, upsample: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, outputs, inputs, kernel, kernel))
        self.modulation = EqualLinear(style, inputs)
        self.demodulate = demodulate
        self.blur = Blur(1, 1) if upsample else None

    def scaled(self) -> Tensor:
        """(outputs, inputs, kernel, kernel), as it acts where the style is 1."""
        return self.weight[0] / math.sqrt(self.weight[0, 0].numel())

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(n, inputs, h, w) and (n, style) to (n, outputs, h, w), or twice the size.

        The style weights the pixels and the norm divides the results, which is the same as changing each picture's
        filters; so all pictures share one convolution.
        """
        with full_precision(x):
            factors = self.modulation(style)
            norms = self._norms(factors) if self.demodulate else None
        weight = self.scaled()
        x = x * factors[:, :, None, None].to(x.dtype)
        if self.blur is not None:
            x = self.blur(functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
        else:
            x = functional.conv2d(x, weight, padding=weight.shape[-1] // 2)
        return x if norms is None else x * norms[:, :, None, None].to(x.dtype)

    def _norms(self, factors: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs), by which the results are multiplied."""
        squares = functional.linear(factors.square(), self.scaled().square().sum(dim=(2, 3)))
        return torch.rsqrt(squares + DEMODULATION_EPSILON)
