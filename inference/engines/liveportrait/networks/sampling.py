# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trilinear sampling of volumes, zeros outside; -1 and 1 are the outer *borders* of the volume.

That does not fit the grids of the networks, which put the centres of their corner cells at -1 and 1, but they were
trained with it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sample_volume(volume: Tensor, places: Tensor) -> Tensor:
    """Read (B, C, D, H, W) at (B, d, h, w, 3), x, y, z, to (B, C, d, h, w)."""
    if volume.device.type == "mps":  # PyTorch's own operation does not take volumes there
        return sample_gathered(volume, places)
    return functional.grid_sample(volume, places, mode="bilinear", padding_mode="zeros", align_corners=False)


def sample_gathered(volume: Tensor, places: Tensor) -> Tensor:
    """The same from operations that every device has."""
    batch, channels, *shape = volume.shape
    indices, weights = corners((shape[0], shape[1], shape[2]), places.reshape(-1, 3))
    indices = indices.view(batch, 1, -1, 8)
    cells = volume.flatten(2)
    sampled = torch.zeros(batch, channels, indices.shape[2], dtype=volume.dtype, device=volume.device)
    for corner in range(8):
        index = indices[..., corner].expand(-1, channels, -1)
        sampled += weights.view(batch, 1, -1, 8)[..., corner] * cells.gather(2, index)
    return sampled.unflatten(2, places.shape[1:4])


def corners(shape: tuple[int, int, int], places: Tensor) -> tuple[Tensor, Tensor]:
    """The eight cells around each place, and their weights.

    Args:
        shape: depth, height, width of the volume.
        places: (n, 3): x, y, z.

    Returns:
        (n, 8) indices into the flattened volume, and (n, 8) weights, which are 0 for cells outside.
    """
    sizes = torch.tensor(shape[::-1], dtype=places.dtype, device=places.device)
    exact = ((places + 1) * sizes - 1) / 2
    first = exact.floor()
    behind = exact - first
    neighbours = torch.stack([first, first + 1], dim=-1)  # (n, 3, 2)
    weights = torch.stack([1 - behind, behind], dim=-1)
    weights = weights * ((neighbours >= 0) & (neighbours < sizes[:, None]))
    strides = torch.tensor([1, shape[2], shape[1] * shape[2]], device=places.device)
    offsets = neighbours.clamp(min=0).minimum(sizes[:, None] - 1).to(torch.int64) * strides[:, None]
    x, y, z = offsets.unbind(dim=1)
    cells = (z[:, :, None, None] + y[:, None, :, None] + x[:, None, None, :]).flatten(1)
    x, y, z = weights.unbind(dim=1)
    return cells, (z[:, :, None, None] * y[:, None, :, None] * x[:, None, None, :]).flatten(1)
