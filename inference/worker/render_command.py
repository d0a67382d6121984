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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

from ..acting import AUTOMATIC, CaptureSpec
from ..engines import description_of
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job, job_path, load, save
from ..media.digests import Digests
from ..media.encode import write_error
from ..media.export import CODEC_BY_EXTENSION, MovieExport, export_movie
from ..media.reader import open_source
from ..media.timing import picture_of_frame
from ..performance import Performance, parse_rate
from ..performance import load as load_performance
from ..weights.store import WeightStore, default_folders, user_folder
from . import logs
from .command_progress import show_progress
from .failures import as_error
from .render_driver import ACTING, EXPRESSION, HEAD, Driver, RenderDrivers, Voice
from .render_options import (
    face_of,
    first_section,
    frame_list,
    invalid_option,
    neutral_from,
    settings_from,
    source_of,
    with_set,
)
from .runner import run
from .sessions import Sessions
from .stages import make_stage
from .task import Task

_NUMBERED = re.compile(r"frame_\d{6,}\.[a-z]+")
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
    if options.first_section:
        only = first_section(load(options.job.absolute()))
    if options.stage:
        return _stage(options.job.absolute(), options, only)
    done = _run(options.job.absolute(), only, _places(options))
    frames = "1 frame" if done["rendered"] == 1 else f"{done['rendered']} frames"
    print(f"{frames} rendered, {done['reused']} reused, {done['seconds']} s", file=sys.stderr)
    return 0


def _render_source(options: argparse.Namespace) -> int:
    places = _places(options)
    drivers = _drivers(options, places)
    job, rate = make_job(options, drivers)
    job = drivers.drives(job)
    only = first_section(job) if options.first_section else None
    output: Path = options.output.absolute()
    if options.stage:
        with _temporary_folder(output) as folder:
            save(job, job_path(folder, job.id))
            return _stage(job_path(folder, job.id), options, only)
    suffix = output.suffix.lower()
    if suffix in CODEC_BY_EXTENSION:
        with _temporary_folder(output) as folder:
            frames = _frames(job, folder, places, only)
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
        _numbered(_frames(job, _made(output / _WORK), places, only), output)
    print(options.output)
    return 0


def _stage(path: Path, options: argparse.Namespace, only: Sequence[int] | None) -> int:
    """Write the pictures of a job's stage into the output folder."""
    sessions = _sessions(_places(options))
    task = Task(show_progress, lambda: None)
    try:
        done = make_stage(task, path, options.stage, options.output.absolute(), only, sessions)
    finally:
        sessions.unload()
    _warn(done)
    print(options.output)
    return 0


def make_job(options: argparse.Namespace, drivers: RenderDrivers) -> tuple[Job, Fraction]:
    """The job that the options describe, still without the drivers' motion, and its frame rate."""
    source = source_of(options.source.absolute())
    reader = open_source(source, Digests())
    pictures, movie_rate = len(reader), reader.rate
    reader.close()
    rate = parse_rate(options.rate) if options.rate else None
    if options.performance:
        performance = load_performance(options.performance)
        performance = Performance(rate or performance.rate, performance.values)
    else:
        own_rate = rate or movie_rate or drivers.rate or _STILL_RATE
        driven = drivers.frames(own_rate) if pictures == 1 else None
        length = driven or _length(pictures, movie_rate, rate)
        performance = Performance.from_poses(own_rate, [{}] * length)
    performance = with_set(performance, options.set)
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


def _drivers(options: argparse.Namespace, places: Places) -> RenderDrivers:
    """The clips and the sound that the options name, watched and listened to."""
    engine = description_of(options.engine)
    settings = settings_from(options.engine, options.setting)
    whole = engine.sees_whole(settings)
    named = {ACTING: options.driver, HEAD: options.head_driver, EXPRESSION: options.expression_driver}
    named = {name: path for name, path in named.items() if path is not None}
    if named and engine.acts_itself(settings):
        raise invalid_option(
            f"With these settings {engine.label} takes the motion from the source itself.", "Leave --driver."
        )
    if whole and set(named) - {ACTING}:
        raise invalid_option(
            f"{engine.label} moves whole pictures with these settings, so that no part of a face is taken alone.",
            "Leave --head-driver and --expression-driver.",
        )
    sessions, task = _sessions(places), Task(show_progress, lambda: None)
    try:
        clips = {}
        for name, path in named.items():
            neutral = neutral_from(options.driver_neutral) if name == ACTING else AUTOMATIC
            spec = CaptureSpec(source_of(path.absolute()), neutral=neutral, whole=whole)
            clips[name] = Driver.of(spec, sessions, task)
        voice = Voice.of(options.speech.absolute(), engine.takes, sessions, task) if options.speech else None
        return RenderDrivers(clips, voice)
    finally:
        sessions.unload()


def _length(pictures: int, movie_rate: Fraction | None, rate: Fraction | None) -> int:
    if movie_rate is None or rate is None:
        return pictures
    return max(1, round(pictures / movie_rate * rate))


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
    _warn(done)
    return done


def _warn(done: Mapping[str, object]) -> None:
    for warning in cast("list[str]", done["warnings"]):
        print(f"warning: {warning}", file=sys.stderr)


def _sessions(places: Places) -> Sessions:
    weights = WeightStore([*places.weights, *default_folders()], places.cache / "weight-digests")
    return Sessions(weights, Digests(), lambda: None, places.cache)


def _frames(job: Job, folder: Path, places: Places, only: Sequence[int] | None = None) -> tuple[Path, ...]:
    """Render frames of a job into a folder, all without ``only``; their files in order."""
    path = job_path(folder, job.id)
    save(job, path)
    _run(path, only, places)
    names = load(path).frame_files
    return tuple(folder / names[frame] for frame in (range(len(names)) if only is None else only))


def _one_frame(job: Job, output: Path, places: Places) -> None:
    if len(job.pictures) != 1:
        raise invalid_option(
            f"There are {len(job.pictures)} frames, and {output.name} holds one.", "Name a folder or a movie as output."
        )
    reader = open_source(job.source, Digests())
    suffix = reader.extension(job.pictures[0])
    reader.close()
    if suffix != output.suffix.lower():
        raise invalid_option(
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
