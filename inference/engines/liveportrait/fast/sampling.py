# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trilinear sampling of volumes by rows of channels, as ``grid_sample`` with zeros outside and open corners."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sample_rows(rows: Tensor, shape: tuple[int, int, int], places: Tensor) -> Tensor:
    """Sample a volume at places, each a weighted sum of eight rows.

    Args:
        rows: (d * h * w, c), the volume's cells.
        shape: d, h, w.
        places: (n, 3): x, y, z; -1 and 1 are the outer borders of the volume.

    Returns:
        (n, c).
    """
    indices, weights = corners(shape, places)
    return functional.embedding_bag(indices, rows, per_sample_weights=weights, mode="sum")


def corners(shape: tuple[int, int, int], places: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 8) cells around each place, and their weights: 0 for cells outside."""
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


def interpolation(size: int, shift: Tensor) -> Tensor:
    """(n, size, size): linear interpolation along an axis that samples a grid moved by each of (n,) shifts.

    The grid's points are evenly spaced from -1 to 1, which are the outer borders of the sampled cells; outside is 0.
    A translation moves each axis alone, so that sampling a volume by it is one such matrix along each axis.
    """
    grid = torch.linspace(-1.0, 1.0, size, dtype=shift.dtype, device=shift.device)
    cells = ((grid + shift[:, None] + 1) * size - 1) / 2
    distance = cells[:, :, None] - torch.arange(size, dtype=shift.dtype, device=shift.device)
    return (1 - distance.abs()).clamp_(min=0)
