# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion weights at any place of a driving clip: found once a picture, kept on disk, smoothed shot by shot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...capture.holding import Holding
from ...capture.smoothing import Reach, smoothed
from ...face.picture_8bit import to_bgr8
from ..engine import DrivingClip, Quality
from ..liveportrait.crop import Square
from .crop import cut, shot_square
from .description import EDTALK
from .source_faces import Networks, rows_of
from .weights import EXPRESSION, MOUTH, POSE, row_length

# Pictures that the encoder sees at once.
_AT_ONCE = 4


class DrivingWeights:
    """Weights of a clip with pictures.

    A picture's weights depend on that picture and its shot's square alone, whatever is asked for in whatever order.

    Args:
        version: all that decides what the networks find: their files and how exactly they compute.
    """

    def __init__(self, clip: DrivingClip, model: Networks, version: str) -> None:
        self._clip = clip
        self._model = model
        self._what = f"{EDTALK.name} {EDTALK.version} weights {version}"
        self._rows = np.full((len(clip), row_length(model.full)), np.nan, np.float32)
        self._shots = list(pairwise([0, *sorted({cut for cut in clip.cuts if 0 < cut < len(clip)}), len(clip)]))
        self._holdings: dict[int, Holding] = {}
        self._squares: dict[int, Square] = {}
        self._smoothed: dict[int, np.ndarray] = {}
        self._learn()

    def at(self, position: float, quality: Quality) -> np.ndarray:
        """(36 or 26,) weights at a place in pictures, between the pictures beside it but not across a cut.

        A preview takes what single pictures show until the shot is known: finding it all takes a while.
        """
        low, high, part = self._beside(position)
        shot = self._shot_of(low)
        hasty = quality is Quality.PREVIEW and not self._is_known(self._pictures_of(shot))
        if self._clip.smoothing == 0 or hasty:
            first, second = self._unsmoothed([low, high])
        else:
            rows, start = self._smoothed_shot(shot), self._shots[shot][0]
            first, second = rows[low - start], rows[high - start]
        return first * (1 - part) + second * part

    def neutral(self, quality: Quality) -> np.ndarray:
        """(36 or 26,) weights at rest."""
        return self.at(float(self._clip.neutral), quality)

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

    def _pictures_of(self, shot: int) -> set[int]:
        """Pictures of a shot in which the face was found; where there are none, the nearest one of the clip."""
        first, end = self._shots[shot]
        seen = np.flatnonzero(self._clip.found)
        inside = seen[(seen >= first) & (seen < end)]
        return set(inside.tolist()) if len(inside) else {int(seen[np.abs(seen - first).argmin()])}

    def _unsmoothed(self, pictures: Sequence[int]) -> np.ndarray:
        """(n, 36 or 26) of pictures; where the face is lost, between the pictures in which it was seen."""
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
            (nearest,) = self._pictures_of(shot)
            return nearest, nearest, 0.0
        if shot not in self._holdings:
            self._holdings[shot] = Holding.over(found, self._clip.rate)
        holding, place = self._holdings[shot], picture - first
        return first + int(holding.before[place]), first + int(holding.after[place]), float(holding.part[place])

    def _smoothed_shot(self, shot: int) -> np.ndarray:
        """(n, 36 or 26) of a shot's pictures; mouth and head have filters of their own, as in Acting."""
        if shot not in self._smoothed:
            self._find(self._pictures_of(shot))
            rows = self._unsmoothed(range(*self._shots[shot]))
            reach, whole = Reach.of(self._clip.smoothing, self._clip.rate), [(0, len(rows) - 1)]
            for part, half in ((MOUTH, reach.mouth), (POSE, reach.head), (EXPRESSION, reach.head)):
                rows[:, part] = smoothed(rows[:, part], whole, half)
            self._smoothed[shot] = rows
        return self._smoothed[shot]

    def _is_known(self, pictures: set[int]) -> bool:
        return not np.isnan(self._rows[sorted(pictures), 0]).any()

    def _find(self, pictures: set[int]) -> None:
        """Look at pictures nobody has looked at yet; what was found is kept also when the request is canceled."""
        if self._is_known(pictures):
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
                crops = np.stack([cut(to_bgr8(reader.read(picture)), self._square(picture)) for picture in group])
                self._rows[group] = rows_of(self._model, self._model.encode_codes(crops))
            self._clip.progress(len(missing), len(missing))
        finally:
            reader.close()
            self._learn()
            self._clip.remember(self._what, self._rows)

    def _square(self, picture: int) -> Square:
        shot = self._shot_of(picture)
        if shot not in self._squares:
            seen = sorted(self._pictures_of(shot))
            self._squares[shot] = shot_square([self._clip.landmarks(index) for index in seen])
        return self._squares[shot]

    def _learn(self) -> None:
        """Take over what others found: a preview and a render of one clip look at it side by side."""
        rows = self._clip.remembered(self._what)
        if rows is not None and rows.shape == self._rows.shape and rows.dtype == np.float32:
            self._rows = np.where(np.isnan(self._rows), rows, self._rows)
