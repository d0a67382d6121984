# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a command line mean: sources, faces, controls, settings, frames."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..acting import AUTOMATIC
from ..controls import checked_value
from ..engines import description_of
from ..engines.description import SettingKind
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from ..media.images import EXTENSIONS
from ..motion.edits import LONGEST_FRAMES
from ..performance import Performance
from ..source import MANUAL_POINTS, FaceChoice, Source, SourceKind

_MOVIES = frozenset(".avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .webm .wmv".split())


def neutral_from(text: str) -> int:
    """Picture index of the neutral picture from "auto" or a number counted from 1.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    if text == "auto":
        return AUTOMATIC
    if not text.isdecimal() or int(text) < 1:
        raise invalid_option(f"'{text}' is no picture.", "Write auto, or a number from 1 on.")
    return int(text) - 1


def source_of(path: Path) -> Source:
    """The source a path stands for: a folder is a sequence of its pictures by name."""
    if path.is_dir():
        pictures = (p for p in path.iterdir() if p.suffix.lower() in EXTENSIONS and not p.name.startswith("."))
        files = sorted(p for p in pictures if p.is_file())
        if not files:
            raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"The folder {path} holds no pictures.", "Choose another.")
        return Source(SourceKind.SEQUENCE, tuple(str(file) for file in files))
    return Source(SourceKind.MOVIE if path.suffix.lower() in _MOVIES else SourceKind.IMAGE, (str(path),))


def with_set(performance: Performance, assignments: Sequence[str]) -> Performance:
    """A performance with controls held at the values of NAME=VALUE texts.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    values = {}
    for name, text in _assignments(assignments):
        try:
            values[name] = checked_value(name, float(text))
        except ValueError:
            raise invalid_option(f"'{text}' is not a number for {name}.", "Write it as --set head_yaw=15.") from None
    poses = [{**performance.pose(frame), **values} for frame in range(len(performance))]
    return Performance.from_poses(performance.rate, poses)


def settings_from(engine: str, assignments: Sequence[str]) -> dict[str, object]:
    """Settings of an engine from NAME=VALUE texts."""
    description = description_of(engine)
    kinds = {setting.name: setting.kind for setting in description.settings}
    values = {name: _setting_value(kinds.get(name), text) for name, text in _assignments(assignments)}
    return description.settings_from(values)


def _setting_value(kind: SettingKind | None, text: str) -> object:
    if kind is SettingKind.SWITCH:
        return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}.get(text.lower(), text)
    if kind in (SettingKind.WHOLE, SettingKind.NUMBER):
        try:
            return int(text) if kind is SettingKind.WHOLE else float(text)
        except ValueError:
            return text
    return text


def _assignments(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise invalid_option(f"'{text}' is not of the form NAME=VALUE.", "Write it as --set head_yaw=15.")
        yield name.strip(), value.strip()


def face_of(index: int, points: str | None) -> FaceChoice:
    """The face choice from an index or 14 points, given as JSON text or a file."""
    if not points:
        return FaceChoice(index)
    try:
        text = points if points.lstrip().startswith("[") else Path(points).read_text(encoding="utf-8")
        data = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        hint = f"Give 14 pairs [[x, y], ...] or a file that holds them ({error})."
        raise invalid_option("The points cannot be read.", hint) from error
    try:
        return FaceChoice.from_dict({"points": data})
    except TalkingHeadError as error:
        hint = f"Give {len(MANUAL_POINTS)} pairs [[x, y], ...] in parts of the picture's width and height."
        raise invalid_option(error.message, hint) from error


def frame_list(text: str) -> list[int]:
    """Frame indices of a text such as "0-99,120"."""
    frames: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            part_frames = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            raise invalid_option(f"'{text}' is no list of frames.", "Write it as 0-99 or 0-99,120.") from None
        if part_frames.stop > LONGEST_FRAMES:
            raise invalid_option(f"'{text}' names more frames than a job can have.", "Write it as 0-99 or 0-99,120.")
        frames += part_frames
    if not frames:
        raise invalid_option(f"'{text}' names no frame.", "Write the smaller number first, such as 0-99.")
    return frames


def first_section(job: Job) -> list[int]:
    """Frame indices of the part of a film that needs no other.

    Raises:
        TalkingHeadError: INVALID_REQUEST for an engine that draws frame by frame.
    """
    engine = description_of(job.engine)
    sections = engine.sections(len(job.pictures), engine.settings_from(job.settings))
    if not sections:
        raise invalid_option(f"{engine.label} draws frame by frame.", "Use --only for a part of a job.")
    return list(sections[0].new)


def invalid_option(message: str, hint: str) -> TalkingHeadError:
    """The error of an option that cannot be used."""
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
