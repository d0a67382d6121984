# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trilinear sampling of volumes by rows of channels, with the conventions of ``networks.sampling``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..networks.sampling import corners


def sample_rows(rows: Tensor, shape: tuple[int, int, int], places: Tensor) -> Tensor:
    """Sample a volume at places, each a weighted sum of eight rows.

    Args:
        rows: (d * h * w, c), the volume's cells.
        shape: d, h, w.
        places: (n, 3): x, y, z.

    Returns:
        (n, c).
    """
    indices, weights = corners(shape, places)
    return functional.embedding_bag(indices, rows, per_sample_weights=weights, mode="sum")


def interpolation(size: int, shift: Tensor) -> Tensor:
    """(n, size, size): linear interpolation along an axis that samples a grid moved by each of (n,) shifts.

    The grid's points are evenly spaced from -1 to 1. A translation moves each axis alone, so that sampling a volume by
    it is one such matrix along each axis.
    """
    grid = torch.linspace(-1.0, 1.0, size, dtype=shift.dtype, device=shift.device)
    cells = ((grid + shift[:, None] + 1) * size - 1) / 2
    distance = cells[:, :, None] - torch.arange(size, dtype=shift.dtype, device=shift.device)
    return (1 - distance.abs()).clamp_(min=0)
