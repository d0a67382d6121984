# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actor's motion at any place of a driving clip: found once a picture, kept on disk, smoothed shot by shot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from ...capture.holding import Holding
from ...face.picture_8bit import to_bgr8
from ...media.images import unreadable
from ..engine import DrivingClip, DrivingPlace, Quality
from .crop import box_square, cut_square, driving_box, driving_square, for_network
from .description import LIVEPORTRAIT
from .kalman import smooth_track
from .keypoints import Motion, MotionTrack, between, motion_at
from .ratios import Ratios, ratios_of
from .template import template_of

# Pictures that the motion network sees at once.
_AT_ONCE = 8
# Numbers of a motion: three angles, scale, shift, expression, key points.
_NUMBERS = 4 + 3 + 63 + 63


class MotionNetwork(Protocol):
    """The part of the model that finds motion."""

    def motion(self, crops: np.ndarray) -> Sequence[Motion]:
        """Motion in (n, 256, 256, 3) uint8 RGB crops."""
        ...


class DrivingMotion:
    """Motion of a clip with pictures.

    A picture's motion depends on that picture and its shot's crop alone, whatever is asked for in whatever order.

    Args:
        version: all that decides what the network finds: its weights and how exactly it computes.
    """

    def __init__(self, clip: DrivingClip, network: MotionNetwork, version: str) -> None:
        self._clip = clip
        self._network = network
        self._what = f"{LIVEPORTRAIT.name} {LIVEPORTRAIT.version} motion {version}"
        self._rows = np.full((len(clip), _NUMBERS), np.nan, np.float32)
        self._shots = _shots(len(clip), clip.cuts)
        self._holdings: dict[int, Holding] = {}
        self._boxes: dict[int, np.ndarray] = {}
        self._smoothed: dict[int, Sequence[Motion]] = {}
        self._learn()

    def at(self, places: Sequence[DrivingPlace], quality: Quality) -> MotionTrack:
        """(n) The motion at places, between the pictures beside them but not across a cut."""
        return MotionTrack.of([self._at(place.position, quality) for place in places])

    def neutral(self, quality: Quality) -> MotionTrack:
        """(1) The motion at rest."""
        return MotionTrack.of([self._at(float(self._clip.neutral), quality)])

    def ratios(self, places: Sequence[DrivingPlace]) -> Ratios:
        """(n) How open eyes and lips are at places."""
        low, high, part = zip(*(self._beside(place.position) for place in places), strict=True)
        return _mixed(self._openness(low), self._openness(high), np.array(part))

    def _at(self, position: float, quality: Quality) -> Motion:
        """A preview takes what single pictures show until the shot is known: finding it all takes a while."""
        low, high, part = self._beside(position)
        shot = self._shot_of(low)
        hasty = quality is Quality.PREVIEW and not self._is_known(self._pictures_of(shot))
        if self._clip.smoothing == 0 or hasty:
            holding = [self._held(picture) for picture in (low, high)]
            self._find({picture for before, after, _ in holding for picture in (before, after)})
            first, second = (self._mixed_of(*held) for held in holding)
            return between(first, second, part)
        motions = self._smoothed_shot(shot)
        first = self._shots[shot][0]
        return between(motions[low - first], motions[high - first], part)

    def _openness(self, pictures: Sequence[int]) -> Ratios:
        """(n) in pictures; where the face is lost as ``_held`` says."""
        before, after, part = zip(*(self._held(picture) for picture in pictures), strict=True)
        first, second = (
            ratios_of(np.stack([self._clip.landmarks(picture) for picture in seen])) for seen in (before, after)
        )
        return _mixed(first, second, np.array(part))

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

    def _mixed_of(self, before: int, after: int, part: float) -> Motion:
        return between(_motion_of(self._rows[before]), _motion_of(self._rows[after]), part)

    def _smoothed_shot(self, shot: int) -> Sequence[Motion]:
        if shot not in self._smoothed:
            self._find(self._pictures_of(shot))
            first, end = self._shots[shot]
            track = MotionTrack.of([self._mixed_of(*self._held(picture)) for picture in range(first, end)])
            smooth = smooth_track(track, self._clip.smoothing)
            self._smoothed[shot] = [smooth.motion(index) for index in range(len(smooth))]
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
                crops = np.stack([self._crop(to_bgr8(reader.read(picture)), picture) for picture in group])
                self._rows[group] = [_row_of(motion) for motion in self._network.motion(crops)]
            self._clip.progress(len(missing), len(missing))
        finally:
            reader.close()
            self._learn()
            self._clip.remember(self._what, self._rows)

    def _crop(self, bgr: np.ndarray, picture: int) -> np.ndarray:
        """(256, 256, 3) uint8 RGB; all pictures of a shot share one box."""
        shot = self._shot_of(picture)
        if shot not in self._boxes:
            seen = sorted(self._pictures_of(shot))
            self._boxes[shot] = driving_box([driving_square(self._clip.landmarks(index)) for index in seen])
        crop = for_network(cut_square(bgr, box_square(self._boxes[shot])))
        return np.ascontiguousarray(crop[..., ::-1])

    def _learn(self) -> None:
        """Take over what others found: a preview and a render of one clip look at it side by side."""
        rows = self._clip.remembered(self._what)
        if rows is not None and rows.shape == self._rows.shape and rows.dtype == np.float32:
            self._rows = np.where(np.isnan(self._rows), rows, self._rows)


