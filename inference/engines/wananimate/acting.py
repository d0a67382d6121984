# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do in each frame, as Wan-Animate is shown it: a skeleton on the canvas, and the face.

Bodies come from the clip that acts, or from the source itself where none does and where the person in a shot is
replaced: then the clip, if there is one, acts with the face alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

import numpy as np

from ...face.picture_8bit import to_bgr8
from ...media.picture import PictureReader
from ..diffusion.squares import SourceViews
from ..engine import DrivingClip, FrameRequest
from .bodies import Bodies
from .canvas import DrawnCanvas
from .faces import FACE_PX, ActedFace, Faces
from .preprocess.body import Body, without_gaps
from .preprocess.face_box import face_crop
from .preprocess.light import body_of, head_moved, shoulders_of
from .preprocess.retarget import Fit, is_seen, measured
from .preprocess.skeleton import draw

Size = tuple[int, int]


@dataclass(frozen=True)
class Cast:
    """Who acts.

    Attributes:
        pictures: the source's.
        chosen: the source's picture whose person is the character.
        views: faces of the source; None where no face is looked for.
        faces: what faces do; None likewise.
        clip: the clip that acts; None without.
        tracked: bodies of the source's and of the clip's pictures by networks; None where the face alone tells.
        replaces: the person in the source, a shot, is replaced: bodies are the source's.
        fits: actors are taken to the character's proportions and place.
    """

    pictures: PictureReader
    chosen: int
    views: SourceViews | None
    faces: Faces | None
    clip: DrivingClip | None
    tracked: tuple[Bodies, Bodies] | None
    replaces: bool
    fits: bool

    def clip_acts(self, request: FrameRequest) -> bool:
        """Whether the body of a frame is the clip's."""
        return self.clip is not None and request.driving is not None and not self.replaces

    def picture(self, request: FrameRequest) -> int:
        """The picture, of the clip or the source, in which the body of a frame is: the clip's nearest one."""
        if self.clip_acts(request):
            assert self.clip is not None and request.driving is not None
            return min(max(int(np.floor(request.driving.position + 0.5)), 0), len(self.clip) - 1)
        return min(request.picture, len(self.pictures) - 1)


@dataclass(frozen=True, eq=False)
class _Seen:
    """A body relative to a picture of ``size`` (width, height); ``face`` (512, 512, 3) uint8 RGB where it was cut."""

    body: Body
    size: Size
    face: np.ndarray | None = None


