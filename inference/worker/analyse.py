# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source is: size, length, rate, and the faces on one of its pictures."""

from __future__ import annotations

from ..face.face import Face
from ..face.outlines import outlines
from ..face.picture_8bit import to_bgr8
from ..source import MANUAL_POINTS, Source
from .sessions import Sessions


def analyse(source: Source, picture: int, sessions: Sessions) -> dict[str, object]:
    """Describe a source and find the faces on a picture.

    Args:
        picture: picture index; past the end it is the last one.

    Returns:
        Fields of the ``done`` message: ``size``, ``pictures``, ``rate``, ``faces``; no face is an empty list.

    Raises:
        TalkingHeadError: what reading the source or loading the face model raises.
    """
    reader = sessions.reader(source)
    try:
        found = sessions.tracker().faces(to_bgr8(reader.read(max(0, picture))))
        size, rate = reader.size(), reader.rate
        return {
            "size": list(size),
            "pictures": len(reader),
            "rate": f"{rate.numerator}/{rate.denominator}" if rate else "",
            "faces": [_face(face, size) for face in found],
        }
    finally:
        reader.close()


def _face(face: Face, size: tuple[int, int]) -> dict[str, object]:
    """In parts of width and height; a pixel's centre lies half a pixel inside."""
    left, top, right, bottom = face.box()
    points = [_part(face.landmarks[place, 0], face.landmarks[place, 1], size) for _, place in MANUAL_POINTS]
    return {
        "box": [*_part(left, top, size), *_part(right, bottom, size)],
        "score": round(face.score, 4),
        "points": points,
        "landmarks": {name: [_part(x, y, size) for x, y in line] for name, line in outlines(face.landmarks).items()},
    }


def _part(x_px: float, y_px: float, size: tuple[int, int]) -> list[float]:
    return [round((float(x_px) + 0.5) / size[0], 6), round((float(y_px) + 0.5) / size[1], 6)]
