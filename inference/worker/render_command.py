# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference render``: the runner with files and folders that people name."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

from ..acting import AUTOMATIC, CaptureSpec
from ..controls import checked_value
from ..engines import description_of
from ..engines.description import SettingKind
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job, job_path, load, save
from ..media.digests import Digests
from ..media.encode import write_error
from ..media.export import CODEC_BY_EXTENSION, MovieExport, export_movie
from ..media.images import EXTENSIONS
from ..media.reader import open_source
from ..media.timing import picture_of_frame
from ..motion.edits import LONGEST_FRAMES
from ..performance import Performance, parse_rate
from ..performance import load as load_performance
from ..source import MANUAL_POINTS, FaceChoice, Source, SourceKind
from ..weights.store import WeightStore, default_folders, user_folder
from . import logs
from .failures import as_error
from .render_driver import Driver
from .runner import run
from .sessions import Sessions
from .task import Task

_NUMBERED = re.compile(r"frame_\d{6,}\.[a-z]+")
_MOVIES = frozenset(".avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .webm .wmv".split())
_STILL_RATE = Fraction(25)
# Where a folder of frames keeps the frames by content, so that a second run makes only what changed, and the names of
# the numbered ones that were written.
_WORK, _WRITTEN = ".talkinghead", "numbered.json"


