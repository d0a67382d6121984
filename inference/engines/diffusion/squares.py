# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square of each source picture that is redrawn: upright, around the face, following it in a moving source."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...face.chosen import MovingFace, chosen_face
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import Quality
from ..liveportrait.crop import SOURCE_SHIFT_Y, Square, cut_square, face_square

# Pictures of a moving source that are kept, for frames that show the same one.
_KEPT = 2


@dataclass(frozen=True)
class Framing:
    """How squares are cut.

    Attributes:
        crop_scale: side in sizes of the face.
        size_px: side of what is drawn.
        shift_y: how far the square's middle lies below that of the face, in sides.
    """

    crop_scale: float
    size_px: int
    shift_y: float = SOURCE_SHIFT_Y


@dataclass(frozen=True, eq=False)
class SourceView:
    """A source picture with its square.

    Attributes:
        index: its picture index.
        picture: in its own depth.
        face: landmarks in px of the picture, smoothed over neighbours in a moving source.
        square: what of the picture is redrawn; upright.
        crop: (S, S, 3) uint8 R, G, B of the square; beyond the picture its edge goes on.
    """

    index: int
    picture: Picture
    face: Face
    square: Square
    crop: np.ndarray

    @property
    def landmarks(self) -> np.ndarray:
        """(478, 2) float64 in px of the crop."""
        return in_square(self.face.landmarks[:, :2], self.square, len(self.crop))


class SourceViews:
    """Squares of a source's pictures. A picture's square depends on it, its neighbours and the chosen picture alone.

    Args:
        neighbours: ``EngineDescription.neighbours``.

    Attributes:
        choice: as given.
        chosen: the face on the picture on which it was chosen.

    Raises:
        TalkingHeadError: NO_FACE, and what reading the source raises.
    """

    def __init__(
        self, tracker: FaceTracker, pictures: PictureReader, choice: FaceChoice, framing: Framing, neighbours: int
    ) -> None:
        self.framing = framing
        self.choice = choice
        self.pictures = pictures
        self.chosen = chosen_face(tracker, pictures, choice)
        self._moving = MovingFace(tracker, pictures, self.chosen, neighbours)
        self._kept: OrderedDict[tuple[int, Quality], SourceView] = OrderedDict()

    @property
    def is_still(self) -> bool:
        """The source has one picture."""
        return len(self.pictures) == 1

    @property
    def reference(self) -> SourceView:
        """The picture on which the face was chosen: what the drawing takes its looks from."""
        picture = self.pictures.read(self.choice.picture)
        square = self.square_of(self.chosen, picture.size)
        crop = cut_rgb(to_bgr8(picture), square, self.framing.size_px)
        return SourceView(self.choice.picture, picture, self.chosen, square, crop)

    def face(self, index: int, quality: Quality = Quality.FINAL) -> Face | None:
        """The face in a picture; None where it is lost."""
        if self.is_still:
            return self.chosen
        return self._moving.alone(index) if quality is Quality.PREVIEW else self._moving.at(index)

    def square_of(self, face: Face, size: tuple[int, int]) -> Square:
        """The square around a face of a picture of ``size`` (width, height), inside of the picture as far as it can."""
        framing = self.framing
        square = face_square(face.landmarks[:, :2], framing.crop_scale, shift_y=framing.shift_y).upright()
        return moved_inside(square, size)

    def of(self, index: int, quality: Quality = Quality.FINAL) -> SourceView | None:
        """A picture; None where its face is lost."""
        key = (0, Quality.FINAL) if self.is_still else (index, quality)
        if key not in self._kept:
            face = self.face(*key)
            if face is None:
                return None
            picture = self.pictures.read(key[0])
            square = self.square_of(face, picture.size)
            crop = cut_rgb(to_bgr8(picture), square, self.framing.size_px)
            self._kept[key] = SourceView(key[0], picture, face, square, crop)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()


def moved_inside(square: Square, size: tuple[int, int]) -> Square:
    """An upright square moved so that it leaves a picture of ``size`` (width, height) only where it is larger."""
    centre = []
    for middle, extent in zip(square.centre, size, strict=True):
        # Pixel centres lie at whole coordinates, so that a picture reaches from -0.5 to its size - 0.5.
        ends = (square.side / 2 - 0.5, extent - 0.5 - square.side / 2)
        centre.append(min(max(middle, min(ends)), max(ends)))
    return replace(square, centre=(centre[0], centre[1]))


def cut_rgb(bgr: np.ndarray, square: Square, size_px: int) -> np.ndarray:
    """(size_px, size_px, 3) uint8 R, G, B of an upright square of a (H, W, 3) uint8 picture.

    Beyond the picture its edge goes on, which networks take better for a background than black.
    """
    return np.ascontiguousarray(cut_bgr(bgr, square, size_px)[..., ::-1])


def cut_bgr(bgr: np.ndarray, square: Square, size_px: int) -> np.ndarray:
    """(size_px, size_px, 3) uint8 B, G, R: see ``cut_rgb``."""
    return _cut(bgr, square, size_px, cv2.BORDER_REPLICATE)


def cut_plane(values: np.ndarray, square: Square, size_px: int) -> np.ndarray:
    """(size_px, size_px) of an upright square of (H, W) values; beyond the picture they are 0."""
    return _cut(values, square, size_px, cv2.BORDER_CONSTANT)


def _cut(pixels: np.ndarray, square: Square, size_px: int, border: int) -> np.ndarray:
    # A pixel of the crop may reach so far for its mean.
    rim = math.ceil(square.side / size_px) + 2
    spans, before, after = [], [], []
    box = square.box()
    for low, high, extent in zip(box[:2], box[2:], pixels.shape[1::-1], strict=True):
        first, end = math.floor(low) - rim, math.ceil(high) + rim
        start = min(max(first, 0), extent - 1)
        stop = max(min(end, extent), start + 1)
        spans.append((start, stop))
        before.append(max(start - first, 0))
        after.append(max(end - stop, 0))
    (x0, x1), (y0, y1) = spans
    part = cv2.copyMakeBorder(pixels[y0:y1, x0:x1], before[1], after[1], before[0], after[0], border, value=0)
    x, y = square.centre
    return cut_square(part, replace(square, centre=(x - x0 + before[0], y - y0 + before[1])), size_px)


def in_square(points: np.ndarray, square: Square, size_px: int) -> np.ndarray:
    """(n, 2) float64 points of the picture in px of the square's crop."""
    matrix = square.to_crop(size_px)
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
