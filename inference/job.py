# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a render job is, as plain data: shared by Blender, worker and command line, and saved beside the frames."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

import numpy as np

from .errors import ErrorCode, TalkingHeadError
from .performance import Performance

FORMAT = "talkinghead-job"
VERSION = 1
JOB_SUFFIX = ".job.json"

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
    """

    kind: SourceKind
    files: tuple[str, ...]

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form; paths relative to ``base`` where they can be, so that a project folder can move."""
        return {"kind": self.kind.value, "files": [_relative(name, base) for name in self.files]}

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> Source:
        """Read the JSON form; relative paths are taken from ``base``."""
        files = tuple(_absolute(str(name), base) for name in _list(data, "files"))
        if not files:
            raise _invalid("the source names no file")
        try:
            return cls(SourceKind(str(data.get("kind"))), files)
        except ValueError:
            raise _invalid(f"there is no source kind '{data.get('kind')}'") from None


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
        except (TypeError, ValueError) as error:
            raise _invalid(f"face choice: {error}") from error


@dataclass(frozen=True)
class Job:
    """(source, performance, settings) to frames.

    Attributes:
        id: identity of the source/result pair; also the name of the saved job.
        name: what people call it (the strip's name).
        engine, settings: engine name and its settings, as described in ``engines``.
        pictures: picture index of each frame; as long as ``performance``.
        frame_files: file name of each frame inside the job's folder, once the worker has planned it.
    """

    id: str
    name: str
    engine: str
    settings: Mapping[str, object]
    source: Source
    face: FaceChoice
    pictures: tuple[int, ...]
    performance: Performance
    frame_files: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.performance):
            raise _invalid(f"{len(self.pictures)} pictures for {len(self.performance)} frames")
        if self.pictures and min(self.pictures) < 0:
            raise _invalid("a picture index is negative")

    def with_frame_files(self, names: Sequence[str]) -> Job:
        """The same job, planned."""
        return replace(self, frame_files=tuple(names))

    def to_dict(self, base: Path | None = None) -> dict[str, object]:
        """JSON form."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "id": self.id,
            "name": self.name,
            "engine": self.engine,
            "settings": dict(self.settings),
            "source": self.source.to_dict(base),
            "face": self.face.to_dict(),
            "pictures": list(self.pictures),
            "performance": self.performance.to_dict(),
            "frame_files": list(self.frame_files),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> Job:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        if data.get("format") != FORMAT or data.get("version") != VERSION:
            raise _invalid(f"'format' must be '{FORMAT}' and 'version' {VERSION}")
        return cls(
            id=str(data.get("id", "")),
            name=str(data.get("name", "")),
            engine=str(data.get("engine", "")),
            settings=_mapping(data, "settings"),
            source=Source.from_dict(_mapping(data, "source"), base),
            face=FaceChoice.from_dict(_mapping(data, "face")),
            pictures=_indices(data, "pictures"),
            performance=Performance.from_dict(_mapping(data, "performance")),
            frame_files=tuple(str(name) for name in _list(data, "frame_files")),
        )


def job_path(folder: Path, job_id: str) -> Path:
    """Where the job of a pair is saved."""
    return folder / f"{job_id}{JOB_SUFFIX}"


def save(job: Job, path: Path) -> None:
    """Write a job atomically, its paths relative to its folder."""
    # A name of its own: two workers may save the same job at the same time.
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}.part")
    try:
        temporary.write_text(json.dumps(job.to_dict(path.parent), ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> Job:
    """Read a saved job.

    Raises:
        TalkingHeadError: SOURCE_MISSING or INVALID_REQUEST.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"There is no job {path}."
        raise TalkingHeadError(ErrorCode.SOURCE_MISSING, message, "Render the strip again.") from None
    except (OSError, ValueError) as error:
        raise _invalid(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise _invalid(f"{path} holds no job")
    return Job.from_dict(data, path.parent)


def frame_key(
    *,
    engine: str,
    engine_version: int,
    settings: Mapping[str, object],
    weights: Sequence[str],
    source_digests: Sequence[str],
    picture: int,
    face: FaceChoice,
    pose: np.ndarray,
) -> str:
    """Name of a frame by its content: 32 hexadecimal digits.

    Args:
        weights: sha256 of each weight file the engine uses.
        source_digests: digest of the picture and of every neighbour that the engine looks at.
        pose: the frame's controls in the order of ``POSE_NAMES``; differences below 1e-6 do not count.
    """
    values = [round(float(value), 6) + 0.0 for value in pose]
    content = [
        FORMAT,
        VERSION,
        engine,
        engine_version,
        dict(settings),
        list(weights),
        list(source_digests),
        picture,
        face.to_dict(),
        values,
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _relative(name: str, base: Path | None) -> str:
    if base is None:
        return name
    try:
        return Path(os.path.relpath(name, base)).as_posix()
    except ValueError:  # another drive on Windows
        return name


def _absolute(name: str, base: Path | None) -> str:
    return name if base is None else os.path.normpath(base / name)


def _list(data: Mapping[str, object], key: str) -> list[object]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise _invalid(f"'{key}' must be a list")
    return value


def _indices(data: Mapping[str, object], key: str) -> tuple[int, ...]:
    indices = _list(data, key)
    for index in indices:
        if type(index) is not int:
            raise _invalid(f"'{key}' holds {index!r}, which is no index")
    return tuple(indices)  # type: ignore[arg-type]


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise _invalid(f"'{key}' must be an object")
    return value


def _invalid(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST, f"The job cannot be used: {details}.", "Render the strip again to make a new job."
    )
