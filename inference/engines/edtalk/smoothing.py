# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouth weights of a sound, smoothed in time."""

from __future__ import annotations

import numpy as np

# Gaussian with a standard deviation of one frame, cut to three frames.
KERNEL = (0.27406862, 0.45186276, 0.27406862)


def smoothed(weights: np.ndarray, even_ends: bool) -> np.ndarray:
    """Each frame mixed with its neighbours.

    Args:
        weights: (frames, n), one row a video frame.
        even_ends: repeat the first and last frame beyond the ends. Otherwise zeros are mixed in there, as the reference
            program does, so that the ends lose 27 % of their strength.

    Returns:
        The same shape, float32.
    """
    if not len(weights):
        return np.zeros(weights.shape, np.float32)
    padded = np.pad(np.asarray(weights, np.float32), ((1, 1), (0, 0)), mode="edge" if even_ends else "constant")
    before, here, behind = (np.float32(part) for part in KERNEL)
    return before * padded[:-2] + here * padded[1:-1] + behind * padded[2:]
