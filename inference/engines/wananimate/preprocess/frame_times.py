# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames of a movie are taken for frames at another rate."""

from __future__ import annotations

import numpy as np


def frame_indices(count: int, rate: float, wanted: int, wanted_rate: float) -> np.ndarray:
    """For each wanted frame the nearest of the movie; its last one is held.

    Args:
        count: frames of the movie.
        rate: its frames a second.
        wanted: how many frames are wanted.
        wanted_rate: their frames a second.

    Returns:
        (wanted,) int64.
    """
    times_s = np.arange(wanted) / wanted_rate
    return np.clip(np.round(times_s * rate).astype(np.int64), 0, count - 1)