def render(options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        Exit code 0.

    Raises:
        TalkingHeadError: with the sentence to show.
    """
    logs.start(30)
    try:
        return _render_job(options) if options.job else _render_source(options)
    except (OSError, MemoryError) as error:
        raise as_error(error) from error


def _render_job(options: argparse.Namespace) -> int:
    only = None if options.only is None else frame_list(options.only)
    done = _run(options.job.absolute(), only, _places(options))
    frames = "1 frame" if done["rendered"] == 1 else f"{done['rendered']} frames"
    print(f"{frames} rendered, {done['reused']} reused, {done['seconds']} s", file=sys.stderr)
    return 0


def _render_source(options: argparse.Namespace) -> int:
    places = _places(options)
    driver = _driver(options, places)
    job, rate = make_job(options, driver)
    job = driver.drives(job) if driver else job
    output: Path = options.output.absolute()
    suffix = output.suffix.lower()
    if suffix in CODEC_BY_EXTENSION:
        with _temporary_folder(output) as folder:
            frames = _frames(job, folder, places)
            export_movie(MovieExport(frames, rate, CODEC_BY_EXTENSION[suffix], output, options.sound))
    elif suffix in (".png", ".exr"):
        _one_frame(job, output, places)
    elif suffix:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"Files of the type {suffix} are not written.",
            "Use .png, .exr, " + ", ".join(CODEC_BY_EXTENSION) + ", or a folder without an extension.",
        )
    else:
        _numbered(_frames(job, _made(output / _WORK), places), output)
    print(options.output)
    return 0


def make_job(options: argparse.Namespace, driver: Driver | None = None) -> tuple[Job, Fraction]:
    """The job that the options describe, still without the driver's motion, and its frame rate."""
    source = source_of(options.source.absolute())
    reader = open_source(source, Digests())
    pictures, movie_rate = len(reader), reader.rate
    reader.close()
    rate = parse_rate(options.rate) if options.rate else None
    if options.performance:
        performance = load_performance(options.performance)
        performance = Performance(rate or performance.rate, performance.values)
    else:
        own_rate = rate or movie_rate or (driver.track.rate if driver else _STILL_RATE)
        length = driver.frames(own_rate) if driver and pictures == 1 else _length(pictures, movie_rate, rate)
        performance = Performance.from_poses(own_rate, [{}] * length)
    performance = _with_set(performance, options.set)
    picture_rate = movie_rate or performance.rate
    indices = [picture_of_frame(frame, performance.rate, picture_rate) for frame in range(len(performance))]
    return Job(
        id="render",
        name=options.source.stem,
        engine=options.engine,
        settings=settings_from(options.engine, options.setting),
        source=source,
        face=face_of(options.face, options.points),
        pictures=tuple(min(index, pictures - 1) for index in indices),
        performance=performance,
    ), performance.rate


def _driver(options: argparse.Namespace, places: Places) -> Driver | None:
    """The driving clip that the options name, watched."""
    if options.driver is None:
        return None
    spec = CaptureSpec(source_of(options.driver.absolute()), neutral=neutral_from(options.driver_neutral))
    sessions = _sessions(places)
    try:
        return Driver.of(spec, sessions, Task(show_progress, lambda: None))
    finally:
        sessions.unload()


def neutral_from(text: str) -> int:
    """Picture index of the neutral picture from "auto" or a number counted from 1.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    if text == "auto":
        return AUTOMATIC
    if not text.isdecimal() or int(text) < 1:
        raise _invalid(f"'{text}' is no picture.", "Write auto, or a number from 1 on.")
    return int(text) - 1


def _length(pictures: int, movie_rate: Fraction | None, rate: Fraction | None) -> int:
    if movie_rate is None or rate is None:
        return pictures
    return max(1, round(pictures / movie_rate * rate))


def source_of(path: Path) -> Source:
    """The source a path stands for: a folder is a sequence of its pictures by name."""
    if path.is_dir():
        pictures = (p for p in path.iterdir() if p.suffix.lower() in EXTENSIONS and not p.name.startswith("."))
        files = sorted(p for p in pictures if p.is_file())
        if not files:
            raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"The folder {path} holds no pictures.", "Choose another.")
        return Source(SourceKind.SEQUENCE, tuple(str(file) for file in files))
    return Source(SourceKind.MOVIE if path.suffix.lower() in _MOVIES else SourceKind.IMAGE, (str(path),))


def _with_set(performance: Performance, assignments: Sequence[str]) -> Performance:
    values = {}
    for name, text in _assignments(assignments):
        try:
            values[name] = checked_value(name, float(text))
        except ValueError:
            raise _invalid(f"'{text}' is not a number for {name}.", "Write it as --set head_yaw=15.") from None
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
            raise _invalid(f"'{text}' is not of the form NAME=VALUE.", "Write it as --set head_yaw=15.")
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
        raise _invalid("The points cannot be read.", hint) from error
    try:
        return FaceChoice.from_dict({"points": data})
    except TalkingHeadError as error:
        hint = f"Give {len(MANUAL_POINTS)} pairs [[x, y], ...] in parts of the picture's width and height."
        raise _invalid(error.message, hint) from error


def frame_list(text: str) -> list[int]:
    """Frame indices of a text such as "0-99,120"."""
    frames: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            part_frames = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            raise _invalid(f"'{text}' is no list of frames.", "Write it as 0-99 or 0-99,120.") from None
        if part_frames.stop > LONGEST_FRAMES:
            raise _invalid(f"'{text}' names more frames than a job can have.", "Write it as 0-99 or 0-99,120.")
        frames += part_frames
    if not frames:
        raise _invalid(f"'{text}' names no frame.", "Write the smaller number first, such as 0-99.")
    return frames


@dataclass(frozen=True)
class Places:
    """Folders of models, first wins, and where to keep what was seen in driving clips."""

    weights: tuple[Path, ...]
    cache: Path


def _places(options: argparse.Namespace) -> Places:
    return Places(tuple(options.weights), options.cache or user_folder().parent)


def _run(path: Path, only: Sequence[int] | None, places: Places) -> dict[str, object]:
    sessions = _sessions(places)
    try:
        done = run(Task(show_progress, lambda: None), path, only, sessions)
    finally:
        sessions.unload()
    for warning in cast("list[str]", done["warnings"]):
        print(f"warning: {warning}", file=sys.stderr)
    return done


def _sessions(places: Places) -> Sessions:
    weights = WeightStore([*places.weights, *default_folders()], places.cache / "weight-digests")
    return Sessions(weights, Digests(), lambda: None, places.cache)


def show_progress(type_: str, payload: bytes = b"", **fields: object) -> None:
    """Progress on a terminal, on one line; nothing where standard error is a file."""
    if type_ != "progress" or not sys.stderr.isatty():
        return
    eta = "" if fields["eta_s"] is None else f", {fields['eta_s']:.0f} s left"
    end = "\n" if fields["done"] and fields["done"] == fields["total"] else ""
    print(f"\r{fields['stage']}: {fields['done']}/{fields['total']}{eta}\x1b[K", end=end, file=sys.stderr, flush=True)


def _frames(job: Job, folder: Path, places: Places) -> tuple[Path, ...]:
    """Render all frames of a job into a folder; their files in order."""
    path = job_path(folder, job.id)
    save(job, path)
    _run(path, None, places)
    return tuple(folder / name for name in load(path).frame_files)


def _one_frame(job: Job, output: Path, places: Places) -> None:
    if len(job.pictures) != 1:
        raise _invalid(
            f"There are {len(job.pictures)} frames, and {output.name} holds one.", "Name a folder or a movie as output."
        )
    reader = open_source(job.source, Digests())
    suffix = reader.extension(job.pictures[0])
    reader.close()
    if suffix != output.suffix.lower():
        raise _invalid(
            f"The source's depth needs a {suffix} file.", f"Use --output {output.with_suffix(suffix).name}."
        )  # fmt: skip
    with _temporary_folder(output) as folder:
        (frame,) = _frames(job, folder, places)
        os.replace(frame, output)


def _numbered(frames: Sequence[Path], output: Path) -> None:
    """Give the frames numbered names in the output folder; the same content stays on disk once where links exist.

    Frames of an earlier, longer film go; what others put into the folder stays.
    """
    names = [f"frame_{number:06d}{frame.suffix}" for number, frame in enumerate(frames)]
    written = output / _WORK / _WRITTEN
    for name in set(_names_in(written)) - set(names):
        (output / name).unlink(missing_ok=True)
    written.write_text(json.dumps(names), encoding="utf-8")
    for name, frame in zip(names, frames, strict=True):
        target = output / name
        target.unlink(missing_ok=True)
        try:
            os.link(frame, target)
        except OSError:
            shutil.copyfile(frame, target)


def _names_in(written: Path) -> list[str]:
    """Numbered names that an earlier run noted; none where there is no such note."""
    try:
        names = json.loads(written.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = names if isinstance(names, list) else []
    return [name for name in names if isinstance(name, str) and _NUMBERED.fullmatch(name)]


@contextmanager
def _temporary_folder(output: Path) -> Iterator[Path]:
    """A folder beside the output, so that renaming works, gone afterwards."""
    _made(output.parent)
    try:
        folder = tempfile.TemporaryDirectory(dir=output.parent, prefix=".talkinghead-")
    except OSError as error:
        raise write_error(output, error) from error
    with folder as name:
        yield Path(name)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    return folder


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
