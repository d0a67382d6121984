# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places in pictures, and sampling at them: -1 and 1 are the middles of the outermost pixels (align_corners)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def grid(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """(height, width, 2): x and y in -1..1 of each pixel."""
    y, x = (2 * torch.arange(size, device=device, dtype=torch.float32) / (size - 1) - 1 for size in (height, width))
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)


def resized(flow: Tensor, height: int, width: int) -> Tensor:
    """A flow (B, h, w, 2) interpolated to (B, height, width, 2)."""
    if flow.shape[1:3] == (height, width):
        return flow
    planes = functional.interpolate(flow.permute(0, 3, 1, 2), (height, width), mode="bilinear", align_corners=True)
    return planes.permute(0, 2, 3, 1)


def warped(maps: Tensor, flow: Tensor) -> Tensor:
    """Sample maps at places, in 32 bit whatever the maps' type; outside is 0.

    Args:
        maps: (B, C, H, W).
        flow: (B, h, w, 2), for each target pixel its place in the maps; resized to theirs.

    Returns:
        (B, C, H, W) of the maps' type.
    """
    places = resized(flow.float(), *maps.shape[2:])
    return functional.grid_sample(maps.float(), places, align_corners=True).to(maps.dtype)
