# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The animated face of every picture of a source, smoothed over neighbours without lag."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError
from ..media.picture import PictureReader
from ..source import FaceChoice
from .face import Face
from .manual import manual_face
from .picture_8bit import to_bgr8
from .tracker import FaceTracker

ORDER = 2
# A neighbour whose face is further away than this many eye spans belongs to another shot.
CUT = 0.6
KEPT = 64


def chosen_face(tracker: FaceTracker, pictures: PictureReader, choice: FaceChoice) -> Face:
    """The face that a choice names.

    Raises:
        TalkingHeadError: NO_FACE with the action PLACE_POINTS when there is none, CHOOSE_FACE when there are fewer.
    """
    picture = pictures.read(choice.picture)
    bgr = to_bgr8(picture)
    if choice.points:
        return manual_face(choice.points, picture.size, tracker.mesh, bgr)
    faces = tracker.faces(bgr)
    if not faces:
        raise TalkingHeadError(
            ErrorCode.NO_FACE,
            "No face was found in the picture.",
            "Place the 14 points on the face by hand; this also works for drawings and animals.",
            Action.PLACE_POINTS,
        )
    if choice.index >= len(faces):
        count = "is 1 face" if len(faces) == 1 else f"are {len(faces)} faces"
        raise TalkingHeadError(
            ErrorCode.NO_FACE,
            f"Face {choice.index + 1} was asked for, but there {count} in the picture.",
            "Choose one of the faces that were found.",
            Action.CHOOSE_FACE,
        )
    return faces[choice.index]


class MovingFace:
    """The chosen face in each picture of a moving source. A picture's result depends on its neighbours alone.

    Args:
        neighbours: how many pictures before and after a picture's own are looked at.
    """

    def __init__(self, tracker: FaceTracker, pictures: PictureReader, chosen: Face, neighbours: int) -> None:
        self._tracker = tracker
        self._pictures = pictures
        self._chosen = chosen
        self._neighbours = neighbours
        self._found: OrderedDict[int, Face | None] = OrderedDict()
        self._seen: OrderedDict[int, Face | None] = OrderedDict()

    def at(self, picture: int) -> Face | None:
        """The face in a picture, smoothed (Savitzky-Golay, order 2), or None where it is lost."""
        picture = min(picture, len(self._pictures) - 1)
        if self._chosen.manual:
            return self._chosen
        own = self._track(picture)
        if own is None:
            return None
        offsets, landmarks = [0], [own.landmarks]
        for direction in (-1, 1):
            for distance in range(1, self._neighbours + 1):
                near = self._track(picture + direction * distance)
                if near is None or _apart(near, own) > CUT * distance:
                    break
                offsets.append(direction * distance)
                landmarks.append(near.landmarks)
        return replace(own, landmarks=smoothed(np.array(offsets), np.stack(landmarks)))

    def soon(self, picture: int) -> Face | None:
        """The face in a picture, looked for where it was in the nearest picture known; for the eye, not for files.

        It takes a tenth of the time of ``at``, and may lie a little elsewhere. None where it is lost.
        """
        picture = min(picture, len(self._pictures) - 1)
        if self._chosen.manual:
            return self._chosen
        if picture not in self._seen:
            nearest = min(self._seen, key=lambda other: abs(other - picture), default=None)
            near = None if nearest is None else self._seen[nearest]
            face = self._tracker.step(to_bgr8(self._pictures.read(picture)), near or self._chosen)
            self._seen[picture] = self._track(picture) if face is None else face
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return self._seen[picture]

    def alone(self, picture: int) -> Face | None:
        """The face as it is in a picture, without its neighbours; None where it is lost."""
        return self._chosen if self._chosen.manual else self._track(min(picture, len(self._pictures) - 1))

    def _track(self, picture: int) -> Face | None:
        if not 0 <= picture < len(self._pictures):
            return None
        if picture not in self._found:
            self._found[picture] = self._tracker.follow(to_bgr8(self._pictures.read(picture)), self._chosen)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(picture)
        return self._found[picture]


def smoothed(offsets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Value at offset 0 of a least-squares parabola through values (n, ...) at whole offsets (n,).

    With offsets -3 to 3 this is the Savitzky-Golay filter 7/2; near an end of the shot the window is one-sided, with
    fewer than four neighbours at hand the parabola gives way to a line or a mean.
    """
    order = ORDER if len(offsets) > ORDER + 1 else (1 if len(offsets) > 2 else 0)
    basis = np.vander(offsets.astype(np.float64), order + 1, increasing=True)
    weights = np.linalg.pinv(basis)[0]
    return np.tensordot(weights, values, 1)


def _apart(face: Face, other: Face) -> float:
    """Mean distance of two faces' landmarks in eye spans."""
    span = float(np.linalg.norm(other.landmarks[263, :2] - other.landmarks[33, :2]))
    return float(np.linalg.norm((face.landmarks - other.landmarks)[:, :2], axis=1).mean()) / max(span, 1e-3)
