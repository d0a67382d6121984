# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk opened on one source and face."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from ...controls import names_for, rest_pose
from ...face.face import Face
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import FrameRequest, Quality
from ..lost_faces import LostFaces
from ..neural.grouped import done, group_size, grouped
from .crop import NETWORK_PX, aligned_square
from .description import EDTALK
from .frame_maker import FrameMaker
from .model import Model
from .rig import Rig
from .source_faces import SourceFace, SourceFaces
from .targets import Driving, Targets
from .weights import Weights

log = logging.getLogger(__name__)

# Below so many px from ear to chin there is little to redraw from.
_SMALL_FACE_PX = 80
_CONTROLS = names_for(EDTALK.name)


@dataclass(frozen=True)
class Parts:
    """What a session works with; shared with other sessions.

    Attributes:
        rig: for the head's and mouth's sliders.
        executor: for pasting.
    """

    tracker: FaceTracker
    model: Model
    driving: Driving
    rig: Rig
    executor: Executor


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way.

    Attributes:
        face: in the picture, where the person is cut out of it; None where it is lost.
        source: None for a picture that is passed through.
        row: (36 or 26,) wanted weights; None for a picture that is passed through.
    """

    index: int
    picture: Picture
    face: Face | None = None
    source: SourceFace | None = None
    row: np.ndarray | None = None

    def key(self) -> tuple[object, ...]:
        """Equal for frames whose redrawn squares are equal."""
        assert self.source is not None and self.row is not None
        return self.source.index, self.source.square, self.row.astype(np.float32).tobytes()


class EdtalkSession:
    """Frames of one source.

    Attributes:
        warnings: sentences about source and drivers that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self.warnings: list[str] = []
        self._lost = LostFaces(self.warnings)
        self._model = parts.model
        self._executor = parts.executor
        self._half = parts.model.half
        self._faces = SourceFaces(parts.tracker, parts.model, pictures, choice)
        self._targets = Targets(parts.driving, settings)
        self._rig = parts.rig
        self._maker = FrameMaker(parts.tracker, parts.model, settings, self._faces.chosen)
        self._face_picture = choice.picture
        self._last: dict[tuple[object, ...], np.ndarray] = {}
        self._warn_about(self._faces.chosen)

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, in their order. Most of a group is pasted while the next one is drawn."""
        size = group_size(self._model.device, quality)
        yield from grouped(requests, size, lambda group: self._made(group, quality))

    def close(self) -> None:
        """Free what the session holds."""
        self._faces.close()
        self._last.clear()

    def _made(self, requests: Sequence[FrameRequest], quality: Quality) -> list[tuple[int, Future[Picture]]]:
        """Frames, in threads as far as that can be."""
        frames = self._planned(requests, quality)
        drawn = [frame for frame in frames if frame.row is not None]
        if drawn and self._maker.lacks_colours:
            self._maker.measure_colours(self._reference(drawn[0].source, quality))
        redrawn = self._redrawn(drawn)
        if self._half is not None and self._model.half is None:
            self._warn("Half precision fails on this device; full precision is used.")
        return [(frame.index, self._finishing(frame, redrawn)) for frame in frames]

    def _reference(self, source: SourceFace | None, quality: Quality) -> SourceFace:
        """The source on the picture where the face was chosen, whichever frames are asked for; a preview's own."""
        assert source is not None
        if quality is Quality.PREVIEW:
            return source
        return self._faces.of([self._face_picture], quality)[0] or source

    def _planned(self, requests: Sequence[FrameRequest], quality: Quality) -> list[_Frame]:
        """What is to be drawn for each request. Only faces that move are looked for."""
        moving = [request for request in requests if not _rests(request)]
        sources = self._faces.of([request.picture for request in moving], quality)
        found = {request.index: source for request, source in zip(moving, sources, strict=True)}
        return [
            self._plan(request, found[request.index], quality)
            if request.index in found
            else self._resting(request, quality)
            for request in requests
        ]

    def _resting(self, request: FrameRequest, quality: Quality) -> _Frame:
        face = self._faces.face(request.picture, quality) if self._maker.cuts_out else None
        return _Frame(request.index, self._faces.read(request.picture), face)

    def _plan(self, request: FrameRequest, source: SourceFace | None, quality: Quality) -> _Frame:
        if source is None:
            if self._lost.add(request.picture):
                log.warning("The face was lost in picture %d.", request.picture + 1)
            return _Frame(request.index, self._faces.read(request.picture))
        row = self._targets.row(source, request, quality, self._rig_offset(request, source, quality))
        if not _driven(request) and np.array_equal(row, source.own):
            return _Frame(request.index, source.picture, source.face)
        return _Frame(request.index, source.picture, source.face, source, row)

    def _rig_offset(self, request: FrameRequest, source: SourceFace, quality: Quality) -> np.ndarray:
        """(36 or 26,) what the rig's sliders add, by the calibration of the picture where the face was chosen."""

        def reference() -> SourceFace:
            return self._reference(source, quality)

        def check() -> object:
            return self._faces.read(request.picture)

        offset = self._rig.offset(request.pose, len(source.own), quality, reference, check)
        for sentence in self._rig.warnings(request):
            self._warn(sentence)
        return offset

    def _redrawn(self, frames: Sequence[_Frame]) -> dict[tuple[object, ...], np.ndarray]:
        """(256, 256, 3) squares by the frames' keys; what was drawn last is not drawn again."""
        keys = [frame.key() for frame in frames]
        new = {key: frame for key, frame in zip(keys, frames, strict=True) if key not in self._last}
        for source in dict.fromkeys(frame.source for frame in new.values()):
            assert source is not None
            wanted = {key: frame.row for key, frame in new.items() if frame.source is source and frame.row is not None}
            drawn = self._model.decode(source.code, Weights.of_rows(np.stack(list(wanted.values()))))
            self._last = {**self._last, **dict(zip(wanted, drawn, strict=True))}
        self._last = {key: self._last[key] for key in dict.fromkeys(keys)} if keys else self._last
        return self._last

    def _finishing(self, frame: _Frame, redrawn: Mapping[tuple[object, ...], np.ndarray]) -> Future[Picture]:
        if frame.source is None and not self._maker.cuts_out:
            return done(frame.picture)
        if frame.source is None:
            return done(self._maker.cut(frame.picture, frame.face))
        square = redrawn[frame.key()]
        if self._maker.cuts_out:
            # The matte's network belongs to this thread.
            return done(self._maker.cut(self._maker.finished(frame.source, square), frame.face))
        return self._executor.submit(self._maker.finished, frame.source, square)

    def _warn_about(self, face: Face) -> None:
        left, top, right, bottom = face.box()
        side = max(right - left, bottom - top)
        if side < _SMALL_FACE_PX:
            self._warn(f"The face is only {side:.0f} px large; it will look coarse.")
        square_px = aligned_square(face.landmarks).side
        if square_px > 1.5 * NETWORK_PX:
            self._warn(
                f"EDTalk draws {NETWORK_PX} px for what has {square_px:.0f} px in the source; "
                "the face will look softer than its surroundings."
            )
        if face.manual and not self._faces.is_still:
            self._warn("Points placed by hand do not follow the motion of a moving source.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            log.warning(sentence)


def _driven(request: FrameRequest) -> bool:
    places = (request.driving, request.driving_head, request.driving_expression, request.speech)
    return any(place is not None for place in places)


def _rests(request: FrameRequest) -> bool:
    rest = rest_pose()
    return not _driven(request) and all(request.pose.get(name, rest[name]) == rest[name] for name in _CONTROLS)
