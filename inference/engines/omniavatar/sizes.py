# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sizes OmniAvatar draws, and how many frames at once. Pure."""

from __future__ import annotations

Size = tuple[int, int]

SIZES: dict[str, tuple[Size, ...]] = {
    "720": ((400, 720), (720, 720), (720, 400)),
    "960": ((720, 720), (528, 960), (960, 528), (720, 1280), (1280, 720)),
    "384": ((208, 384), (384, 384), (384, 208)),
    "256": ((144, 256), (256, 256), (256, 144)),
    "128": ((80, 128), (128, 128), (128, 80)),
}
"""(height, width) in px by the setting "size"; the first two rows are the published ones."""
PUBLISHED_TOKENS = 30000
"""Upper limit of the published program for what is drawn at once; a token is 16 x 16 px of 4 frames."""
_TOKEN_PX = 16 * 16 * 4


def drawn_size(sizes: tuple[Size, ...], height: int, width: int) -> Size:
    """The (height, width) whose proportions are nearest to a picture's; of two as near, see below.

    Of sizes with the same proportions the published program takes the first, unless a later one's longer side is as
    far from the picture's.
    """
    chosen, nearest, distance = sizes[0], float("inf"), 0
    for size in sizes:
        ratio = abs(size[0] / size[1] - height / width)
        off = abs(max(size) - max(height, width))
        if ratio < nearest:
            chosen, nearest, distance = size, ratio, off
        elif ratio == nearest and off == distance:
            chosen = size
    return chosen


def frames_at_once(tokens: int, height: int, width: int) -> int:
    """How many frames, 4k + 1, of a size the published program draws together within a number of tokens."""
    frames = int(tokens * _TOKEN_PX / height / width)
    return frames // 4 * 4 + 1 if frames % 4 else frames - 3
