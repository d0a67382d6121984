# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a face is lost: its last pose is held, and eased into the one with which it is found again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

EASE_S = 0.2


@dataclass(frozen=True)
class Holding:
    """Each picture as a mixture of two pictures in which the face was found.

    Attributes:
        before, after: (n,) picture indices.
        part: (n,) 0 to 1, share of ``after``; 0 where the face was found itself.
        spans: first and last picture of each stretch in which it is lost.
    """

    before: np.ndarray
    after: np.ndarray
    part: np.ndarray
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def over(cls, found: np.ndarray, rate: Fraction) -> Holding:
        """Plan the pictures of a clip.

        Args:
            found: (n,) bool, true somewhere.
            rate: pictures a second.
        """
        before = np.arange(len(found))
        after, part = before.copy(), np.zeros(len(found))
        spans = _spans(~found)
        ease = max(1, round(EASE_S * rate))
        for first, last in spans:
            inside = slice(first, last + 1)
            earlier = first - 1 if first > 0 else last + 1
            later = last + 1 if last + 1 < len(found) else earlier
            before[inside], after[inside] = earlier, later
            # All the way in short gaps, over the last moments of long ones.
            steps = min(ease, last - first + 1) + 1
            part[inside] = smooth_step(1 - (last + 1 - np.arange(first, last + 1)) / steps)
        return cls(before, after, part, spans)

    def filled(self, values: np.ndarray) -> np.ndarray:
        """(n, k) values with those of lost pictures made from found ones."""
        part = self.part[:, None]
        return np.where(part > 0, values[self.before] * (1 - part) + values[self.after] * part, values[self.before])


def smooth_step(at: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, without a corner in between."""
    at = np.clip(at, 0.0, 1.0)
    return at * at * (3 - 2 * at)


def _spans(mask: np.ndarray) -> tuple[tuple[int, int], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return tuple((int(first), int(end) - 1) for first, end in zip(edges[::2], edges[1::2], strict=True))
