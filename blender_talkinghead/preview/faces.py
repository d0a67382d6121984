# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faces that were found in strips' pictures. Kept in Python only: finding them again is quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...inference.errors import Action, ErrorCode, TalkingHeadError
from .. import compat
from ..jobs import service
from ..strips import lookup, sources

Point = tuple[float, float]


@dataclass(frozen=True)
class FoundFace:
    """A face in parts of the picture's width and height, origin top left.

    Attributes:
        box: (left, top, right, bottom).
        score: 0 to 1, how sure the detector is.
        points: (x, y) for each of ``job.MANUAL_POINTS``.
        lines: what the landmarks draw: outline, brows, eyes, lips, irises, nose; (x, y) of each point.
    """

    box: tuple[float, float, float, float]
    score: float
    points: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...] = ()

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
            FoundFace(
                tuple(face["box"]),
                float(face["score"]),
                tuple((x, y) for x, y in face["points"]),
                tuple(tuple((x, y) for x, y in line) for line in face["landmarks"].values()),
            )
            for face in fields["faces"]
        )
        width, height = fields["size"]
        return cls((int(width), int(height)), picture, faces)


_analyses: dict[tuple[str, str], Analysis] = {}
# The frames that show the picture that was looked at, first and last, counted from the start of the strip's content.
_frames: dict[tuple[str, str], tuple[int, int]] = {}


def remember(strip: Any, analysis: Analysis) -> None:
    """Keep what was found in a strip, and for which of its frames that holds."""
    _analyses[_key(strip)] = analysis
    _frames.pop(_key(strip), None)
    if not lookup.is_still(strip):
        _frames[_key(strip)] = _frames_showing(strip, analysis.picture)


def of(strip: Any) -> Analysis | None:
    """What was found in a strip in this session, or None."""
    return _analyses.get(_key(strip))


def frame_found(strip: Any) -> int | None:
    """The timeline frame whose picture was looked at; None while a picture that was looked at is shown."""
    frames = _frames.get(_key(strip))
    if frames is None:
        return None
    start = compat.content_start(strip)
    return None if frames[0] <= strip.id_data.frame_current - start <= frames[1] else start + frames[0]


def forget_all() -> None:
    """Forget everything: another file is open."""
    _analyses.clear()
    _frames.clear()


def no_face_error(strip_name: str) -> TalkingHeadError:
    """The error when no face was found."""
    return TalkingHeadError(
        ErrorCode.NO_FACE,
        f"No face was found in '{strip_name}'.",
        "Place the 14 points of the face by hand; this also works for drawings and animals. For whole figures choose "
        "first the engine Thin-Plate Spline with another Area, or Wan-Animate with Driven By Body.",
        Action.PLACE_POINTS,
    )


def face_at(analysis: Analysis, point: Point) -> int | None:
    """Index of the face under a point, the smallest one where boxes overlap; None for none."""
    hits = [index for index, face in enumerate(analysis.faces) if face.holds(point)]
    return max(hits, default=None)


def _frames_showing(strip: Any, picture: int) -> tuple[int, int]:
    """First and last frame that shows a picture, from the start of the content; else the current frame."""
    scene, start = strip.id_data, compat.content_start(strip)
    try:
        shown = sources.describe(scene, strip)
    except TalkingHeadError:  # rendered by Blender: the picture was that of the current frame
        return scene.frame_current - start, scene.frame_current - start
    hits = [frame for frame in range(compat.left(strip), compat.right(strip)) if shown.picture_at(frame) == picture]
    frames = hits or [scene.frame_current]
    return frames[0] - start, frames[-1] - start


def _key(strip: Any) -> tuple[str, str]:
    return strip.id_data.name, strip.name


def register() -> None:
    """Forget when another file is opened."""
    service.leavers.append(forget_all)


def unregister() -> None:
    """Forget everything."""
    service.leavers.remove(forget_all)
    forget_all()
