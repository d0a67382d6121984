# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a film is laid out in levels and windows, and how many steps that takes."""

from __future__ import annotations

from .schedule import steps_left

WINDOW = 12


def levels(count: int, window: int = WINDOW) -> list[tuple[int, ...]]:
    """Which frames of a film are drawn at each level, the shortest first; the last one has them all."""
    found = [tuple(range(count))]
    while len(found[0]) > window:
        frames = found[0]
        ends = {place for part in windows(len(frames), window) for place in (part[0], part[-1])}
        found.insert(0, tuple(frames[place] for place in sorted(ends)))
    return found


def windows(count: int, window: int = WINDOW) -> list[range]:
    """The windows of a level by places in it; each begins with the last frame of the one before."""
    starts = range(0, max(count - 1, 1), window - 1)
    return [range(start, min(start + window, count)) for start in starts]


def steps_of(count: int, steps: int, strength: float = 1.0) -> int:
    """How many steps ``draw_film`` tells: one for each window and step of all levels."""
    return sum(len(windows(len(frames))) for frames in levels(count)) * steps_left(steps, strength)
