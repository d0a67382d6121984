# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows one face from picture to picture: by its last landmarks, by detection where that fails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..face.face import Face
from ..face.landmarks import cut, region_of_landmarks
from ..face.search import Look
from ..face.tracker import FaceTracker
from .changes import Changes

# Within a shot a face is at most this unlike (see ``Likeness``) the one that was lost; it may be further away each
# picture that it was out of sight.
_SAME, _DRIFT = 1.2, 0.02
# From one picture to the next a face neither jumps by this part of its size nor grows by this factor.
_JUMP, _GROWTH = 0.5, 1.4
# While no face is seen, every so many pictures are searched thoroughly; while one is, its company is counted as often.
_THOROUGH, _COUNT = 12, 30
_LOOK_PX = 16


@dataclass(frozen=True)
class Likeness:
    """What a face is recognized by: place, size and colors.

    Attributes:
        centre: (2,) in px.
        side: longer side of the landmarks' box in px.
        colors: (n, n, 3) of the middle of the face, reduced, with a mean of 1.
    """

    centre: np.ndarray
    side: float
    colors: np.ndarray

    @classmethod
    def of(cls, face: Face, bgr: np.ndarray) -> Likeness:
        """Describe a face on its picture."""
        crop = cut(bgr, region_of_landmarks(face.landmarks), _LOOK_PX).astype(np.float64)
        inner = crop[_LOOK_PX // 4 : -_LOOK_PX // 4, _LOOK_PX // 4 : -_LOOK_PX // 4]
        return cls(*_place(face), inner / max(float(inner.mean()), 1.0))

    def moved(self, face: Face) -> Likeness:
        """The same colors where a face is now."""
        return Likeness(*_place(face), self.colors)

    def distance(self, other: Likeness) -> float:
        """Distance in sizes of this face."""
        return float(np.linalg.norm(other.centre - self.centre)) / self.side

    def unlike(self, other: Likeness, place: float) -> float:
        """How unlike two faces are, 0 for the same; the distance counts by ``place``, at most as twice the size."""
        colors = float(np.abs(other.colors - self.colors).mean())
        return place * min(self.distance(other), 2.0) + abs(float(np.log(other.side / self.side))) + 2 * colors


def _place(face: Face) -> tuple[np.ndarray, float]:
    left, top, right, bottom = face.box()
    return np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)


@dataclass(frozen=True)
class Sight:
    """What was seen in one picture.

    Attributes:
        face: the followed face; None where it is lost.
        cut: another shot begins here.
        faces: how many faces were counted; 0 where nobody counted.
        undone: so many pictures ago a cut was told that was none; 0 for none.
    """

    face: Face | None
    cut: bool
    faces: int
    undone: int = 0


class Follower:
    """Follows a face in one direction of time.

    Args:
        face, bgr: the face and the picture on which it was chosen, which is the first one.
    """

    def __init__(self, tracker: FaceTracker, face: Face, bgr: np.ndarray) -> None:
        self._tracker = tracker
        self._changes = Changes()
        self._changes.see(bgr)
        self._face: Face | None = face
        self._known = Likeness.of(face, bgr)
        self._lost_for = 0
        self._other_shot = False
        self._number = 0

    def see(self, bgr: np.ndarray) -> Sight:
        """Look at the next picture, (H, W, 3) uint8."""
        self._number += 1
        change = self._changes.see(bgr)
        if change.cut:
            self._other_shot = True
            return self._look_around(bgr, cut=True)
        if change.undone:
            # The face of before the flash, where it still is.
            self._other_shot = False
            return replace(self._look_around(bgr, cut=False), undone=change.undone)
        if self._face is not None:
            found = self._tracker.step(bgr, self._face)
            if found is not None and self._is_next(found, bgr.shape):
                company = len(self._tracker.faces(bgr, (Look.WHOLE,))) if self._number % _COUNT == 0 else 0
                return self._keep(found, bgr, False, company)
        return self._look_around(bgr, cut=False)

    def _is_next(self, found: Face, shape: tuple[int, ...]) -> bool:
        """Whether a face can be what the followed one became since the last picture."""
        new = self._known.moved(found)
        growth = abs(float(np.log(new.side / self._known.side)))
        height, width = shape[:2]
        inside = 0 <= new.centre[0] < width and 0 <= new.centre[1] < height
        return bool(inside and self._known.distance(new) < _JUMP and growth < np.log(_GROWTH))

    def _look_around(self, bgr: np.ndarray, cut: bool) -> Sight:
        """Detect, and take the face that is most like the followed one."""
        thorough = cut or self._lost_for % _THOROUGH == 0
        faces = self._tracker.faces(bgr) if thorough else self._tracker.faces(bgr, (Look.WHOLE,))
        # In another shot the place tells less, and somebody else is better than nobody.
        place, most = (0.3, np.inf) if self._other_shot else (1.0, _SAME + _DRIFT * self._lost_for)
        ranked = sorted((self._known.unlike(Likeness.of(face, bgr), place), i) for i, face in enumerate(faces))
        if not ranked or ranked[0][0] > most:
            self._face = None
            self._lost_for += 1
            return Sight(None, cut, len(faces))
        return self._keep(faces[ranked[0][1]], bgr, cut, len(faces))

    def _keep(self, face: Face, bgr: np.ndarray, cut: bool, faces: int) -> Sight:
        # Colors change slowly, while describing them takes a while on large pictures.
        afresh = cut or self._lost_for > 0 or self._number % _COUNT == 0
        new = Likeness.of(face, bgr) if afresh else self._known.moved(face)
        # Seen at once, but elsewhere: the picture changed in a way that the eye of ``Changes`` missed.
        cut = cut or (self._lost_for == 0 and self._known.distance(new) > 1.0)
        self._face, self._known = face, new
        self._lost_for, self._other_shot = 0, False
        return Sight(face, cut, faces)
