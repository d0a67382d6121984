# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unseen performance: for each frame, a picture that shows what the redrawn face shall do.

Without a clip the puppet engine performs the sliders on the source's own square. With a clip it is the clip's picture;
where strengths are not 1, or sliders are moved besides, the puppet performs on that picture what is missing: strength
minus 1 times what was measured of the actor, plus the sliders. All in pictures no larger than networks can see.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from ..engine import DrivingClip, FrameRequest
from ..liveportrait.crop import Square, face_square
from ..puppet.description import PUPPET
from .poses import put_on, rig_rests
from .puppets import Box, SmallPictures, UnseenPuppet
from .squares import Framing, SourceViews, cut_bgr, in_square

# What is performed on is so many times as fine as what is drawn, so that lids and lips are not coarser.
_FINER = 1.5
# Around the square of a still, in sides of it: the puppet moves what lies beside the head as well.
_MARGIN = 0.25


@dataclass(frozen=True, eq=False)
class DrivingPicture:
    """What a frame's face shall do.

    Attributes:
        bgr: (H, W, 3) uint8. Of the portrait: its square, S by S px as drawn. Of the clip: the whole picture, reduced.
        landmarks: (478, 2) float64 in px of it.
        of_clip: it shows the clip's actor.
        full: (width, height) in px of the clip's picture that it was reduced from; (0, 0) for the portrait.
    """

    bgr: np.ndarray
    landmarks: np.ndarray
    of_clip: bool = False
    full: tuple[int, int] = (0, 0)


class Performer:
    """Performs the frames of one source. What it gives depends on the requests of the call alone.

    Args:
        clip: the clip that acts; None without.

    Attributes:
        lacks_face: sliders were moved, and the face of portrait or clip is too small for them.
    """

    def __init__(self, tracker: FaceTracker, views: SourceViews, clip: DrivingClip | None) -> None:
        self.lacks_face = False
        self._tracker = tracker
        self._views = views
        self._clip = clip
        self._portrait = _Portrait(tracker, views)

    def pictures(self, requests: Sequence[FrameRequest]) -> Iterator[DrivingPicture]:
        """What each frame shall do, in the order of the requests.

        Where the source's face is lost, and no clip acts, the last pose in which it was found is held.
        """
        driven = [request for request in requests if request.driving is not None and self._clip is not None]
        actor = self._actor(driven) if driven else None
        try:
            for place, request in enumerate(requests):
                if actor is not None and request.driving is not None:
                    yield actor.performed(request)
                    self.lacks_face |= actor.puppet.lacks_face
                else:
                    yield self._held(requests, place)
        finally:
            if actor is not None:
                actor.close()

    def portrait(self, picture: int, pose: Mapping[str, float]) -> DrivingPicture | None:
        """The source's square in a pose; None where its face is lost."""
        made = self._portrait.performed(picture, pose)
        self.lacks_face |= self._portrait.puppet.lacks_face
        return made

    def acted(self, positions: Sequence[float]) -> Iterator[DrivingPicture]:
        """The clip's pictures at some places as they are; the last ones with a face, where it is lost."""
        assert self._clip is not None
        shown = [shown_picture(self._clip, position) for position in positions]
        with closing(_Actor(self._tracker, self._clip, self._views.framing, shown)) as actor:
            for picture in shown:
                yield actor.as_it_is(picture)

    def close(self) -> None:
        """Free the puppet."""
        self._portrait.puppet.close()

    def _actor(self, requests: Sequence[FrameRequest]) -> _Actor:
        assert self._clip is not None
        needed = set()
        for request in requests:
            assert request.driving is not None
            picture = shown_picture(self._clip, request.driving.position)
            # The puppet looks at the pictures beside as well.
            needed |= set(range(picture - PUPPET.neighbours, picture + PUPPET.neighbours + 1))
        inside = sorted(picture for picture in needed if 0 <= picture < len(self._clip))
        return _Actor(self._tracker, self._clip, self._views.framing, inside)

    def _held(self, requests: Sequence[FrameRequest], place: int) -> DrivingPicture:
        """A frame's pose on its own picture, or on the last one with a face; at the beginning on the next one."""
        pose = requests[place].pose
        for other in (*range(place, -1, -1), *range(place + 1, len(requests))):
            made = self.portrait(requests[other].picture, pose)
            if made is not None:
                return made
        chosen = self.portrait(self._views.choice.picture, pose)
        assert chosen is not None
        return chosen


