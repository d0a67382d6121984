# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source's face in each of its pictures, as the networks see it: crop, features, motion, openness."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...face.chosen import MovingFace, chosen_face
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tables import LEFT_EAR, RIGHT_EAR
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import Quality
from .crop import Square, cut_square, face_square, for_network
from .description import LIVEPORTRAIT
from .keypoints import Motion, MotionTrack
from .landmark203 import Landmark203
from .opened import AnyModel
from .ratios import Ratios, ratios_of

# Pictures of a moving source that are kept with their features, for frames that show the same one.
_KEPT = 4


@dataclass(frozen=True, eq=False)
class SourceFace:
    """A source picture with its face.

    Attributes:
        index: its picture index.
        picture: in its own depth.
        face: landmarks, smoothed over neighbours in a moving source.
        square: what of the picture is redrawn.
        crop: (512, 512, 3) uint8 RGB of the square.
        features: for drawing; the networks' own.
        motion: pose and expression.
        ratios: (1) how open eyes and lips are.
    """

    index: int
    picture: Picture
    face: Face
    square: Square
    crop: np.ndarray
    features: Any
    motion: Motion
    ratios: Ratios

    @cached_property
    def track(self) -> MotionTrack:
        """(1) The motion."""
        return MotionTrack.of([self.motion])

    @cached_property
    def x_s(self) -> np.ndarray:
        """(1, 21, 3) key points."""
        return self.track.points()

    @property
    def width(self) -> float:
        """Distance of the ears in units of the key points, which span 2 over the crop."""
        ears = self.face.landmarks[LEFT_EAR, :2] - self.face.landmarks[RIGHT_EAR, :2]
        return 2 * float(np.linalg.norm(ears)) / self.square.side


class SourceFaces:
    """Faces of a source. A picture's result depends on that picture and its neighbours alone.

    Args:
        crop_scale: side of the redrawn square in sizes of the face.
        landmark: the network of 203 landmarks, where the user has it.

    Attributes:
        chosen: the face on the picture on which it was chosen.
        crop_scale: as given.

    Raises:
        TalkingHeadError: NO_FACE, and what reading the source raises.
    """

    def __init__(
        self,
        tracker: FaceTracker,
        model: AnyModel,
        pictures: PictureReader,
        choice: FaceChoice,
        crop_scale: float,
        landmark: Landmark203 | None = None,
    ) -> None:
        self._model = model
        self._pictures = pictures
        self.crop_scale = crop_scale
        self._landmark = landmark
        self.chosen = chosen_face(tracker, pictures, choice)
        self._moving = MovingFace(tracker, pictures, self.chosen, LIVEPORTRAIT.neighbours)
        self._kept: OrderedDict[tuple[int, Quality], SourceFace] = OrderedDict()

    @property
    def is_still(self) -> bool:
        """The source has one picture."""
        return len(self._pictures) == 1

    def read(self, index: int) -> Picture:
        """A picture of the source."""
        return self._pictures.read(index)

    def face(self, index: int, quality: Quality) -> Face | None:
        """The face in a picture, None where it is lost, without what the networks find in it."""
        if self.is_still:
            return self.chosen
        return self._moving.alone(index) if quality is Quality.PREVIEW else self._moving.at(index)

    def of(self, indices: Iterable[int], quality: Quality) -> list[SourceFace | None]:
        """The faces in some pictures, None where it is lost. What is new is found by all networks at once.

        A preview of a moving source goes without the neighbours, which would have to be decoded.
        """
        keys = [(0 if self.is_still else index, Quality.FINAL if self.is_still else quality) for index in indices]
        found = {key: self._kept.get(key) for key in keys}
        drafts = {key: self._draft(*key) for key, source in found.items() if source is None}
        new = {key: draft for key, draft in drafts.items() if draft is not None}
        if new:
            crops = np.stack([for_network(draft[-1]) for draft in new.values()])
            results = zip(new.items(), self._model.features(crops), self._model.motion(crops), strict=True)
            for (key, draft), features, motion in results:
                found[key] = self._finished(key[0], draft, features, motion)
        self._keep(found)
        return [found[key] for key in keys]

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def _draft(self, index: int, quality: Quality) -> tuple[Picture, Face, Square, np.ndarray] | None:
        face = self.face(index, quality)
        if face is None:
            return None
        picture = self._pictures.read(index)
        square = face_square(face.landmarks[:, :2], self.crop_scale)
        crop = cut_square(to_bgr8(picture), square)[..., ::-1]
        return picture, face, square, np.ascontiguousarray(crop)

    def _finished(
        self, index: int, draft: tuple[Picture, Face, Square, np.ndarray], features: Any, motion: Motion
    ) -> SourceFace:
        picture, face, square, crop = draft
        return SourceFace(index, picture, face, square, crop, features, motion, self._ratios(picture, face))

    def _ratios(self, picture: Picture, face: Face) -> Ratios:
        points = face.landmarks[:, :2]
        if self._landmark is not None and not face.manual:
            points = self._landmark.points(np.ascontiguousarray(to_bgr8(picture)[..., ::-1]), points)
        return ratios_of(points[None])

    def _keep(self, found: dict[tuple[int, Quality], SourceFace | None]) -> None:
        for key, source in found.items():
            if source is not None:
                self._kept[key] = source
                self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def sample_motion(picture: Picture, tracker: FaceTracker, model: AnyModel, crop_scale: float) -> Motion | None:
    """Motion of the largest face of a sample picture; None where there is no face."""
    bgr = to_bgr8(picture)
    faces = tracker.faces(bgr)
    if not faces:
        return None
    crop = for_network(cut_square(bgr, face_square(faces[0].landmarks[:, :2], crop_scale)))
    return model.motion(np.ascontiguousarray(crop[None, ..., ::-1]))[0]
