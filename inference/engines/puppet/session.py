# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The puppet engine opened on one source and face."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...controls import RIG_NAMES, rest_pose
from ...face.chosen import MovingFace
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import FrameRequest, Quality
from ..lost_faces import LostFaces
from .act import in_face
from .background import PersonLayers, person_layers
from .calibrate import calibrated
from .colour import Canvas
from .composition import compose_frame
from .description import PUPPET
from .expression import Expression, expression_of, face_rests
from .faces import chosen_face
from .frame import FaceFrame
from .head import Background, HeadWarp, TurnGains, head_rests
from .portrait import Portrait
from .spectacles import FrontView, wears_spectacles

log = logging.getLogger(__name__)

SMALL_FACE_PX = 24
# Frames waiting beyond those that are made, so that no thread stands still while one is handed out.
AHEAD = 3


@dataclass
class _Kept:
    """What a picture needs once.

    Attributes:
        index: of the picture.
        uses: how many frames were made of it.
    """

    index: int = 0
    uses: int = 0
    canvas: Canvas | None = None
    portrait: Portrait | None = None
    head: HeadWarp | None = None
    layers: PersonLayers | None = None


class PuppetSession:
    """Frames of one source. A still picture is prepared once, a moving one picture by picture.

    Previews are made of one picture again and again while sliders are dragged, so they keep the last picture of a
    moving source as well; and its face is looked for near the last one, so that scrubbing is not slowed down.

    Attributes:
        warnings: sentences about the source that the user should read.
    """

    def __init__(
        self,
        tracker: FaceTracker,
        pictures: PictureReader,
        choice: FaceChoice,
        settings: Mapping[str, object],
        executor: ThreadPoolExecutor | None,
        side_by_side: int = 1,
    ) -> None:
        self.warnings: list[str] = []
        self._lost = LostFaces(self.warnings)
        self._tracker = tracker
        self._pictures = pictures
        self._settings = settings
        self._executor = executor
        self._side_by_side = side_by_side
        self._choice = choice
        self._face = chosen_face(tracker, pictures, choice)
        self._moving = MovingFace(tracker, pictures, self._face, PUPPET.neighbours)
        self._kept = _Kept()
        self._gains: TurnGains | None = None
        self._spectacles = self._worn(settings["spectacles"])
        self._warn_about(self._face)

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, in their order.

        Final frames are made side by side, which fills the cores better than bands of one frame; a preview is one frame
        that is wanted soon, so its bands are.
        """
        if self._executor is None or quality is Quality.PREVIEW:
            for request in requests:
                yield request.index, self._prepared(request, quality, self._executor)()
            return
        waiting: deque[tuple[int, Future[Picture]]] = deque()
        try:
            for request in requests:
                waiting.append((request.index, self._executor.submit(self._prepared(request, quality, None))))
                if len(waiting) >= self._side_by_side + AHEAD:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self) -> None:
        """Free what the session holds."""
        self._kept = _Kept()

    def _prepared(self, request: FrameRequest, quality: Quality, executor: Executor | None) -> Callable[[], Picture]:
        """What makes a frame and can run in any thread; reading and tracking is done here, in order."""
        pose = {**rest_pose(), **{name: request.pose[name] for name in RIG_NAMES if name in request.pose}}
        kept = self._kept_for(request.picture, quality)
        picture = self._pictures.read(request.picture) if kept.canvas is None else kept.canvas.picture
        motion = request.motion if request.motion is not None and request.motion.any() else None
        if pose == rest_pose() and motion is None and not self._cuts_out:
            return lambda: picture
        face = self._face_in(request.picture, quality)
        if face is None and not self._cuts_out:
            return lambda: picture
        canvas = kept.canvas = kept.canvas or Canvas.of(picture)
        turned = face is not None and not head_rests(pose)
        layers = self._layers(kept, canvas, face) if turned or self._cuts_out else None
        moves = motion is not None or not face_rests(pose)
        express = self._expression(kept, canvas, face, pose, motion) if face and moves else None
        turn = self._head(kept, canvas, face) if face and turned else None

        def make() -> Picture:
            expression = express() if express else None
            field = turn().inverse(pose) if turn else None
            return compose_frame(canvas, expression, field, quality, executor, layers, self._cuts_out)

        return make

    @property
    def _cuts_out(self) -> bool:
        return bool(self._settings["cut_out"])

    @property
    def _background(self) -> Background:
        # Without a background there is nothing to stretch, and the head moves more freely.
        return Background.HOLD if self._cuts_out else Background(str(self._settings["background"]))

    def _kept_for(self, index: int, quality: Quality) -> _Kept:
        """What is kept of a picture. Frames for files are made of each picture of a moving source once."""
        if not self._is_still and (quality is not Quality.PREVIEW or self._kept.index != index):
            kept = _Kept(index)
            if quality is Quality.PREVIEW:
                self._kept = kept
            return kept
        self._kept.uses += 1
        return self._kept

    def _layers(self, kept: _Kept, canvas: Canvas, face: Face | None) -> PersonLayers | None:
        if self._background is Background.STRETCH:
            return None
        if kept.layers is None:
            kept.layers = person_layers(canvas, face, self._face, self._tracker)
        return kept.layers

    @property
    def _is_still(self) -> bool:
        return len(self._pictures) == 1

    def _face_in(self, index: int, quality: Quality) -> Face | None:
        if self._is_still:
            return self._face
        face = self._moving.soon(index) if quality is Quality.PREVIEW else self._moving.at(index)
        if face is None:
            if self._lost.add(index):
                log.warning("The face was lost in picture %d.", index + 1)
        return face

    def _expression(
        self, kept: _Kept, canvas: Canvas, face: Face, pose: Mapping[str, float], motion: np.ndarray | None
    ) -> Callable[[], Expression | None]:
        shift = None if motion is None else in_face(motion, face, self._tracker.mesh)
        if not self._is_still and not kept.uses:
            return lambda: expression_of(Portrait.of(canvas, face, self._spectacles, pose, shift), pose)
        if kept.portrait is None:
            kept.portrait = Portrait.of(canvas, face, self._spectacles)
        return partial(expression_of, kept.portrait, pose, shift)

    def _head(self, kept: _Kept, canvas: Canvas, face: Face) -> Callable[[], HeadWarp]:
        gains = self._head_gains()

        def build() -> HeadWarp:
            if kept.head is None:
                kept.head = HeadWarp.build(face, canvas.size, self._background).with_gains(gains)
            return kept.head

        if self._is_still:
            build()  # here, in one thread
        return build

    def _head_gains(self) -> TurnGains:
        """Gains that make head angles true, measured once, on the picture on which the face was chosen."""
        if self._gains is None:
            picture = self._pictures.read(self._choice.picture)
            head = HeadWarp.build(self._face, picture.size, self._background)
            self._gains = calibrated(head, self._face, to_bgr8(picture), self._tracker).gains
        return self._gains

    def _worn(self, setting: object) -> bool:
        if setting != "auto":
            return setting == "on"
        canvas = Canvas.of(self._pictures.read(self._choice.picture))
        return wears_spectacles(FrontView.of(FaceFrame.of(self._face), canvas))

    def _warn_about(self, face: Face) -> None:
        span = float(np.linalg.norm(face.landmarks[263, :2] - face.landmarks[33, :2]))
        if span < SMALL_FACE_PX:
            self._warn(f"The face is only {span:.0f} px wide between the eyes; expressions will look coarse.")
        if face.manual and len(self._pictures) > 1:
            self._warn("Points placed by hand do not follow the motion of a moving source.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            log.warning(sentence)


def _taken(waiting: deque[tuple[int, Future[Picture]]]) -> tuple[int, Picture]:
    index, future = waiting.popleft()
    return index, future.result()
