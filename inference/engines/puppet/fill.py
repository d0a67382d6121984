# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smooth continuation of known pixels into unknown ones."""

from __future__ import annotations

import cv2
import numpy as np


def continued(colours: np.ndarray, known: np.ndarray, smallest_px: float) -> np.ndarray:
    """Colours (h, w, C) float32 with unknown pixels filled by averages over wider and wider surroundings.

    Normalized convolution (Knutsson and Westin 1993) with Gaussian windows; the first is ``smallest_px`` wide.

    Args:
        known: (h, w) float32, 0 to 1.

    Returns:
        (h, w, C) float32, smooth everywhere, also where it is known; the colours themselves when nothing is known.
    """
    if known.max() == 0:
        return colours.copy()
    out = np.zeros_like(colours)
    left = np.ones((*known.shape, 1), np.float32)
    weighted = colours * known[..., None]
    first = max(smallest_px, 1.0)
    for sigma in (first, 2.7 * first, 7 * first, 0.5 * max(known.shape)):
        weight = cv2.GaussianBlur(known, (0, 0), sigma)[..., None] + np.float32(1e-12)
        average = cv2.GaussianBlur(weighted, (0, 0), sigma) / weight
        part = left * np.clip(weight * np.float32(1 / 0.08), 0, 1)
        out += part * average
        left -= part
    return out + left * average
