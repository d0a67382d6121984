# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that networks find in the pictures of a driving clip: found once, kept on disk, smoothed shot by shot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...capture.holding import Holding
from ...capture.smoothing import Reach, smoothed
from ...face.picture_8bit import to_bgr8
from ..engine import DrivingClip, Quality

# Pictures that the networks see at once.
_AT_ONCE = 4


@dataclass(frozen=True)
class Bank:
    """Numbers that are smoothed by one filter.

    Attributes:
        columns: which of a picture's numbers.
        filter: an attribute of ``capture.smoothing.Reach``.
    """

    columns: slice
    filter: str


@dataclass(frozen=True, eq=False)
class ClipPicture:
    """A picture of a clip as it is looked at.

    Attributes:
        index: its place in the clip.
        shot: number of the shot that it belongs to.
        bgr: (H, W, 3) uint8.
    """

    index: int
    shot: int
    bgr: np.ndarray


class ClipRows:
    """One row of numbers for each picture of a clip.

    A picture's numbers depend on that picture and its shot alone, whatever is asked for in whatever order.

    Args:
        what: all that decides the numbers besides the clip: engine, its version, the networks' files.
        width: how many numbers there are.
        banks: how they are smoothed; together they cover all columns.
        look: (n, width) numbers of n pictures of one clip.
    """

    def __init__(
        self,
        clip: DrivingClip,
        what: str,
        width: int,
        banks: Sequence[Bank],
        look: Callable[[Sequence[ClipPicture]], np.ndarray],
    ) -> None:
        self._clip = clip
        self._what = what
        self._banks = banks
        self._look = look
        self._rows = np.full((len(clip), width), np.nan, np.float32)
        self._shots = list(pairwise([0, *sorted({cut for cut in clip.cuts if 0 < cut < len(clip)}), len(clip)]))
        self._holdings: dict[int, Holding] = {}
        self._smoothed: dict[int, np.ndarray] = {}
        self._learn()

    def at(self, position: float, quality: Quality) -> np.ndarray:
        """(width,) float64 at a place in pictures, between the pictures beside it but not across a cut.

        A preview takes what single pictures show until the shot is known: finding it all takes a while.
        """
        low, high, part = self._beside(position)
        shot = self._shot_of(low)
        hasty = quality is Quality.PREVIEW and not self._is_known(self.pictures_of(shot))
        if self._clip.smoothing == 0 or hasty:
            first, second = self._unsmoothed([low, high])
        else:
            rows, start = self._smoothed_shot(shot), self._shots[shot][0]
            first, second = rows[low - start], rows[high - start]
        return first * (1 - part) + second * part

    def neutral(self, quality: Quality) -> np.ndarray:
        """(width,) float64 on the picture on which the actor's face rests."""
        return self.at(float(self._clip.neutral), quality)

    def pictures_of(self, shot: int) -> list[int]:
        """Pictures of a shot in which the face was found; where there are none, the nearest one of the clip."""
        first, end = self._shots[shot]
        seen = np.flatnonzero(self._clip.found)
        inside = seen[(seen >= first) & (seen < end)]
        return inside.tolist() if len(inside) else [int(seen[np.abs(seen - first).argmin()])]

    def _beside(self, position: float) -> tuple[int, int, float]:
        """The pictures beside a place and the second one's share."""
        position = min(max(position, 0.0), len(self._clip) - 1.0)
        low = int(position)
        high = low + 1
        if position == low or high >= len(self._clip) or high in self._clip.cuts:
            return low, low, 0.0
        return low, high, position - low

    def _shot_of(self, picture: int) -> int:
        return bisect_right([first for first, _ in self._shots], picture) - 1

    def _unsmoothed(self, pictures: Sequence[int]) -> np.ndarray:
        """(n, width) of pictures; where the face is lost, between the pictures in which it was seen."""
        held = [self._held(picture) for picture in pictures]
        self._find({seen for before, after, _ in held for seen in (before, after)})
        before, after, part = (np.array(values) for values in zip(*held, strict=True))
        first, second = self._rows[before].astype(np.float64), self._rows[after].astype(np.float64)
        return first * (1 - part[:, None]) + second * part[:, None]

    def _held(self, picture: int) -> tuple[int, int, float]:
        """Two pictures with a face, and the second one's share, that a picture is made of."""
        shot = self._shot_of(picture)
        first, end = self._shots[shot]
        found = self._clip.found[first:end]
        if not found.any():
            (nearest,) = self.pictures_of(shot)
            return nearest, nearest, 0.0
        if shot not in self._holdings:
            self._holdings[shot] = Holding.over(found, self._clip.rate)
        holding, place = self._holdings[shot], picture - first
        return first + int(holding.before[place]), first + int(holding.after[place]), float(holding.part[place])

    def _smoothed_shot(self, shot: int) -> np.ndarray:
        """(n, width) of a shot's pictures, each bank by its own filter."""
        if shot not in self._smoothed:
            self._find(set(self.pictures_of(shot)))
            rows = self._unsmoothed(range(*self._shots[shot]))
            reach, whole = Reach.of(self._clip.smoothing, self._clip.rate), [(0, len(rows) - 1)]
            for bank in self._banks:
                rows[:, bank.columns] = smoothed(rows[:, bank.columns], whole, getattr(reach, bank.filter))
            self._smoothed[shot] = rows
        return self._smoothed[shot]

    def _is_known(self, pictures: Sequence[int]) -> bool:
        return not np.isnan(self._rows[list(pictures), 0]).any()

    def _find(self, pictures: set[int]) -> None:
        """Look at pictures nobody has looked at yet; what was found is kept also when the request is canceled."""
        if self._is_known(sorted(pictures)):
            return
        self._learn()
        missing = [picture for picture in sorted(pictures) if np.isnan(self._rows[picture, 0])]
        if not missing:
            return
        reader = self._clip.pictures(missing)
        try:
            for done in range(0, len(missing), _AT_ONCE):
                self._clip.progress(done, len(missing))
                group = missing[done : done + _AT_ONCE]
                self._rows[group] = self._look(
                    [ClipPicture(index, self._shot_of(index), to_bgr8(reader.read(index))) for index in group]
                )
            self._clip.progress(len(missing), len(missing))
        finally:
            reader.close()
            self._learn()
            self._clip.remember(self._what, self._rows)

    def _learn(self) -> None:
        """Take over what others found: a preview and a render of one clip look at it side by side."""
        rows = self._clip.remembered(self._what)
        if rows is not None and rows.shape == self._rows.shape and rows.dtype == np.float32:
            self._rows = np.where(np.isnan(self._rows), rows, self._rows)
