# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a render job is, as plain data: shared by Blender, worker and command line, and saved beside the frames."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .acting import ExactMotion, ExactSpeech
from .engines import ENGINES
from .engines.description import SettingKind
from .errors import ErrorCode, TalkingHeadError
from .performance import Performance
from .source import FaceChoice, Source, absolute, relative

FORMAT = "talkinghead-job"
VERSION = 1
JOB_SUFFIX = ".job.json"


@dataclass(frozen=True)
class Job:
    """(source, performance, settings) to frames.

    Attributes:
        id: identity of the source/result pair; also the name of the saved job.
        name: what people call it (the strip's name).
        engine, settings: engine name and its settings, as described in ``engines``.
        pictures: picture index of each frame; as long as ``performance``.
        frame_files: file name of each frame inside the job's folder, once the worker has planned it.
        exact: motion of the acting clip, on top of the performance; None without.
        exact_head, exact_expression: the head, or eyes and brows, from clips of their own; only with engines with
            ``Takes.separate_clips``. ``exact`` has strengths of 0 for what these give.
        exact_speech: the sound, for engines that listen to it themselves; None without.
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
    exact: ExactMotion | None = None
    exact_head: ExactMotion | None = None
    exact_expression: ExactMotion | None = None
    exact_speech: ExactSpeech | None = None

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.performance):
            raise _invalid(f"{len(self.pictures)} pictures for {len(self.performance)} frames")
        if self.pictures and min(self.pictures) < 0:
            raise _invalid("a picture index is negative")
        for exact in (self.exact, self.exact_head, self.exact_expression, self.exact_speech):
            if exact is not None and len(exact) != len(self.performance):
                raise _invalid(f"exact motion of {len(exact)} frames for {len(self.performance)} frames")

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
            "settings": _with_paths(self.engine, self.settings, lambda name: relative(name, base)),
            "source": self.source.to_dict(base),
            "face": self.face.to_dict(),
            "pictures": list(self.pictures),
            "performance": self.performance.to_dict(),
            "frame_files": list(self.frame_files),
            **{name: exact.to_dict(base) if exact else None for name, exact in self._exact()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object], base: Path | None = None) -> Job:
        """Read the JSON form.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        version = data.get("version")
        if data.get("format") != FORMAT or type(version) is not int or version != VERSION:
            raise _invalid(f"'format' must be '{FORMAT}' and 'version' {VERSION}")
        engine = str(data.get("engine", ""))
        return cls(
            id=str(data.get("id", "")),
            name=str(data.get("name", "")),
            engine=engine,
            settings=_with_paths(engine, _mapping(data, "settings"), lambda name: absolute(name, base)),
            source=Source.from_dict(_mapping(data, "source"), base),
            face=FaceChoice.from_dict(_mapping(data, "face")),
            pictures=_indices(data, "pictures"),
            performance=Performance.from_dict(_mapping(data, "performance")),
            frame_files=tuple(str(name) for name in _list(data, "frame_files")),
            exact=_exact_motion(data, "exact", base),
            exact_head=_exact_motion(data, "exact_head", base),
            exact_expression=_exact_motion(data, "exact_expression", base),
            exact_speech=(
                ExactSpeech.from_dict(_mapping(data, "exact_speech"), base) if data.get("exact_speech") else None
            ),
        )

    def _exact(self) -> tuple[tuple[str, ExactMotion | ExactSpeech | None], ...]:
        names = ("exact", "exact_head", "exact_expression", "exact_speech")
        return tuple((name, getattr(self, name)) for name in names)


def matte_name(frame: str) -> str:
    """File name of the matte of a frame, in the same folder: a grey PNG."""
    return f"{Path(frame).stem}.matte.png"


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
    except (OSError, ValueError, RecursionError) as error:
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
    motion: str = "",
) -> str:
    """Name of a frame by its content: 32 hexadecimal digits.

    Args:
        weights: sha256 of each weight file the engine uses.
        source_digests: digest of the picture and of every neighbour that the engine looks at.
        pose: the frame's values of the engine's own controls, in its order; differences below 1e-6 do not count.
        motion: digest of the frame's exact landmark motion, "" without.
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
    if motion:
        content.append(motion)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _exact_motion(data: Mapping[str, object], name: str, base: Path | None) -> ExactMotion | None:
    return ExactMotion.from_dict(_mapping(data, name), base) if data.get(name) else None


def _with_paths(engine: str, settings: Mapping[str, object], change: Callable[[str], str]) -> dict[str, object]:
    """Settings whose paths are written in another way."""
    known = ENGINES[engine].settings if engine in ENGINES else ()
    paths = {setting.name for setting in known if setting.kind is SettingKind.PATH}
    return {
        name: change(value) if name in paths and isinstance(value, str) and value else value
        for name, value in settings.items()
    }


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
