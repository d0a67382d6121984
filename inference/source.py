# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pictures, and which face on them: what both jobs and drivers are made from."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from .errors import ErrorCode, TalkingHeadError

# The 14 points of the manual rig, in this order, and the landmark each one stands for. Sides are the subject's own.
MANUAL_POINTS: tuple[tuple[str, int], ...] = (
    ("right eye, outer corner", 33),
    ("right eye, inner corner", 133),
    ("left eye, inner corner", 362),
    ("left eye, outer corner", 263),
    ("nose tip", 1),
    ("right mouth corner", 61),
    ("left mouth corner", 291),
    ("upper lip, centre", 13),
    ("lower lip, centre", 14),
    ("chin", 152),
    ("right eyebrow", 105),
    ("left eyebrow", 334),
    ("right ear", 234),
    ("left ear", 454),
)


class SourceKind(str, Enum):
    """What the files of a source are."""

    IMAGE = "image"
    SEQUENCE = "sequence"
    MOVIE = "movie"


@dataclass(frozen=True)
class Source:
    """The pictures that are animated.

    ``files`` are paths: one for IMAGE and MOVIE, one a picture for SEQUENCE. A *picture index* counts from 0: always 0
    for IMAGE, the position in ``files`` for SEQUENCE, for MOVIE the picture shown at time index / nominal rate.
    ``premultiplied`` says how picture files hold colour where they are transparent; None is each format's convention
    (OpenEXR premultiplied, others straight).
    ``gaps``: of a SEQUENCE only those files need be there that a job animates, and the nearest one stands for each of
    the others.
    """

    kind: SourceKind
    files: tuple[str, ...]
    premultiplied: bool | None = None
    gaps: bool = False

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form; paths relative to ``base`` where they can be, so that a project folder can move."""
        data: dict[str, object] = {"kind": self.kind.value, "files": [relative(name, base) for name in self.files]}
        data |= {} if self.premultiplied is None else {"premultiplied": self.premultiplied}
        return {**data, "gaps": True} if self.gaps else data

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> Source:
        """Read the JSON form; relative paths are taken from ``base``."""
        names = data.get("files")
        if not isinstance(names, list) or not names:
            raise _invalid("it names no file")
        files = tuple(absolute(str(name), base) for name in names)
        premultiplied = data.get("premultiplied")
        if not (premultiplied is None or isinstance(premultiplied, bool)):
            raise _invalid("'premultiplied' must be true or false")
        try:
            return cls(SourceKind(str(data.get("kind"))), files, premultiplied, data.get("gaps") is True)
        except ValueError:
            raise _invalid(f"there is no kind '{data.get('kind')}'") from None


@dataclass(frozen=True)
class FaceChoice:
    """Which face of the source is animated.

    Attributes:
        index: position among the detected faces of picture ``picture``, largest face first.
        points: the manual rig instead of detection: (x, y) for each of ``MANUAL_POINTS``, in parts of picture width
            and height, origin top left; empty for detection.
        picture: the picture index on which the face was chosen or the points were placed.
    """

    index: int = 0
    points: tuple[tuple[float, float], ...] = ()
    picture: int = 0

    def __post_init__(self) -> None:
        if self.points and len(self.points) != len(MANUAL_POINTS):
            raise _invalid(f"a manual rig has {len(MANUAL_POINTS)} points, not {len(self.points)}")
        if not all(math.isfinite(value) for point in self.points for value in point):
            raise _invalid("a point of the manual rig is no number")
        if self.index < 0 or self.picture < 0:
            raise _invalid("face and picture index start at 0")

    def to_dict(self) -> dict[str, object]:
        """JSON form."""
        return {"index": self.index, "points": [list(point) for point in self.points], "picture": self.picture}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> FaceChoice:
        """Read the JSON form."""
        try:
            points = tuple((float(x), float(y)) for x, y in data.get("points", ()))  # type: ignore[attr-defined]
            return cls(int(data.get("index", 0)), points, int(data.get("picture", 0)))  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError) as error:
            raise _invalid(f"face choice: {error}") from error


def relative(name: str, base: Path | None) -> str:
    """A path as it is written into a file of the folder ``base``; as it is where there is none."""
    if base is None:
        return name
    try:
        return Path(os.path.relpath(name, base)).as_posix()
    except ValueError:  # another drive on Windows
        return name


def absolute(name: str, base: Path | None) -> str:
    """The path that ``relative`` wrote."""
    return name if base is None else os.path.normpath(base / name)


def _invalid(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST, f"The source cannot be used: {details}.", "Choose the picture or movie again."
    )
