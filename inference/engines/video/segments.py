# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of a section: how many are drawn, and what fills those that the film does not have."""

from __future__ import annotations

GRID = 4


def drawn_frames(frames: int, least: int = 5) -> int:
    """How many frames are drawn for a section of so many: the next 4 k + 1, at least ``least``."""
    return max(least, (frames + GRID - 2) // GRID * GRID + 1)


def latent_frames(frames: int) -> int:
    """Latent frames of 4 k + 1 frames: the first by itself, then one for every 4."""
    assert frames % GRID == 1, frames
    return frames // GRID + 1


def ping_pong(count: int, length: int) -> list[int]:
    """Indices 0..count-1, to the end, back to the start, and so on, until there are ``length``.

    The ends are not repeated (0 1 2 1 0 1 ...). A single frame is held.
    """
    assert count > 0
    if count == 1:
        return [0] * length
    period = 2 * count - 2
    return [min(i % period, period - i % period) for i in range(length)]
