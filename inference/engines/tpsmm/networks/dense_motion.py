# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dense motion: which spline moves each pixel, and which pixels can be seen in the source (TPSMM sections 3.2, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import DownBlock, UpBlock
from .resnet import POINTS
from .sampling import grid
from .thin_plate import CONTROL_POINTS, Splines

SCALE = 4
TRANSFORMS = POINTS // CONTROL_POINTS + 1
_KERNEL = 13
_VARIANCE = 0.01
# Heat maps with an empty one for the background, and the source under each transformation.
INPUTS = POINTS + 1 + 3 * TRANSFORMS
DOWN = ((INPUTS, 128), (128, 256), (256, 512), (512, 1024), (1024, 1024))
UP = ((1024, 1024), (2048, 512), (1024, 256), (512, 128), (256, 64))
OUTPUTS = 64 + INPUTS


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion of B frames; h and w are a quarter of the picture's.

    Attributes:
        deformed: (B, 11, 3, h, w), the small source under each transformation.
        contributions: (B, 11, h, w), weights of the transformations, of sum 1.
        flow: (B, h, w, 2), for each target pixel its place in the source.
        occlusions: (B, 1, ...) each, of h / 2, h, 2 h and 4 h rows; 1 is visible in the source.
    """

    deformed: Tensor
    contributions: Tensor
    flow: Tensor
    occlusions: list[Tensor]


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down_blocks = nn.ModuleList(DownBlock(*sizes) for sizes in DOWN)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The input and every block's output, the smallest last."""
        maps = [x]
        for block in self.down_blocks:
            maps.append(block(maps[-1]))
        return maps


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList(UpBlock(*sizes) for sizes in UP)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The encoder's maps to every block's output with the encoder's of that size, the largest last."""
        out = maps[-1]
        made = []
        for block, beside in zip(self.up_blocks, reversed(maps[:-1]), strict=True):
            out = torch.cat([block(out), beside], dim=1)
            made.append(out)
        return made


class _Hourglass(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = _Encoder()
        self.decoder = _Decoder()

    def forward(self, x: Tensor) -> list[Tensor]:
        return self.decoder(self.encoder(x))


class _Antialias(nn.Module):
    """A Gaussian, then every fourth pixel. The kernel is a constant that the official file holds."""

    def __init__(self) -> None:
        super().__init__()
        self.weight: Tensor
        self.register_buffer("weight", torch.empty(3, 1, _KERNEL, _KERNEL))

    def forward(self, pictures: Tensor) -> Tensor:
        # Only the pixels that stay are computed.
        return functional.conv2d(pictures, self.weight, stride=SCALE, padding=_KERNEL // 2, groups=3)


class DenseMotion(nn.Module):
    """Flow and occlusion from the small source, the transformations and the key points' heat maps."""

    def __init__(self) -> None:
        super().__init__()
        self.down = _Antialias()
        self.hourglass = _Hourglass()
        self.maps = nn.Conv2d(OUTPUTS, TRANSFORMS, 7, padding=3)
        self.up = nn.ModuleList([UpBlock(OUTPUTS, OUTPUTS // 2), UpBlock(OUTPUTS // 2, OUTPUTS // 4)])
        widths = (256, OUTPUTS, OUTPUTS // 2, OUTPUTS // 4)
        self.occlusion = nn.ModuleList(nn.Conv2d(width, 1, 7, padding=3) for width in widths)

    def forward(self, small: Tensor, transforms: Tensor, heat: Tensor) -> Motion:
        """Find the motion.

        Args:
            small: (B, 3, h, w), the source by ``down``.
            transforms: (B, 11, h, w, 2) of :func:`transformations`.
            heat: (B, 51, h, w) of :func:`heat_maps`.
        """
        deformed = deformed_source(small, transforms)
        decoded = self.hourglass(torch.cat([heat, deformed.flatten(1, 2)], dim=1))
        contributions = torch.softmax(self.maps(decoded[-1]).float(), dim=1)
        out = decoded[-1]
        masks = [self.occlusion[0](decoded[-2]), self.occlusion[1](out)]
        for up, mask in zip(self.up, self.occlusion[2:], strict=True):
            out = up(out)
            masks.append(mask(out))
        flow = combined(transforms, contributions)
        return Motion(deformed, contributions, flow, [torch.sigmoid(mask) for mask in masks])


def transformations(splines: Splines, height: int, width: int, background: Tensor | None) -> Tensor:
    """Where each transformation finds the pixels of the target in the source.

    Args:
        splines: of B frames.
        background: (B, 3, 3), from the target to the source; None keeps the background.

    Returns:
        (B, 11, height, width, 2): the background, then the splines.
    """
    places = grid(height, width, splines.controls.device)
    frames = len(splines.controls)
    still = places.expand(frames, 1, height, width, 2)
    if background is not None:
        homogeneous = functional.pad(places, (0, 1), value=1.0)
        moved = torch.einsum("bij,hwj->bhwi", background, homogeneous)
        still = (moved[..., :2] / moved[..., 2:])[:, None]
    return torch.cat([still, splines(places)], dim=1)


def gaussians(points: Tensor, height: int, width: int) -> Tensor:
    """(B, 50, 2) key points to (B, 50, height, width): exp(-|p - point|^2 / (2 * 0.01))."""
    places = grid(height, width, points.device)
    squares = (places - points[:, :, None, None]).square().sum(-1)
    return torch.exp(-squares / (2 * _VARIANCE))


def heat_maps(source: Tensor, driving: Tensor) -> Tensor:
    """Gaussians of two sets of key points, (1 or B, 50, h, w) and (B, 50, h, w), to (B, 51, h, w); the first is 0."""
    return functional.pad(driving - source, (0, 0, 0, 0, 1, 0))


def deformed_source(small: Tensor, transforms: Tensor) -> Tensor:
    """(B, 3, h, w) under (B, 11, h, w, 2): (B, 11, 3, h, w)."""
    count = transforms.shape[1]
    # The transformations of a frame as one tall map of places, so that the source is not repeated.
    sampled = functional.grid_sample(small, transforms.flatten(1, 2), align_corners=True)
    return sampled.unflatten(2, (count, -1)).transpose(1, 2)


def combined(transforms: Tensor, contributions: Tensor) -> Tensor:
    """The flow (B, h, w, 2): transformations (B, 11, h, w, 2) weighted by (B, 11, h, w)."""
    return (transforms * contributions[..., None]).sum(dim=1)
