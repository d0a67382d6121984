# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a result moves when its source does; no Blender in here.

A result follows what *changed* on its source since the last look, so a place that the user gave to the result stays.
All numbers are timeline frames; ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Placement:
    """Where a strip lies.

    Attributes:
        anchor: timeline frame of the source's content frame 0.
        left, right: visible frames, the right one exclusive.
    """

    anchor: int
    left: int
    right: int

    @property
    def content(self) -> tuple[int, int]:
        """The visible content frames, the end exclusive."""
        return self.left - self.anchor, self.right - self.anchor

    def between(self, first: int, end: int) -> Placement:
        """The part that shows content frames, the end exclusive."""
        return Placement(self.anchor, self.anchor + first, self.anchor + end)


def followed(then: Placement, now: Placement, result: Placement) -> Placement:
    """Where a result belongs after its source went from one placement to another.

    Handles that lay at the source's follow them. Others keep their frame in the content, and never show more than the
    source does. A result that stands elsewhere on the timeline keeps its distance.
    """
    apart = result.anchor - then.anchor
    moved = now.left - then.left
    rigid = moved == now.right - then.right
    shift = moved if rigid else now.anchor - then.anchor
    left, right = result.left - apart, result.right - apart
    new_left = now.left if left == then.left else left + shift
    new_right = now.right if right == then.right else right + shift
    if left > then.left:  # the user's own trim
        new_left = max(new_left, now.left)
    if right < then.right:
        new_right = min(new_right, now.right)
    if new_left >= new_right:  # the source no longer shows any of it
        new_left, new_right = left + shift, right + shift
    return Placement(now.anchor + apart, new_left + apart, new_right + apart)


def keys_shift(then: Placement, now: Placement) -> int:
    """By how many frames Blender has moved a source's keys: with the whole strip, not when it is trimmed or slipped."""
    moved = now.left - then.left
    return moved if moved == now.right - then.right and moved == now.anchor - then.anchor else 0


def cuts(then: Placement, pieces: Sequence[Placement]) -> tuple[int, ...]:
    """The content frames at which a source was cut into pieces; () when the pieces are not one source cut up.

    Args:
        then: the source before.
        pieces: strips that show content of it now, in any order.
    """
    first, end = then.content
    spans = sorted(piece.content for piece in pieces)
    if any(start < first or stop > end for start, stop in spans):
        return ()
    if any(after[0] < before[1] for before, after in pairwise(spans)):
        return ()
    return tuple(start for start, _ in spans[1:])