@dataclass(frozen=True)
class TemplateMotion:
    """Motion of a driving template, which was found earlier.

    Attributes:
        motions: of each frame.
        openness: of eyes and lips in each frame; None where the template does not tell.
        rest: the neutral frame.
    """

    motions: Sequence[Motion]
    openness: Ratios | None
    rest: int

    def at(self, places: Sequence[DrivingPlace], quality: Quality) -> MotionTrack:
        """(n) The motion at places."""
        return MotionTrack.of([motion_at(self.motions, place.position) for place in places])

    def neutral(self, quality: Quality) -> MotionTrack:
        """(1) The motion at rest."""
        return MotionTrack.of([self.motions[self.rest]])

    def ratios(self, places: Sequence[DrivingPlace]) -> Ratios | None:
        """(n) How open eyes and lips are at places."""
        if self.openness is None:
            return None
        positions = np.clip([place.position for place in places], 0.0, len(self.motions) - 1.0)
        low = positions.astype(int)
        high = np.minimum(low + 1, len(self.motions) - 1)
        first, second = (Ratios(self.openness.eyes[rows], self.openness.lips[rows]) for rows in (low, high))
        return _mixed(first, second, positions - low)


def driving_motion_of(clip: DrivingClip, network: MotionNetwork, version: str) -> DrivingMotion | TemplateMotion:
    """Motion of a clip or template.

    Args:
        version: see ``DrivingMotion``.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a file that is no template; SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    if clip.template is None:
        return DrivingMotion(clip, network, version)
    try:
        template = template_of(clip.template.read_bytes())
    except OSError as error:
        raise unreadable(clip.template, str(error)) from error
    track = smooth_track(MotionTrack.of(template.motions), clip.smoothing)
    return TemplateMotion([track.motion(index) for index in range(len(track))], template.openness, clip.neutral)


def _mixed(first: Ratios, second: Ratios, part: np.ndarray) -> Ratios:
    """Openness (n) between two, by the second one's share (n,)."""
    eyes = first.eyes * (1 - part[:, None]) + second.eyes * part[:, None]
    return Ratios(eyes, first.lips * (1 - part) + second.lips * part)


def _shots(count: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """First picture and end of each shot."""
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < count}), count]
    return list(pairwise(borders))


def _row_of(motion: Motion) -> np.ndarray:
    numbers = [motion.pitch, motion.yaw, motion.roll, motion.scale, *motion.t, *motion.exp.ravel(), *motion.kp.ravel()]
    return np.array(numbers, np.float32)


def _motion_of(row: np.ndarray) -> Motion:
    pitch, yaw, roll, scale = row[:4].astype(np.float64).tolist()
    t, exp, kp = row[4:7], row[7:70].reshape(21, 3), row[70:].reshape(21, 3)
    return Motion(pitch, yaw, roll, t, exp, scale, kp)
