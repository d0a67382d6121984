# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours continued smoothly from where they are known to where they are not."""

from __future__ import annotations

import cv2
import numpy as np

# Fills are smooth, so they are made on a reduced picture.
_FILL_PX = 384


def filled(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(H, W, C) float32: colours of the known pixels (H, W) continued over all of the picture."""
    height, width = known.shape
    factor = min(1.0, _FILL_PX / max(height, width))
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    # Averages over known pixels only, so that the other side does not bleed in.
    values = cv2.resize(pixels.astype(np.float32) * known[..., None], size, interpolation=cv2.INTER_AREA)
    values /= np.maximum(weight, 1e-4)[..., None]
    wide = _push_pull(values, weight)
    return cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)


def _push_pull(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Values (h, w, C) float32 with weights (h, w) from 0 to 1, unknown ones filled smoothly from the nearest known.

    Gortler et al., "The Lumigraph", 1996.
    """
    height, width = weight.shape
    if min(height, width) <= 2 or weight.min() >= 1:
        total = max(float(weight.sum()), 1e-6)
        mean = (values * weight[..., None]).sum(axis=(0, 1)) / total
        return (values * weight[..., None] + mean * (1 - weight[..., None])).astype(np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    # A wider window than two by two, so that no blocks show.
    smooth_weight = cv2.resize(cv2.GaussianBlur(weight, (5, 5), 0), size, interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(cv2.GaussianBlur(values * weight[..., None], (5, 5), 0), size, interpolation=cv2.INTER_AREA)
    smooth /= np.maximum(smooth_weight, 1e-9)[..., None]
    coarse = _push_pull(smooth, np.minimum(2 * smooth_weight, 1))
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return values * weight[..., None] + wide * (1 - weight[..., None])
