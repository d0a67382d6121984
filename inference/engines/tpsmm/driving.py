# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actor's key points at any place of a driving clip: found once a picture, kept by content, smoothed in a shot."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from ...capture.holding import Holding
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ..engine import DrivingClip, Quality
from .area import Area, cut_area, face_area, mean_area, person_area, person_box
from .description import TPSMM
from .motion import POINTS, unlikeness

# Pictures that the network sees at once.
_AT_ONCE = 8
# For files, so many pictures are looked at in one go: each go opens the clip anew.
_BLOCK = 64
# The person's box is that of so many pictures of a shot; the best match is sought among so many of a clip.
_BOX_PICTURES, _BEST_PICTURES = 8, 200
# Standard deviation of the smoothing in time at the end of its slider; it grows with the slider's square.
_SMOOTHING_S = 0.08
# Where the Gaussian ends, in standard deviations.
_REACH = 3.0


class KeyPointNetwork(Protocol):
    """The part of the model that finds key points."""

    def key_points(self, pictures: np.ndarray) -> np.ndarray:
        """(n, 50, 2) float32 in (n, S, S, 3) float32 R, G, B pictures, 0 to 1."""
        ...


@dataclass(frozen=True)
class Framing:
    """How the clip is cut, as the source is.

    Attributes:
        area: "face", "body" or "whole".
        crop_scale: as in the settings.
        size_px: side of the networks' square.
    """

    area: str
    crop_scale: float
    size_px: int


