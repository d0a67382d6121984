# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of the person who is replaced: grown, drawn in blocks, and what they leave of a shot."""

from __future__ import annotations

import cv2
import numpy as np

_KERNEL_PX = 7


def grown(mask: np.ndarray, times: int, kernel_px: int = _KERNEL_PX) -> np.ndarray:
    """A mask that reaches further by half a kernel (3 px), so many times.

    Args:
        mask: (H, W) bool or uint8, 0 and 1.

    Returns:
        (H, W) uint8, 0 and 1.
    """
    values = mask.astype(np.uint8)
    return cv2.dilate(values, np.ones((kernel_px, kernel_px), np.uint8), iterations=times) if times else values


def blocks(mask: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """A mask made of whole blocks, so that the outline of who was there does not show.

    The mask's box is cut into blocks of equal size, with narrow ones at its right and lower side for what is left; a
    block that the mask touches is filled. As in the reference, the blocks end before the mask's last column and row,
    which stay as they are.

    Args:
        mask: (H, W) bool or uint8, 0 and 1. An empty one stays empty.
        columns, rows: how many blocks the box is cut into, at least 1.

    Returns:
        (H, W) uint8, 0 and 1.
    """
    filled = mask.astype(np.uint8)
    if not filled.any():
        return filled
    y, x = np.nonzero(filled)
    left, right, top, bottom = int(x.min()), int(x.max()), int(y.min()), int(y.max())
    wide, tall = max((right - left) // columns, 1), max((bottom - top) // rows, 1)
    for start_x in range(left, right, wide):
        for start_y in range(top, bottom, tall):
            block = filled[start_y : min(start_y + tall, bottom), start_x : min(start_x + wide, right)]
            if block.any():
                block[:] = 1
    return filled


def without_person(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A picture that is black where the mask is.

    Args:
        picture: (H, W, 3) uint8.
        mask: (H, W) uint8, 0 and 1.
    """
    return picture * (1 - mask[..., None])


def without_gaps(masks: np.ndarray) -> np.ndarray:
    """Masks of a shot in which empty ones keep the one before, and the first ones that which comes first.

    Args:
        masks: (n, H, W) bool. Where all are empty, all stay so.
    """
    found = np.flatnonzero(masks.any(axis=(1, 2)))
    if not found.size:
        return masks
    before = np.searchsorted(found, np.arange(len(masks)), side="right") - 1
    return masks[found[np.maximum(before, 0)]]
