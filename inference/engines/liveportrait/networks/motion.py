# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion extractor: ConvNeXt V2 (Woo et al. 2023, arXiv 2301.00808), tiny, with a head for each quantity."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

DEPTHS = (3, 3, 9, 3)
WIDTHS = (96, 192, 384, 768)
EPSILON = 1e-6
# Outputs of each head. An angle comes as logits over 66 bins of 3 degrees.
HEADS = {"kp": 63, "scale": 1, "pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63}


class ChannelNorm(nn.Module):
    """Layer norm over the channels of (B, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        variance, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
        normed = (x - mean) / torch.sqrt(variance + EPSILON)
        return normed * self.weight[:, None, None] + self.bias[:, None, None]


class ResponseNorm(nn.Module):
    """Global response normalisation of (B, H, W, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.empty(1, 1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to the same."""
        strength = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
        relative = strength / (strength.mean(dim=-1, keepdim=True) + EPSILON)
        return self.gamma * (x * relative) + self.beta + x


class ConvNextBlock(nn.Module):
    """Depthwise 7x7 convolution, norm, and two linear layers with GELU and response norm between; residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.grn = ResponseNorm(4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) to the same."""
        inner = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        inner = self.pwconv2(self.grn(functional.gelu(self.pwconv1(inner))))
        return x + inner.permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """The backbone with its heads."""

    def __init__(self) -> None:
        super().__init__()
        self.downsample_layers = nn.ModuleList([nn.Sequential(nn.Conv2d(3, WIDTHS[0], 4, 4), ChannelNorm(WIDTHS[0]))])
        for before, after in pairwise(WIDTHS):
            self.downsample_layers.append(nn.Sequential(ChannelNorm(before), nn.Conv2d(before, after, 2, 2)))
        self.stages = nn.ModuleList(
            nn.Sequential(*(ConvNextBlock(width) for _ in range(depth)))
            for depth, width in zip(DEPTHS, WIDTHS, strict=True)
        )
        self.norm = nn.LayerNorm(WIDTHS[-1], eps=EPSILON)
        for name, outputs in HEADS.items():
            self.add_module(f"fc_{name}", nn.Linear(WIDTHS[-1], outputs))

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """See ``MotionExtractor``."""
        x = picture
        for shrink, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(shrink(x))
        features = self.norm(x.mean(dim=(2, 3)))
        return {name: self.get_submodule(f"fc_{name}")(features) for name in HEADS}


class MotionExtractor(nn.Module):
    """M: a picture of a face to head pose, expression and canonical key points."""

    def __init__(self) -> None:
        super().__init__()
        self.detector = ConvNext()

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The raw heads.

        Args:
            picture: (B, 3, 256, 256), RGB in 0..1.

        Returns:
            ``pitch``, ``yaw``, ``roll`` (B, 66) logits; ``t`` (B, 3); ``exp`` and ``kp`` (B, 63), x, y, z of 21 points;
            ``scale`` (B, 1).
        """
        return self.detector(picture)
