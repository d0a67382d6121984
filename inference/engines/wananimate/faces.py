# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of each frame: what Wan-Animate is shown of it, and where it went by sliders and strengths.

The performer (``diffusion.performer``) shows what the clip's actor or the source's own person does, with what sliders
and the regions' strengths change. From that picture the face is cut; the head of the skeleton goes the way from the
face's landmarks at rest to those of the performance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..diffusion.performer import DrivingPicture, Performer, shown_picture
from ..diffusion.squares import SourceViews
from ..engine import DrivingClip, FrameRequest
from .preprocess.face_box import face_crop
from .preprocess.light import body_of

FACE_PX = 512
"""Side of the pictures of faces that the motion encoder is shown."""


@dataclass(frozen=True, eq=False)
class ActedFace:
    """What the face of a frame does.

    Attributes:
        crop: (512, 512, 3) uint8 RGB.
        size: (width, height) in px of the whole picture of clip or source in which it acts.
        rest, moved: (478, 2) landmarks without and with sliders and strengths, px of that picture; None where the face
            is lost there and another frame's is shown.
    """

    crop: np.ndarray
    size: tuple[int, int]
    rest: np.ndarray | None
    moved: np.ndarray | None


class Faces:
    """Faces of the frames of one source.

    Args:
        performer: on the same source and clip.
    """

    def __init__(self, performer: Performer, views: SourceViews, clip: DrivingClip | None) -> None:
        self._performer = performer
        self._views = views
        self._clip = clip

    @property
    def lacks_face(self) -> bool:
        """Sliders were moved on a face that is too small for them."""
        return self._performer.lacks_face

    def of(self, requests: Sequence[FrameRequest]) -> Iterator[ActedFace]:
        """The face of each frame: the clip's where one acts, otherwise the source's own."""
        for request, made in zip(requests, self._performer.pictures(requests), strict=True):
            face = body_of(made.landmarks, made.bgr.shape[:2]).face
            crop = np.ascontiguousarray(face_crop(made.bgr, face, FACE_PX)[..., ::-1])
            yield ActedFace(crop, *(self._of_clip(request, made) if made.of_clip else self._of_source(request, made)))

    def _of_clip(
        self, request: FrameRequest, made: DrivingPicture
    ) -> tuple[tuple[int, int], np.ndarray | None, np.ndarray | None]:
        """Size and landmarks in the clip's picture."""
        assert self._clip is not None and request.driving is not None
        rest = self._clip.landmarks(shown_picture(self._clip, request.driving.position))
        moved = (made.landmarks + 0.5) * (np.array(made.full) / made.bgr.shape[1::-1]) - 0.5
        return made.full, np.asarray(rest, np.float64), moved

    def _of_source(
        self, request: FrameRequest, made: DrivingPicture
    ) -> tuple[tuple[int, int], np.ndarray | None, np.ndarray | None]:
        """Size and landmarks in the source's picture, of which the performance shows a square."""
        index = 0 if self._views.is_still else request.picture
        face, size = self._views.face(index), self._views.pictures.read(index).size
        if face is None:
            return size, None, None
        matrix = self._views.square_of(face, size).to_picture(len(made.bgr))
        return size, face.landmarks[:, :2], made.landmarks @ matrix[:2, :2].T + matrix[:2, 2]
