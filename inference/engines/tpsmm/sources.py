# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source's pictures as the networks see them: which part, and what the networks keep of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.chosen import MovingFace, chosen_face
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Alpha, Picture, PictureReader
from ...source import FaceChoice
from ..engine import Quality
from ..neural.device import Device
from ..puppet.colour import peak_of
from .area import Area, box_of, cut_area, face_area, person_area, person_box
from .description import TPSMM
from .driving import Framing

# Pictures of a moving source that are kept with their features, for frames that show the same one.
_KEPT = 2
_SIZES_PX = {"ted": 384}
_TRAINED_PX = 256
# A figure is cut out already where so much of the picture is clear.
_CLEAR = 0.05


class AnyModel(Protocol):
    """What the engine uses of ``model.Model``; see there."""

    has_avd: bool
    has_background: bool

    @property
    def device(self) -> Device:
        """Where the networks run."""
        ...

    @property
    def half(self) -> object:
        """The 16 bit type in use, or None."""
        ...

    def key_points(self, pictures: np.ndarray) -> np.ndarray:
        """(n, 50, 2)."""
        ...

    def avd(self, source_kp: np.ndarray, driving_kp: np.ndarray) -> np.ndarray:
        """(n, 50, 2)."""
        ...

    def background(self, source: np.ndarray, driving: np.ndarray) -> np.ndarray:
        """(n, 3, 3)."""
        ...

    def encode(self, source: np.ndarray) -> Any:
        """What is kept of a source, with ``kp`` (50, 2)."""
        ...

    def draw(self, source: Any, kp: np.ndarray, background: np.ndarray | None = None) -> Any:
        """``pictures``, ``flow`` and ``occlusion`` of n frames."""
        ...


def framing_of(settings: Mapping[str, object]) -> Framing:
    """How source and clip are cut with these settings."""
    size = str(settings["size"])
    size_px = _SIZES_PX.get(str(settings["model"]), _TRAINED_PX) if size == "trained" else int(size)
    return Framing(str(settings["area"]), float(settings["crop_scale"]), size_px)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class SourceView:
    """A source picture as the networks see it.

    Attributes:
        index: its picture index.
        picture: in its own depth.
        face: landmarks, smoothed over neighbours in a moving source; None where no face is looked for.
        area: what of the picture is animated.
        crop: (S, S, 3) float32 R, G, B, 0 to 1, of the area.
        encoded: what the networks keep of it.
    """

    index: int
    picture: Picture
    face: Face | None
    area: Area
    crop: np.ndarray
    encoded: Any

    @cached_property
    def kp(self) -> np.ndarray:
        """(50, 2) float64 key points."""
        return np.asarray(self.encoded.kp, np.float64)


class SourceViews:
    """Pictures of a source. What is seen of one depends on it, its neighbours and the chosen picture alone.

    Attributes:
        framing: how pictures are cut.
        chosen: the face on the picture on which it was chosen; None where none is needed.
        lacks_person: the whole picture is animated, since no person was found.

    Raises:
        TalkingHeadError: NO_FACE with the area "face", and what reading the source raises.
    """

    def __init__(
        self, tracker: FaceTracker, model: AnyModel, pictures: PictureReader, choice: FaceChoice, framing: Framing
    ) -> None:
        self.framing = framing
        self.choice = choice
        self.lacks_person = False
        self.chosen: Face | None = None
        self._tracker = tracker
        self._model = model
        self._pictures = pictures
        self._moving: MovingFace | None = None
        self._held: Area | None = None
        self._kept: OrderedDict[tuple[int, Quality], SourceView] = OrderedDict()
        if framing.area == "face":
            self.chosen = chosen_face(tracker, pictures, choice)
            self._moving = MovingFace(tracker, pictures, self.chosen, TPSMM.neighbours)
        else:
            self._held = self._held_area()

    @property
    def is_still(self) -> bool:
        """The source has one picture."""
        return len(self._pictures) == 1

    @property
    def chosen_area(self) -> Area:
        """What is animated of the picture on which the face was chosen."""
        if self.chosen is None:
            assert self._held is not None
            return self._held
        return face_area(self.chosen.landmarks[:, :2], self.framing.crop_scale)

    def chosen_crop(self) -> np.ndarray:
        """(S, S, 3) float32 R, G, B, 0 to 1: that area."""
        return cut_area(to_bgr8(self._pictures.read(self.choice.picture)), self.chosen_area, self.framing.size_px)

    @cached_property
    def any_face(self) -> Face | None:
        """The chosen face, or one that happens to be in the chosen picture; None where there is none."""
        if self.chosen is not None:
            return self.chosen
        try:
            return chosen_face(self._tracker, self._pictures, self.choice)
        except TalkingHeadError as error:
            if error.code is ErrorCode.NO_FACE:
                return None
            raise

    def read(self, index: int) -> Picture:
        """A picture of the source."""
        return self._pictures.read(index)

    def face(self, index: int, quality: Quality) -> Face | None:
        """The face in a picture; None where it is lost, or none is looked for."""
        if self._moving is None or self.is_still:
            return self.chosen
        return self._moving.alone(index) if quality is Quality.PREVIEW else self._moving.at(index)

    def of(self, index: int, quality: Quality) -> SourceView | None:
        """A picture; None where its face is lost.

        A preview of a moving source goes without the neighbours, which would have to be decoded.
        """
        key = (0, Quality.FINAL) if self.is_still else (index, quality)
        if key not in self._kept:
            view = self._seen(*key)
            if view is None:
                return None
            self._kept[key] = view
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def _seen(self, index: int, quality: Quality) -> SourceView | None:
        face = self.face(index, quality)
        if face is None and self._held is None:
            return None
        area = self._held or face_area(face.landmarks[:, :2], self.framing.crop_scale)  # type: ignore[union-attr]
        picture = self._pictures.read(index)
        crop = cut_area(to_bgr8(picture), area, self.framing.size_px)
        return SourceView(index, picture, face, area, crop, self._model.encode(crop))

    def _held_area(self) -> Area:
        """One area for all pictures of a source, from the one on which the face would be chosen."""
        picture = self._pictures.read(self.choice.picture)
        if self.framing.area == "whole":
            return Area.whole(picture.size)
        box = self._person(picture)
        self.lacks_person = box is None
        return Area.whole(picture.size) if box is None else person_area([box], self.framing.crop_scale, picture.size)

    def _person(self, picture: Picture) -> np.ndarray | None:
        """A figure's box: by its transparency where it is cut out already, which also knows drawings."""
        if picture.alpha is not Alpha.NONE:
            opacity = np.clip(picture.pixels[..., 3].astype(np.float32) / peak_of(picture.pixels), 0, 1)
            if np.mean(opacity < 0.5) > _CLEAR:
                return box_of(opacity)
        return person_box(to_bgr8(picture), self._tracker)