class Acting:
    """Skeletons and faces of a film's frames. What it gives depends on the requests of a call alone.

    Args:
        canvas: that skeletons are drawn on.
    """

    def __init__(self, cast: Cast, canvas: DrawnCanvas) -> None:
        self._cast = cast
        self._canvas = canvas
        self._fit: Fit | None = None

    def of(self, requests: Sequence[FrameRequest], told: Callable[[], None]) -> tuple[np.ndarray, np.ndarray]:
        """(n, height, width, 3) skeletons on the canvas and (n, 512, 512, 3) faces; uint8 RGB.

        Args:
            requests: at least one.
            told: called often meanwhile; may raise to cancel.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT; what reading pictures raises.
        """
        acted = list(self._acted(requests, told))
        carried = self._of_bodies(requests, acted, told)
        skeletons, crops = {}, {}
        for by_clip in (True, False):
            places = [n for n, request in enumerate(requests) if self._cast.clip_acts(request) is by_clip]
            found = self._seen([requests[n] for n in places], [carried[n] for n in places], by_clip, told)
            for place, seen in zip(places, found, strict=True):
                skeletons[place] = self._drawn(seen, by_clip, told)
                crops[place] = acted[place].crop if acted[place] else seen.face  # type: ignore[union-attr]
        order = range(len(requests))
        return np.stack([skeletons[n] for n in order]), np.stack([crops[n] for n in order])

    def source_body(self, picture: int, told: Callable[[], None]) -> Body | None:
        """The body in a picture of the source, as it is there; None where nothing is found."""
        cast = self._cast
        if cast.tracked is not None:
            return cast.tracked[0].of(cast.pictures, [picture], told)[0]
        face = None if cast.views is None else cast.views.face(picture)
        return None if face is None else body_of(face.landmarks, _sides(cast.pictures.read(picture).size))

    def _acted(self, requests: Sequence[FrameRequest], told: Callable[[], None]) -> Iterator[ActedFace | None]:
        if self._cast.faces is None:
            yield from [None] * len(requests)
            return
        for face in self._cast.faces.of(requests):
            told()
            yield face

    def _of_bodies(
        self, requests: Sequence[FrameRequest], acted: list[ActedFace | None], told: Callable[[], None]
    ) -> list[ActedFace | None]:
        """The faces of those whose bodies are shown: in a shot its own, moved by the sliders, whoever acts."""
        if not self._cast.replaces or all(request.driving is None for request in requests):
            return acted
        return list(self._acted([replace(request, driving=None) for request in requests], told))

    def _seen(
        self,
        requests: Sequence[FrameRequest],
        faces: Sequence[ActedFace | None],
        by_clip: bool,
        told: Callable[[], None],
    ) -> list[_Seen]:
        """The bodies of frames, of the clip or of the source."""
        if not requests:
            return []
        if self._cast.tracked is None:
            return self._by_faces(faces, by_clip)
        pictures = [self._cast.picture(request) for request in requests]
        with ExitStack() as stack:
            reader = self._reader(pictures, by_clip, stack)
            bodies = without_gaps(self._cast.tracked[by_clip].of(reader, pictures, told))
            found = []
            for body, picture, face in zip(bodies, pictures, faces, strict=True):
                size = reader.size() if by_clip and face else reader.read(picture).size
                if face is None:
                    crop = face_crop(to_bgr8(reader.read(picture)), body.face, FACE_PX)
                    found.append(_Seen(body, size, np.ascontiguousarray(crop[..., ::-1])))
                elif face.rest is None or face.moved is None:
                    found.append(_Seen(body, size))
                else:
                    found.append(_Seen(head_moved(body, face.rest, face.moved, _sides(size)), size))
            return found

    def _by_faces(self, faces: Sequence[ActedFace | None], by_clip: bool) -> list[_Seen]:
        """Bodies by faces alone; where one is lost the last one is held, at the beginning the first."""
        found = [None if face is None or face.rest is None else _by_face(face) for face in faces]
        first = next((seen for seen in found if seen is not None), None)
        if first is None:
            views = self._cast.views
            assert views is not None and not by_clip
            size = views.pictures.read(views.choice.picture).size
            first = _Seen(body_of(views.chosen.landmarks, _sides(size)), size)
        held: list[_Seen] = []
        for seen in found:
            held.append(seen if seen is not None else held[-1] if held else first)
        return held

    def _drawn(self, seen: _Seen, by_clip: bool, told: Callable[[], None]) -> np.ndarray:
        canvas = self._canvas
        if not by_clip:
            return draw(canvas.body(seen.body, seen.size), canvas.height, canvas.width)
        if self._cast.fits:
            return draw(self._fitting(told).of(seen.body), canvas.height, canvas.width)
        # As in the reference at the clip's size, which decides how thick lines are.
        return canvas.letterboxed(draw(seen.body, *_sides(seen.size)))

    def _fitting(self, told: Callable[[], None]) -> Fit:
        """From the clip's actor to the character."""
        if self._fit is None:
            cast, canvas = self._cast, self._canvas
            character = self.source_body(cast.chosen, told)
            if character is None:
                assert cast.views is not None
                character = body_of(cast.views.chosen.landmarks, _sides(cast.pictures.read(cast.chosen).size))
            character = canvas.body(character, cast.pictures.read(cast.chosen).size)
            actor, size = self._actor(told)
            self._fit = measured(actor, character, _sides(size), (canvas.height, canvas.width))
        return self._fit

    def _actor(self, told: Callable[[], None]) -> tuple[Body, Size]:
        """The clip's actor in the neutral picture that somebody chose, else in the first with a body; and its size."""
        clip, tracked = self._cast.clip, self._cast.tracked
        assert clip is not None
        pictures = [clip.neutral] if clip.neutral_chosen else list(range(len(clip)))
        with closing(clip.pictures(pictures)) as reader:
            size = reader.size()
            if tracked is None:
                return body_of(clip.landmarks(pictures[0]), _sides(size)), size
            bodies = (tracked[1].of(reader, [picture], told)[0] for picture in pictures)
            found = next((body for body in bodies if is_seen(body)), None)
            return tracked[1].of(reader, pictures[:1], told)[0] if found is None else found, size

    def _reader(self, pictures: Sequence[int], by_clip: bool, stack: ExitStack) -> PictureReader:
        if not by_clip:
            return self._cast.pictures
        assert self._cast.clip is not None
        return stack.enter_context(closing(self._cast.clip.pictures(sorted(set(pictures)))))


def _by_face(face: ActedFace) -> _Seen:
    """Shoulders are where the face is at rest, the head is where it was moved to."""
    assert face.rest is not None and face.moved is not None
    return _Seen(body_of(face.moved, _sides(face.size), shoulders_of(face.rest)), face.size)


def _sides(size: Size) -> Size:
    """(height, width) of (width, height)."""
    return size[1], size[0]