class DrivingPoints:
    """Key points of a clip.

    A picture's key points depend on that picture, its shot and its near neighbours alone, whatever is asked for in
    whatever order.

    Args:
        version: all that decides what the network finds: its weights and how exactly it computes.

    Attributes:
        lacks_person: the whole picture is shown, since no person was found; known when a picture was looked at.
    """

    def __init__(
        self, clip: DrivingClip, network: KeyPointNetwork, tracker: FaceTracker, framing: Framing, version: str
    ) -> None:
        self.clip = clip
        self.lacks_person = False
        self._network = network
        self._tracker = tracker
        self._framing = framing
        prefix = f"{TPSMM.name} {TPSMM.version}"
        place = f"{framing.area} {framing.crop_scale:.4f}"
        self._what = f"{prefix} key points {framing.size_px} {place} {version}"
        self._what_areas = f"{prefix} areas {place}"
        self._rows = np.full((len(clip), 2 * POINTS), np.nan, np.float32)
        self._shots = list(pairwise([0, *sorted({cut for cut in clip.cuts if 0 < cut < len(clip)}), len(clip)]))
        self._holdings: dict[int, Holding] = {}
        self._areas: dict[int, Area] = {}
        self._learn()

    @property
    def lost(self) -> int:
        """In how many pictures the actor's face was not found."""
        return int(np.count_nonzero(~self.clip.found))

    def at(self, positions: Sequence[float], quality: Quality) -> np.ndarray:
        """(n, 50, 2) float64 key points at places, between the pictures beside them but not across a cut."""
        beside = [self.beside(position) for position in positions]
        self._find({picture for low, high, _ in beside for picture in self._window(low) + self._window(high)}, quality)
        return np.stack([self._smoothed(low) * (1 - part) + self._smoothed(high) * part for low, high, part in beside])

    def best_by_landmarks(self, landmarks: np.ndarray) -> int:
        """The picture whose face (478 landmarks) is most like (478, 2) ones, by the reference's measure."""
        seen = np.flatnonzero(self.clip.found)
        return int(min(seen, key=lambda picture: unlikeness(self.clip.landmarks(int(picture)), landmarks)))

    def best_by_points(self, points: np.ndarray) -> int:
        """The picture whose key points are most like (50, 2) ones, among 200 spread over the clip."""
        spread = np.unique(np.linspace(0, len(self.clip) - 1, _BEST_PICTURES).round().astype(int)).tolist()
        self._find(set(spread), Quality.PREVIEW)
        return min(spread, key=lambda picture: unlikeness(self._rows[picture].reshape(POINTS, 2), points))

    def beside(self, position: float) -> tuple[int, int, float]:
        """The pictures beside a place and the second one's share."""
        position = min(max(position, 0.0), len(self.clip) - 1.0)
        low = int(position)
        high = low + 1
        if position == low or high >= len(self.clip) or high in self.clip.cuts:
            return low, low, 0.0
        return low, high, position - low

    def cut_pictures(self, pictures: Sequence[int]) -> np.ndarray:
        """(n, S, S, 3) float32 R, G, B, 0 to 1, of some pictures as the networks see them."""
        areas = {picture: self._area(picture) for picture in pictures}
        reader = self.clip.pictures(sorted(areas))
        try:
            return np.stack([cut_area(to_bgr8(reader.read(p)), areas[p], self._framing.size_px) for p in pictures])
        finally:
            reader.close()

    def _smoothed(self, picture: int) -> np.ndarray:
        """(50, 2) A Gaussian over the neighbours in the shot, as far as there are any."""
        window = self._window(picture)
        values = np.stack([self._mixed(*self._held(neighbour)) for neighbour in window])
        sigma = max(self._sigma(), 1e-3)
        weights = np.exp(-0.5 * np.square((np.array(window) - picture) / sigma))
        return np.tensordot(weights / weights.sum(), values, 1)

    def _sigma(self) -> float:
        """Standard deviation of the smoothing in pictures."""
        return _SMOOTHING_S * self.clip.smoothing**2 * float(self.clip.rate)

    def _window(self, picture: int) -> list[int]:
        first, end = self._shots[self._shot_of(picture)]
        reach = math.ceil(_REACH * self._sigma())
        return list(range(max(first, picture - reach), min(end, picture + reach + 1)))

    def _mixed(self, before: int, after: int, part: float) -> np.ndarray:
        points = self._rows[[before, after]].astype(np.float64).reshape(2, POINTS, 2)
        return points[0] * (1 - part) + points[1] * part

    def _shot_of(self, picture: int) -> int:
        return bisect_right([first for first, _ in self._shots], picture) - 1

    def _seen(self, shot: int) -> list[int]:
        """Pictures of a shot in which the face was found; where there are none, the nearest one of the clip."""
        first, end = self._shots[shot]
        seen = np.flatnonzero(self.clip.found)
        inside = seen[(seen >= first) & (seen < end)]
        return inside.tolist() if len(inside) else [int(seen[np.abs(seen - first).argmin()])]

    def _held(self, picture: int) -> tuple[int, int, float]:
        """Two pictures with a face, and the second one's share, that a picture is made of."""
        shot = self._shot_of(picture)
        first, end = self._shots[shot]
        found = self.clip.found[first:end]
        if not found.any():
            (nearest,) = self._seen(shot)
            return nearest, nearest, 0.0
        if shot not in self._holdings:
            self._holdings[shot] = Holding.over(found, self.clip.rate)
        holding, place = self._holdings[shot], picture - first
        return first + int(holding.before[place]), first + int(holding.after[place]), float(holding.part[place])

    def _find(self, wanted: set[int], quality: Quality) -> None:
        """Look at pictures nobody has looked at yet; what was found is kept also when the request is canceled."""
        held = {picture for one in wanted for picture in self._held(one)[:2]}
        if self._is_known(held):
            return
        self._learn()
        missing = sorted(picture for picture in self._with_block(held, quality) if np.isnan(self._rows[picture, 0]))
        if not missing:
            return
        areas = {picture: self._area(picture) for picture in missing}
        reader = self.clip.pictures(missing)
        try:
            for done in range(0, len(missing), _AT_ONCE):
                self.clip.progress(done, len(missing))
                group = missing[done : done + _AT_ONCE]
                cut = [cut_area(to_bgr8(reader.read(p)), areas[p], self._framing.size_px) for p in group]
                self._rows[group] = self._network.key_points(np.stack(cut)).reshape(len(group), -1)
            self.clip.progress(len(missing), len(missing))
        finally:
            reader.close()
            self._learn()
            self.clip.remember(self._what, self._rows)

    def _with_block(self, pictures: set[int], quality: Quality) -> set[int]:
        """For files also what the next frames will need."""
        if quality is Quality.PREVIEW or self._is_known(pictures):
            return pictures
        first, last = min(pictures) // _BLOCK * _BLOCK, max(pictures)
        end = min((last // _BLOCK + 1) * _BLOCK, len(self.clip))
        return pictures | {picture for picture in range(first, end) if self.clip.found[picture]}

    def _is_known(self, pictures: set[int]) -> bool:
        return not np.isnan(self._rows[sorted(pictures), 0]).any()

    def _learn(self) -> None:
        """Take over what others found: a preview and a render of one clip look at it side by side."""
        rows = self.clip.remembered(self._what)
        if rows is not None and rows.shape == self._rows.shape and rows.dtype == np.float32:
            self._rows = np.where(np.isnan(self._rows), rows, self._rows)

    def _area(self, picture: int) -> Area:
        """What is cut of a picture; all pictures of a shot share one area."""
        shot = self._shot_of(picture)
        if shot not in self._areas:
            self._areas[shot] = self._area_of(shot)
        return self._areas[shot]

    def _area_of(self, shot: int) -> Area:
        if self._framing.area == "face":
            scale = self._framing.crop_scale
            return mean_area([face_area(self.clip.landmarks(picture), scale) for picture in self._seen(shot)])
        remembered = self._remembered_areas()
        if not np.isnan(remembered[shot, 0]):
            self.lacks_person |= bool(remembered[shot, 4])
            return Area(*remembered[shot, :4].tolist())
        area, lacking = self._looked_at(shot)
        self.lacks_person |= lacking
        remembered = self._remembered_areas()
        remembered[shot] = [area.left, area.top, area.width, area.height, lacking]
        self.clip.remember(self._what_areas, remembered)
        return area

    def _remembered_areas(self) -> np.ndarray:
        """(shots, 5) left, top, width, height, and whether the person is lacking; NaN where nobody looked."""
        known = self.clip.remembered(self._what_areas)
        shape = (len(self._shots), 5)
        return known if known is not None and known.shape == shape else np.full(shape, np.nan)

    def _looked_at(self, shot: int) -> tuple[Area, bool]:
        """The area of a person or a whole picture, and whether a person was looked for in vain."""
        first, end = self._shots[shot]
        count = _BOX_PICTURES if self._framing.area == "body" else 1
        spread = np.unique(np.linspace(first, end - 1, count).round().astype(int)).tolist()
        boxes: list[np.ndarray] = []
        reader = self.clip.pictures(spread)
        try:
            size = reader.size()
            whole = Area.whole(size)
            if self._framing.area == "whole":
                return whole, False
            for picture in spread:
                box = person_box(to_bgr8(reader.read(picture)), self._tracker)
                boxes += [] if box is None else [box]
        finally:
            reader.close()
        return (person_area(boxes, self._framing.crop_scale, size), False) if boxes else (whole, True)
