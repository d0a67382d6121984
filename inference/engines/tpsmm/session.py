# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Thin-Plate Spline Motion Model opened on one source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from ...face.face import Face
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import FrameRequest, Quality
from ..lost_faces import LostFaces
from ..neural.grouped import done, group_size, grouped
from .driving import DrivingPoints
from .frame_maker import DrawnSquare, FrameMaker
from .puppet_driver import PuppetDriver
from .sources import AnyModel, SourceView, SourceViews, framing_of
from .targets import Target, Targets

log = logging.getLogger(__name__)

# Below so many px from ear to chin there is little to redraw from.
_SMALL_FACE_PX = 100
# What of the square may lie outside of the picture without a word, and how much larger it may be than what is drawn.
_OUTSIDE, _COARSE = 0.2, 1.5
_Key = tuple[object, ...]


@dataclass(frozen=True)
class Parts:
    """What a session works with; shared with other sessions.

    Attributes:
        driving: key points of the driving clip; None without.
        executor: for pasting.
    """

    tracker: FaceTracker
    model: AnyModel
    driving: DrivingPoints | None
    executor: Executor


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame on its way.

    Attributes:
        face: in the picture, where the person is cut out of it; None where it is lost or not looked for.
        view: None for a picture that is passed through.
        target: None for a picture that is passed through.
    """

    index: int
    picture: Picture
    face: Face | None = None
    view: SourceView | None = None
    target: Target | None = None

    def key(self) -> _Key:
        """Equal for frames whose drawn squares are equal."""
        assert self.view is not None and self.target is not None
        return self.view.index, self.view.area, *self.target.key()


class TpsmmSession:
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
        self._driving = parts.driving
        self._executor = parts.executor
        self._half = parts.model.half
        self._sources = SourceViews(parts.tracker, parts.model, pictures, choice, framing_of(settings))
        self._puppet = PuppetDriver(parts.tracker, parts.model, self._sources)
        self._targets = Targets(parts.model, parts.driving, self._puppet, self._sources, settings)
        self._maker = FrameMaker(parts.tracker, settings)
        self._last: dict[_Key, DrawnSquare] = {}
        self._warn_about_source(coarse=settings["resolution"] == "network")
        self._warn_about_driver()

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, in their order. Most of a group is pasted while the next one is drawn."""
        size = group_size(self._model.device, quality)
        yield from grouped(requests, size, lambda group: self._made(group, quality))

    def close(self) -> None:
        """Free what the session holds."""
        self._sources.close()
        self._puppet.close()
        self._last.clear()

    def _made(self, requests: Sequence[FrameRequest], quality: Quality) -> list[tuple[int, Future[Picture]]]:
        """Frames, in threads as far as that can be."""
        frames = [self._planned(request, quality) for request in requests]
        drawn = self._drawn([frame for frame in frames if frame.view is not None])
        made = [(frame.index, self._finishing(frame, drawn, quality)) for frame in frames]
        self._warn_about_frames()
        return made

    def _planned(self, request: FrameRequest, quality: Quality) -> _Frame:
        """What is to be drawn for a request. Only figures that move are looked at."""
        if self._targets.rests(request):
            face = self._sources.face(request.picture, quality) if self._maker.cuts_out else None
            return _Frame(request.index, self._sources.read(request.picture), face)
        view = self._sources.of(request.picture, quality)
        if view is None:
            if self._lost.add(request.picture):
                log.warning("The face was lost in picture %d.", request.picture + 1)
            return _Frame(request.index, self._sources.read(request.picture))
        target = self._targets.of(view, request, quality)
        if request.driving is None and np.array_equal(target.kp, view.kp):
            return _Frame(request.index, view.picture, view.face)
        return _Frame(request.index, view.picture, view.face, view, target)

    def _drawn(self, frames: Sequence[_Frame]) -> dict[_Key, DrawnSquare]:
        """Squares by the frames' keys; what was drawn last is not drawn again."""
        keys = [frame.key() for frame in frames]
        of_source: dict[SourceView, dict[_Key, Target]] = {}
        for key, frame in zip(keys, frames, strict=True):
            if key not in self._last and frame.view is not None and frame.target is not None:
                of_source.setdefault(frame.view, {})[key] = frame.target
        new = {}
        for view, targets in of_source.items():
            new.update(zip(targets, self._draw(view, list(targets.values())), strict=True))
        if keys:
            self._last = {key: new[key] if key in new else self._last[key] for key in dict.fromkeys(keys)}
        return self._last

    def _draw(self, view: SourceView, targets: Sequence[Target]) -> list[DrawnSquare]:
        """Squares of one source, those with a moved background apart from the others."""
        result: dict[int, DrawnSquare] = {}
        for moved in (False, True):
            rows = [row for row, target in enumerate(targets) if (target.background is not None) == moved]
            if not rows:
                continue
            background = np.stack([targets[row].background for row in rows]) if moved else None  # type: ignore[misc]
            kp = np.stack([targets[row].kp for row in rows]).astype(np.float32)
            drawn = self._model.draw(view.encoded, kp, background)
            for row, picture, flow, occlusion in zip(rows, drawn.pictures, drawn.flow, drawn.occlusion, strict=True):
                result[row] = DrawnSquare(picture, flow, occlusion)
        return [result[row] for row in range(len(targets))]

    def _finishing(self, frame: _Frame, drawn: Mapping[_Key, DrawnSquare], quality: Quality) -> Future[Picture]:
        if frame.view is not None and not self._maker.cuts_out:
            return self._executor.submit(self._maker.finished, frame.view, drawn[frame.key()], quality)
        picture, area = frame.picture, self._sources.chosen_area
        if frame.view is not None:
            picture, area = self._maker.finished(frame.view, drawn[frame.key()], quality), frame.view.area
        if self._maker.cuts_out:
            # The matte's network belongs to this thread.
            picture = self._maker.cut(picture, frame.face, area)
        return done(picture)

    def _warn_about_source(self, coarse: bool) -> None:
        face, area, size_px = self._sources.chosen, self._sources.chosen_area, self._sources.framing.size_px
        if face is not None:
            left, top, right, bottom = face.box()
            side = max(right - left, bottom - top)
            if side < _SMALL_FACE_PX:
                self._warn(f"The face is only {side:.0f} px large; it will look coarse.")
            if face.manual and not self._sources.is_still:
                self._warn("Points placed by hand do not follow the motion of a moving source.")
        if self._sources.lacks_person:
            self._warn("No person was found in the source; all of the picture is animated.")
        outside = area.share_outside(self._sources.read(self._sources.choice.picture).size)
        if outside > _OUTSIDE:
            self._warn(
                f"{outside:.0%} of the animated square lie outside of the picture and are made up; "
                "a smaller Crop avoids that."
            )
        longest = max(area.width, area.height)
        if coarse and longest > _COARSE * size_px:
            self._warn(
                f"The network draws {size_px} px for what has {longest:.0f} px in the source; "
                "set Resolution to Source to keep its detail."
            )

    def _warn_about_driver(self) -> None:
        if self._driving is None or self._sources.framing.area != "face" or not self._driving.lost:
            return
        lost = self._driving.lost
        pictures = "1 picture" if lost == 1 else f"{lost} pictures"
        self._warn(f"The actor's face was lost in {pictures} of the driving clip; its motion is held there.")

    def _warn_about_frames(self) -> None:
        """What shows only when frames are made."""
        if self._half is not None and self._model.half is None:
            self._warn("Half precision fails on this device; full precision is used.")
        if self._puppet.lacks_face:
            self._warn("There is no face in the source that is large enough; sliders of head and face move nothing.")
        if self._driving is not None and self._driving.lacks_person:
            self._warn("No person was found in the driving clip; all of its picture is followed.")
        if self._maker.lacks_person:
            self._warn("No person was found who could be cut out.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            log.warning(sentence)
