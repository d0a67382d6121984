# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bilinear sampling of maps whose pixels are rows, with the conventions of ``networks.decoder.warped``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def sample_rows(rows: Tensor, size: int, x: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """Sample a square map at places, each a weighted sum of four rows.

    Args:
        rows: (size * size, c).
        x: (n,), -1 and 1 are the outer edges of the map; outside of them it is 0.
        y: (n,), likewise.
        mask: (n,), what is found is multiplied by.

    Returns:
        (n, c).
    """
    (left, right), (near_left, near_right) = _neighbours(x, size)
    (top, bottom), (near_top, near_bottom) = _neighbours(y, size)
    near_top, near_bottom = near_top * mask, near_bottom * mask
    top, bottom = top * size, bottom * size
    indices = torch.stack([top + left, top + right, bottom + left, bottom + right], dim=1)
    weights = torch.stack(
        [near_top * near_left, near_top * near_right, near_bottom * near_left, near_bottom * near_right], dim=1
    )
    return functional.embedding_bag(indices.to(torch.int32), rows, per_sample_weights=weights, mode="sum")


def _neighbours(places: Tensor, size: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The pixels before and behind places along an axis, and their weights; those outside of the map weigh nothing."""
    cells = (places + 1) * (size / 2) - 0.5
    before = cells.floor()
    after = before + 1
    share = cells - before
    inside_before = (before >= 0) & (before < size)
    inside_after = (after >= 0) & (after < size)
    pixels = before.clamp(0, size - 1), after.clamp(0, size - 1)
    return pixels, ((1 - share) * inside_before, share * inside_after)
