# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source's face in each of its pictures, as the networks see it: aligned square, code, own motion weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...face.chosen import MovingFace, chosen_face
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import Quality
from ..liveportrait.crop import Square
from .crop import aligned_square, cut
from .description import EDTALK

# Pictures of a moving source that are kept with their codes, for frames that show the same one.
_KEPT = 4


class Networks(Protocol):
    """The part of the model that frames are drawn with."""

    full: bool

    def encode(self, pictures: np.ndarray) -> Sequence[Any]:
        """What is kept of (n, 256, 256, 3) uint8 RGB source pictures."""
        ...

    def encode_codes(self, pictures: np.ndarray) -> np.ndarray:
        """(n, 512) codes of pictures of the same form."""
        ...

    def weights(self, codes: np.ndarray) -> Any:
        """Motion weights of (n, 512) codes: attributes mouth, pose, expression."""
        ...

    def decode(self, code: Any, weights: Any) -> np.ndarray:
        """(n, 256, 256, 3) float32 RGB, 0 to 1, of one source picture with n motion weights."""
        ...


@dataclass(frozen=True, eq=False)
class SourceFace:
    """A source picture with its face.

    Attributes:
        index: its picture index.
        picture: in its own depth.
        face: landmarks, smoothed over neighbours in a moving source.
        square: what of the picture is redrawn.
        crop: (256, 256, 3) uint8 RGB of the square.
        code: for drawing; the networks' own.
        own: (36 or 26,) the face's own motion weights.
    """

    index: int
    picture: Picture
    face: Face
    square: Square
    crop: np.ndarray
    code: Any
    own: np.ndarray


class SourceFaces:
    """Faces of a source. A picture's result depends on that picture and its neighbours alone.

    Attributes:
        chosen: the face on the picture on which it was chosen.

    Raises:
        TalkingHeadError: NO_FACE, and what reading the source raises.
    """

    def __init__(self, tracker: FaceTracker, model: Networks, pictures: PictureReader, choice: FaceChoice) -> None:
        self._model = model
        self._pictures = pictures
        self.chosen = chosen_face(tracker, pictures, choice)
        self._moving = MovingFace(tracker, pictures, self.chosen, EDTALK.neighbours)
        self._kept: OrderedDict[tuple[int, Quality], SourceFace] = OrderedDict()

    @property
    def is_still(self) -> bool:
        """The source has one picture."""
        return len(self._pictures) == 1

    def read(self, index: int) -> Picture:
        """A picture of the source; raises when the request was canceled."""
        return self._pictures.read(index)

    def face(self, index: int, quality: Quality) -> Face | None:
        """The face in a picture, None where it is lost, without what the networks find in it."""
        if self.is_still:
            return self.chosen
        return self._moving.alone(index) if quality is Quality.PREVIEW else self._moving.at(index)

    def of(self, indices: Iterable[int], quality: Quality) -> list[SourceFace | None]:
        """The faces in some pictures, None where it is lost.

        A preview of a moving source goes without the neighbours, which would have to be decoded.
        """
        keys = [(0 if self.is_still else index, Quality.FINAL if self.is_still else quality) for index in indices]
        found = {key: self._kept.get(key) or self._made(*key) for key in dict.fromkeys(keys)}
        for key, source in found.items():
            if source is not None:
                self._kept[key] = source
                self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return [found[key] for key in keys]

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def _made(self, index: int, quality: Quality) -> SourceFace | None:
        face = self.face(index, quality)
        if face is None:
            return None
        picture = self._pictures.read(index)
        square = aligned_square(face.landmarks)
        crop = cut(to_bgr8(picture), square)
        (code,) = self._model.encode(crop[None])
        return SourceFace(index, picture, face, square, crop, code, rows_of(self._model, code.code[None])[0])


def rows_of(model: Networks, codes: np.ndarray) -> np.ndarray:
    """(n, 36 or 26) float64 motion weights of (n, 512) codes."""
    found = model.weights(codes)
    return np.concatenate([found.mouth, found.pose, found.expression], axis=1).astype(np.float64)
