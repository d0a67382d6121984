# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faces that were found in strips' pictures. Kept in Python only: finding them again is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ..jobs import service

Point = tuple[float, float]


@dataclass(frozen=True)
class FoundFace:
    """A face in parts of the picture's width and height, origin top left.

    Attributes:
        box: (left, top, right, bottom).
        score: 0 to 1, how sure the detector is.
        points: (x, y) for each of ``job.MANUAL_POINTS``.
    """

    box: tuple[float, float, float, float]
    score: float
    points: tuple[Point, ...]

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside the box."""
        left, top, right, bottom = self.box
        return left <= point[0] <= right and top <= point[1] <= bottom


@dataclass(frozen=True)
class Analysis:
    """What the worker said of a source.

    Attributes:
        size: (width, height) in px.
        picture: index of the picture that was looked at.
        faces: the largest first.
    """

    size: tuple[int, int]
    picture: int
    faces: tuple[FoundFace, ...]

    @classmethod
    def from_answer(cls, fields: Mapping[str, Any], picture: int) -> Analysis:
        """From the fields of the answer to ``analyse``."""
        faces = tuple(
            FoundFace(tuple(face["box"]), float(face["score"]), tuple((x, y) for x, y in face["points"]))
            for face in fields["faces"]
        )
        width, height = fields["size"]
        return cls((int(width), int(height)), picture, faces)


_analyses: dict[tuple[str, str], Analysis] = {}


def remember(strip: Any, analysis: Analysis) -> None:
    """Keep what was found in a strip."""
    _analyses[_key(strip)] = analysis


def of(strip: Any) -> Analysis | None:
    """What was found in a strip in this session, or None."""
    return _analyses.get(_key(strip))


def forget_all() -> None:
    """Forget everything: another file is open."""
    _analyses.clear()


def no_face_error(strip_name: str) -> TalkingHeadError:
    """The error when no face was found."""
    return TalkingHeadError(
        ErrorCode.NO_FACE,
        f"No face was found in '{strip_name}'.",
        "Place the 14 points of the face by hand; this also works for drawings and animals.",
        Action.PLACE_POINTS,
    )


def face_at(analysis: Analysis, point: Point) -> int | None:
    """Index of the face under a point, the smallest one where boxes overlap; None for none."""
    hits = [index for index, face in enumerate(analysis.faces) if face.holds(point)]
    return max(hits, default=None)


def _key(strip: Any) -> tuple[str, str]:
    return strip.id_data.name, strip.name


def register() -> None:
    """Forget when another file is opened."""
    service.leavers.append(forget_all)


def unregister() -> None:
    """Forget everything."""
    service.leavers.remove(forget_all)
    forget_all()