class _Portrait:
    """The puppet of the source itself."""

    def __init__(self, tracker: FaceTracker, views: SourceViews) -> None:
        self._tracker = tracker
        self._views = views
        chosen, choice = views.chosen.landmarks[:, :2], views.choice
        picture = views.pictures.read(choice.picture)
        square = views.square_of(views.chosen, picture.size)
        factor = min(1.0, _FINER * views.framing.size_px / square.side)
        self._small = SmallPictures(views.pictures, factor, _around(square, picture.size) if views.is_still else None)
        small = self._small.read(choice.picture).size
        if choice.points:
            points = self._small.placed(np.array(choice.points) * picture.size - 0.5, picture.size, small)
            parts = (points + 0.5) / small
            choice = replace(choice, points=tuple((float(x), float(y)) for x, y in parts))
        landmarks = self._small.placed(chosen, picture.size, small)
        self.puppet = UnseenPuppet(tracker, self._small, choice, landmarks)

    def performed(self, index: int, pose: Mapping[str, float]) -> DrivingPicture | None:
        """See ``Performer.portrait``."""
        index = 0 if self._views.is_still else index
        face = self._views.face(index)
        if face is None and index == self._views.choice.picture:
            face = self._views.chosen
        if face is None:
            return None
        made = None if rig_rests(pose) else self.puppet.performed(index, pose)
        shown = self._small.read(index) if made is None else made
        full = self._views.pictures.read(index).size
        square = self._views.square_of(face, full)
        bgr = cut_bgr(to_bgr8(shown), self._reduced(square, full, shown.size), self._views.framing.size_px)
        rest = in_square(face.landmarks[:, :2], square, len(bgr))
        if made is None or face.manual:
            return DrivingPicture(bgr, rest)
        return DrivingPicture(bgr, tracked(self._tracker, bgr, rest))

    def _reduced(self, square: Square, full: tuple[int, int], small: tuple[int, int]) -> Square:
        """A square of the source in px of what the puppet sees."""
        middle, right = self._small.placed(
            np.array([square.centre, (square.centre[0] + square.side, square.centre[1])]), full, small
        )
        return replace(square, centre=(float(middle[0]), float(middle[1])), side=float(right[0] - middle[0]))


class _Actor:
    """The clip's actor, and the puppet on it.

    Args:
        needed: pictures that will be read, ascending or in the order in which they are.
    """

    def __init__(self, tracker: FaceTracker, clip: DrivingClip, framing: Framing, needed: Sequence[int]) -> None:
        self._tracker = tracker
        self._clip = clip
        neutral = shown_picture(clip, clip.neutral)
        side = face_square(clip.landmarks(neutral), framing.crop_scale).side
        self._reader: PictureReader = clip.pictures(sorted({*needed}))
        self._small = SmallPictures(self._reader, min(1.0, _FINER * framing.size_px / side))
        self.puppet = UnseenPuppet(tracker, self._small, FaceChoice(picture=neutral), self.as_it_is(neutral).landmarks)

    def performed(self, request: FrameRequest) -> DrivingPicture:
        """The clip's picture of a frame, with what strengths and sliders change."""
        place = request.driving
        assert place is not None
        picture = shown_picture(self._clip, place.position)
        as_it_is = self.as_it_is(picture)
        pose = put_on(self._clip.pose(float(picture)), place, request.pose)
        made = None if rig_rests(pose) else self.puppet.performed(picture, pose)
        if made is None:
            return as_it_is
        bgr = to_bgr8(made)
        return replace(as_it_is, bgr=bgr, landmarks=tracked(self._tracker, bgr, as_it_is.landmarks))

    def as_it_is(self, picture: int) -> DrivingPicture:
        """A picture of the clip."""
        shown, full = self._small.read(picture), self._reader.read(picture).size
        landmarks = self._small.placed(self._clip.landmarks(picture), full, shown.size)
        return DrivingPicture(to_bgr8(shown), landmarks, True, full)

    def close(self) -> None:
        """Close files, free the puppet."""
        self.puppet.close()
        self._reader.close()


def shown_picture(clip: DrivingClip, position: float) -> int:
    """The clip's picture that is shown for a place: the nearest; the last one before with a face, where it has none."""
    nearest = min(max(math.floor(position + 0.5), 0), len(clip) - 1)
    found = np.flatnonzero(clip.found)
    before = found[found <= nearest]
    if not len(found):
        return nearest
    return int(before[-1] if len(before) else found[0])


def tracked(tracker: FaceTracker, bgr: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """(478, 2) float64 landmarks of the face about where others are in a (H, W, 3) uint8 picture; those where none is
    seen there, as in drawings.
    """
    near = Face(np.column_stack([expected, np.zeros(len(expected))]), 1.0)
    face = tracker.refine(bgr, near) or tracker.follow(bgr, near)
    return expected if face is None else np.asarray(face.landmarks[:, :2], np.float64)


def _around(square: Square, size: tuple[int, int]) -> Box:
    """What of a picture of ``size`` (width, height) a square and its margin reach."""
    low, high = np.split(replace(square, side=(1 + 2 * _MARGIN) * square.side).box(), 2)
    x0, y0 = (min(max(math.floor(value), 0), extent - 1) for value, extent in zip(low, size, strict=True))
    x1, y1 = (min(max(math.ceil(value) + 1, 1), extent) for value, extent in zip(high, size, strict=True))
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)
