# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames as the reference program writes them to a clip; only the conformance tests use it."""

from __future__ import annotations

import numpy as np


def clip_bytes(frames: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Stretch a clip from its darkest to its brightest value, and cut off decimals.

    Our own frames take -1..1 to 0..255 instead, so that a clip that never reaches black or white keeps its contrast,
    and no frame depends on others.

    Args:
        frames: (n, h, w, 3), nominally -1..1, all of the clip.

    Returns:
        The same shape as uint8, and the two values.
    """
    values = np.clip(frames, -1, 1).astype(np.float32)
    darkest, brightest = float(values.min()), float(values.max())
    return ((values - darkest) / (brightest - darkest) * 255).astype(np.uint8), (darkest, brightest)
