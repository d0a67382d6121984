# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait opened on one source and face."""

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
from .crop import CROP_PX
from .description import LIVEPORTRAIT
from .driving_motion import DrivingMotion, TemplateMotion
from .frame_maker import FrameMaker
from .landmark203 import Landmark203
from .opened import AnyModel
from .source_faces import SourceFace, SourceFaces
from .targets import Targets

log = logging.getLogger(__name__)

# Below so many px from ear to chin there is little to redraw from.
_SMALL_FACE_PX = 100
_CONTROLS = names_for(LIVEPORTRAIT.name)


@dataclass(frozen=True)
class Parts:
    """What a session works with; shared with other sessions.

    Attributes:
        motion: of the driving clip; None without.
        landmark: the network of 203 landmarks, where the user has it.
        executor: for pasting.
    """

    tracker: FaceTracker
    model: AnyModel
    motion: DrivingMotion | TemplateMotion | None
    landmark: Landmark203 | None
    executor: Executor


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way.

    Attributes:
        face: in the picture, where the person is cut out of it; None where it is lost.
        source: None for a picture that is passed through.
        x_d: (1, 21, 3) wanted key points; None for a picture that is passed through.
    """

    index: int
    picture: Picture
    face: Face | None = None
    source: SourceFace | None = None
    x_d: np.ndarray | None = None

    def key(self) -> tuple[object, ...]:
        """Equal for frames whose redrawn squares are equal."""
        assert self.source is not None and self.x_d is not None
        return self.source.index, self.source.square, self.x_d.astype(np.float32).tobytes()


class LivePortraitSession:
    """Frames of one source.

    Attributes:
        warnings: sentences about source and driver that the user should read.
    """

    def __init__(
        self, parts: Parts, pictures: PictureReader, choice: FaceChoice, settings: Mapping[str, object]
    ) -> None:
        self.warnings: list[str] = []
        self._lost = LostFaces(self.warnings)
        self._model = parts.model
        self._executor = parts.executor
        self._half = parts.model.half
        crop_scale = float(settings["crop_scale"])  # type: ignore[arg-type]
        self._faces = SourceFaces(parts.tracker, parts.model, pictures, choice, crop_scale, parts.landmark)
        self._targets = Targets(parts.tracker, parts.model, parts.motion, settings)
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
        drawn = [frame for frame in frames if frame.x_d is not None]
        if drawn and self._maker.lacks_colours:
            self._maker.measure_colours(self._colour_reference(drawn[0], quality))
        redrawn = self._redrawn(drawn)
        self._warn_of_precision()
        return [(frame.index, self._finishing(frame, redrawn)) for frame in frames]

    def _colour_reference(self, frame: _Frame, quality: Quality) -> SourceFace:
        """The source on the picture where the face was chosen, whichever frames are asked for; a preview's own."""
        assert frame.source is not None
        if quality is Quality.PREVIEW:
            return frame.source
        return self._faces.of([self._face_picture], quality)[0] or frame.source

    def _planned(self, requests: Sequence[FrameRequest], quality: Quality) -> list[_Frame]:
        """What is to be drawn for each request. Only faces that move are looked for."""
        moving = [request for request in requests if not self._rests(request)]
        found = dict(
            zip(
                (request.index for request in moving),
                self._faces.of([request.picture for request in moving], quality),
                strict=True,
            )
        )
        wanted = self._wanted(moving, found, quality)
        return [
            self._plan(request, found[request.index], wanted)
            if request.index in found
            else self._resting(request, quality)
            for request in requests
        ]

    def _resting(self, request: FrameRequest, quality: Quality) -> _Frame:
        face = self._faces.face(request.picture, quality) if self._maker.cuts_out else None
        return _Frame(request.index, self._faces.read(request.picture), face)

    def _wanted(
        self, requests: Sequence[FrameRequest], found: Mapping[int, SourceFace | None], quality: Quality
    ) -> dict[int, np.ndarray]:
        """(1, 21, 3) key points by the requests' indices; those of one source picture are made together."""
        of_source: dict[SourceFace, list[FrameRequest]] = {}
        for request in requests:
            source = found[request.index]
            if source is not None:
                of_source.setdefault(source, []).append(request)
        wanted = {}
        for source, group in of_source.items():
            for request, x_d in zip(group, self._targets.points(source, group, quality), strict=True):
                wanted[request.index] = x_d[None]
        return wanted

    def _plan(self, request: FrameRequest, source: SourceFace | None, wanted: Mapping[int, np.ndarray]) -> _Frame:
        if source is None:
            if self._lost.add(request.picture):
                log.warning("The face was lost in picture %d.", request.picture + 1)
            return _Frame(request.index, self._faces.read(request.picture))
        x_d = wanted[request.index]
        if request.driving is None and np.array_equal(x_d, source.x_s):
            return _Frame(request.index, source.picture, source.face)
        return _Frame(request.index, source.picture, source.face, source, x_d)

    def _rests(self, request: FrameRequest) -> bool:
        rest = rest_pose()
        moved = any(request.pose.get(name, rest[name]) != rest[name] for name in _CONTROLS)
        return not (moved or request.driving is not None or self._targets.closes_lips)

    def _redrawn(self, frames: Sequence[_Frame]) -> dict[tuple[object, ...], np.ndarray]:
        """(512, 512, 3) squares by the frames' keys; what was drawn last is not drawn again."""
        keys = [frame.key() for frame in frames]
        new = {key: frame for key, frame in zip(keys, frames, strict=True) if key not in self._last}
        if new:
            drawn = self._decoded(list(new.values()))
            self._last = {**self._last, **dict(zip(new, drawn, strict=True))}
        self._last = {key: self._last[key] for key in dict.fromkeys(keys)} if keys else self._last
        return self._last

    def _decoded(self, frames: Sequence[_Frame]) -> np.ndarray:
        sources = [frame.source for frame in frames if frame.source is not None]
        wanted = np.concatenate([frame.x_d for frame in frames if frame.x_d is not None])
        if all(source is sources[0] for source in sources):
            return self._model.decode([sources[0].features], sources[0].x_s, wanted)
        x_s = np.concatenate([source.x_s for source in sources])
        return self._model.decode([source.features for source in sources], x_s, wanted)

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
        scale = self._faces.crop_scale * side / CROP_PX
        if scale > 1.5:
            self._warn(
                f"LivePortrait draws {CROP_PX} px for what has {self._faces.crop_scale * side:.0f} px in the source; "
                "the face will look softer than its surroundings."
            )
        if face.manual and not self._faces.is_still:
            self._warn("Points placed by hand do not follow the motion of a moving source.")
        if self._targets.lacks_openness:
            self._warn("The motion template does not tell how open eyes and lips are; they are not retargeted.")

    def _warn_of_precision(self) -> None:
        if self._half is not None and self._model.half is None:
            self._warn("Half precision fails on this device; full precision is used.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            log.warning(sentence)
