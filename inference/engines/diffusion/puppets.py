# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The puppet engine acting unseen on pictures that were made smaller: networks look at what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...media.prefetch import reduced
from ...source import FaceChoice
from ..engine import FrameRequest, Quality
from ..puppet.description import PUPPET
from ..puppet.session import PuppetSession

# (x0, y0, x1, y1) in whole px.
Box = tuple[int, int, int, int]


class SmallPictures:
    """A reader of a part of each picture, made smaller.

    Args:
        pictures: closed by whoever gave it.
        factor: at most 1.
        box: the part; None for whole pictures.
    """

    def __init__(self, pictures: PictureReader, factor: float, box: Box | None = None) -> None:
        self.pictures = pictures
        self._factor = factor
        self._box = box

    def __len__(self) -> int:
        return len(self.pictures)

    def size(self) -> tuple[int, int]:
        """(width, height) in px of the first picture."""
        return self.read(0).size

    def read(self, index: int) -> Picture:
        """A picture, without alpha where it had none."""
        picture = self.pictures.read(index)
        if self._box is not None:
            x0, y0, x1, y1 = self._box
            picture = replace(picture, pixels=np.ascontiguousarray(picture.pixels[y0:y1, x0:x1]))
        return reduced(picture, self._factor)

    def digest(self, index: int) -> str:
        """Of the picture it was made from."""
        return self.pictures.digest(index)

    def close(self) -> None:
        """Nothing of its own."""

    def placed(self, points: np.ndarray, full: tuple[int, int], small: tuple[int, int]) -> np.ndarray:
        """(n, 2) float64 points of a picture of size ``full`` (width, height), in px of what is read of it."""
        x0, y0, x1, y1 = self._box or (0, 0, *full)
        ratio = np.array([small[0] / (x1 - x0), small[1] / (y1 - y0)])
        return (np.asarray(points, np.float64) + 0.5 - [x0, y0]) * ratio - 0.5


class UnseenPuppet:
    """The puppet of one face, opened with the first pose that is not at rest.

    Args:
        pictures: the reader that the puppet sees.
        choice: where the face was chosen; of it, ``points`` and ``picture`` count.
        landmarks: (478, 2) of that face, in px of what ``pictures`` gives of that picture.

    Attributes:
        lacks_face: the face is too small there, so that nothing can be performed.
    """

    def __init__(
        self, tracker: FaceTracker, pictures: PictureReader, choice: FaceChoice, landmarks: np.ndarray
    ) -> None:
        self.lacks_face = False
        self._tracker = tracker
        self._pictures = pictures
        self._choice = choice
        self._landmarks = landmarks
        self._session: PuppetSession | None = None

    def performed(self, index: int, pose: Mapping[str, float]) -> Picture | None:
        """A picture in a pose; None where that cannot be performed."""
        if self._session is None and not self.lacks_face:
            choice = self._found()
            self.lacks_face = choice is None
            if choice is not None:
                self._session = PuppetSession(self._tracker, self._pictures, choice, PUPPET.settings_from({}), None)
        if self._session is None:
            return None
        ((_, made),) = self._session.frames([FrameRequest(0, index, pose)], Quality.FINAL)
        return made

    def close(self) -> None:
        """Free the puppet."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def _found(self) -> FaceChoice | None:
        """The same face as the puppet's own detection sees it; None where it does not."""
        if self._choice.points:
            return self._choice
        faces = self._tracker.faces(to_bgr8(self._pictures.read(self._choice.picture)))
        expected = self._landmarks.mean(axis=0)
        apart = [float(np.linalg.norm(face.landmarks[:, :2].mean(axis=0) - expected)) for face in faces]
        if not apart or min(apart) > float(np.ptp(self._landmarks[:, 0])):
            return None
        return FaceChoice(int(np.argmin(apart)), picture=self._choice.picture)
