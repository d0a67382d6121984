# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ResNet-18 (He et al. 2015, arXiv 1512.03385), and the two networks that are one: key points and background."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

POINTS = 50
_WIDTHS = (64, 128, 256, 512)


class _BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a short cut, which is a 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            short = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(short, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        inner = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(inner + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """The network under torchvision's tensor names, for pictures of any size.

    Args:
        inputs: channels of the picture.
        outputs: numbers at the end.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        before = 64
        for index, width in enumerate(_WIDTHS):
            first = _BasicBlock(before, width, stride=1 if index == 0 else 2)
            self.add_module(f"layer{index + 1}", nn.Sequential(first, _BasicBlock(width, width, stride=1)))
            before = width
        self.fc = nn.Linear(before, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs)."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, padding=1)
        for index in range(len(_WIDTHS)):
            x = self.get_submodule(f"layer{index + 1}")(x)
        return self.fc(x.mean(dim=(2, 3)))


class KeyPointDetector(nn.Module):
    """Finds the 50 key points of a picture; five in a row are the control points of one thin-plate spline."""

    def __init__(self) -> None:
        super().__init__()
        self.fg_encoder = ResNet18(3, 2 * POINTS)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..1 to (B, 50, 2), x and y in -1..1."""
        return (2 * torch.sigmoid(self.fg_encoder(pictures)) - 1).unflatten(1, (POINTS, 2))


class BackgroundPredictor(nn.Module):
    """Finds the affine motion of the background between two pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.bg_encoder = ResNet18(6, 6)

    def forward(self, source: Tensor, driving: Tensor) -> Tensor:
        """Two (B, 3, H, W) RGB in 0..1 to (B, 3, 3): from homogeneous places in ``driving`` to those in ``source``."""
        rows = self.bg_encoder(torch.cat([source, driving], dim=1)).unflatten(1, (2, 3))
        last = rows.new_tensor([0.0, 0.0, 1.0]).expand(len(rows), 1, 3)
        return torch.cat([rows, last], dim=1)
