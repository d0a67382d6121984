# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eyelids: how far each eye is closed, blinks made whole, winks told from blinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

# How far an eye is closed, by the part of its neutral opening that is gone and by the change of its blendshape. Both
# answer weakly to half-closed lids, so the curves are steep at first; their beginnings are left out as noise.
_BY_OPENING = ((0.06, 0.16, 0.28, 0.50, 0.62), (0.0, 0.40, 0.62, 0.85, 1.0))
_BY_SHAPE = ((0.02, 0.095, 0.17, 0.33, 0.43), (0.0, 0.42, 0.62, 0.83, 1.0))
# An eye that opens this much further than in the neutral frame is wide, and up to 0.5 above 1 at the second value.
_WIDE = (0.05, 0.18)
# One eye has to close by the first value more than the other to wink; from the second on all of the difference counts.
_WINK = (0.2, 0.5)
_SHUT = 0.5
# A blink rises and falls this much within this time.
_BLINK_DEPTH, _BLINK_S = 0.35, 0.4
# Behind spectacles and on small faces blinks are seen shallower than they are; the deepest one of a clip is taken for
# whole, if it is at least this deep, and never by a larger factor.
_SEEN_DEPTH, _MOST_GAIN = 0.55, 1.4


class Measures(Protocol):
    """Differences to the neutral frame by column, and the neutral frame's own values."""

    def __call__(self, name: str) -> np.ndarray:
        """(n,) difference of a column."""
        ...

    def neutral(self, name: str) -> float:
        """A column in the neutral frame."""
        ...


@dataclass(frozen=True)
class Lids:
    """Both eyes over a clip.

    Attributes:
        right, left: (n,) 0 open as in the neutral frame, 1 closed; negative for wide eyes, down to -0.5.
    """

    right: np.ndarray
    left: np.ndarray

    @property
    def shut(self) -> np.ndarray:
        """(n,) bool: the eyes are so far closed that nobody can say where they look."""
        return np.maximum(self.right, self.left) > _SHUT

    def opened(self, part: np.ndarray) -> Lids:
        """The lids without a part (n,) of their closing that something else explains; closed eyes stay closed."""
        return Lids(*(np.where(lid > 0, np.maximum(lid - part * (1 - lid), 0), lid) for lid in (self.right, self.left)))

    def controls(self) -> dict[str, np.ndarray]:
        """Values of eye openness and winks: what both eyes do, and what one does beyond the other."""
        apart = np.abs(np.maximum(self.right, 0) - np.maximum(self.left, 0))
        wink = apart * np.clip((apart - _WINK[0]) / (_WINK[1] - _WINK[0]), 0, 1)
        closing = (self.right + self.left - wink) / 2
        return {
            "eye_open": 1 - closing,
            "wink_r": np.where(self.right > self.left, wink, 0.0),
            "wink_l": np.where(self.left > self.right, wink, 0.0),
        }


def lids_of(moved: Measures, rate: float) -> Lids:
    """Eyelids of a clip.

    Args:
        rate: pictures a second.
    """
    right, left = (_closing(moved, side) for side in ("Right", "Left"))
    gain = _gain(np.maximum(right, left), rate)
    return Lids(*(np.where(side > 0, np.minimum(side * gain, 1.0), side) for side in (right, left)))


def _closing(moved: Measures, side: str) -> np.ndarray:
    name = f"eye_{side.lower()}"
    gone = -moved(name) / max(moved.neutral(name), 1e-3)
    closed = (np.interp(gone, *_BY_OPENING) + np.interp(moved(f"eyeBlink{side}"), *_BY_SHAPE)) / 2
    wide = np.clip((-gone - _WIDE[0]) / (_WIDE[1] - _WIDE[0]), 0, 1) / 2
    return np.where(closed > 0, closed, -wide)


def _gain(closing: np.ndarray, rate: float) -> float:
    """Factor that makes the clip's deepest blink a whole one."""
    depth = max((float(closing[at]) for at in blinks(closing, rate)), default=0.0)
    return min(1 / depth, _MOST_GAIN) if _SEEN_DEPTH <= depth < 1 else 1.0


def blinks(closing: np.ndarray, rate: float) -> list[int]:
    """Where eyes close for a moment.

    Args:
        closing: (n,) 0 open to 1 closed.
        rate: values a second.

    Returns:
        Index of the deepest moment of each blink, ascending.
    """
    closing = np.maximum(closing, 0)
    reach = max(1, round(_BLINK_S * rate))
    found: list[int] = []
    for at in range(len(closing)):
        before, after = closing[max(0, at - reach) : at + 1], closing[at : at + reach + 1]
        deepest = closing[at] == max(before.max(), after.max())
        if deepest and closing[at] - max(before.min(), after.min()) >= _BLINK_DEPTH:
            if not found or at - found[-1] > reach:
                found.append(at)
    return found
