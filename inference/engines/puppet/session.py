# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The puppet engine opened on one source and face."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ...controls import rest_pose
from ...face.face import Face
from ...face.tracker import FaceTracker
from ...job import FaceChoice
from ...media.picture import Picture, PictureReader
from ..engine import FrameRequest, Quality
from .colour import Canvas
from .composition import compose_frame
from .faces import MovingFace, chosen_face
from .frame import FaceFrame
from .portrait import Portrait
from .spectacles import FrontView, wears_spectacles

log = logging.getLogger(__name__)

SMALL_FACE_PX = 24


class PuppetSession:
    """Frames of one source. A still picture is prepared once, a moving one picture by picture.

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
    ) -> None:
        self.warnings: list[str] = []
        self._tracker = tracker
        self._pictures = pictures
        self._settings = settings
        self._executor = executor
        self._face = chosen_face(tracker, pictures, choice)
        self._moving = MovingFace(tracker, pictures, self._face)
        self._still: Portrait | None = None
        self._spectacles = self._worn(settings["spectacles"], choice)
        self._warn_about(self._face)

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, in their order."""
        for request in requests:
            yield request.index, self._frame(request, quality)

    def close(self) -> None:
        """Free what the session holds."""
        self._still = None

    def _frame(self, request: FrameRequest, quality: Quality) -> Picture:
        pose = {**rest_pose(), **request.pose}
        picture = self._pictures.read(request.picture)
        if pose == rest_pose():
            return picture
        portrait = self._portrait(request.picture, picture, pose)
        if portrait is None:
            return picture
        return compose_frame(portrait, None, pose, quality, self._executor)

    def _portrait(self, index: int, picture: Picture, pose: Mapping[str, float]) -> Portrait | None:
        if len(self._pictures) == 1:
            if self._still is None:
                self._still = Portrait.of(Canvas.of(picture), self._face, self._spectacles)
            return self._still
        face = self._moving.at(index)
        if face is None:
            self._warn(f"The face was lost in picture {index + 1}; it is passed through unchanged.")
            return None
        return Portrait.of(Canvas.of(picture), face, self._spectacles, pose)

    def _worn(self, setting: object, choice: FaceChoice) -> bool:
        if setting != "auto":
            return setting == "on"
        canvas = Canvas.of(self._pictures.read(choice.picture))
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
