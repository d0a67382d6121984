# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that an engine makes on the way to its frames, as files that people can look at and correct."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import cv2

from ..engines import description_of
from ..engines.description import EngineDescription, Stage
from ..engines.engine import ChainSession, FrameRequest
from ..errors import ErrorCode, TalkingHeadError
from ..film import Section
from ..job import Job, load
from ..media.colour import for_display
from ..media.encode import write_error, write_whole
from ..media.picture import Picture
from .exact import FrameMotion
from .job_files import check_all_made
from .plan import wanted_frames
from .sessions import Sessions
from .subject import preparing, subject_of
from .task import Task

# Poses and masks are mostly of one color; more effort gains little.
_PNG_OPTIONS = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def make_stage(
    task: Task, job_path: Path, name: str, folder: Path, only: Sequence[int] | None, sessions: Sessions
) -> dict[str, object]:
    """Write the pictures of a stage, one a frame; nothing is drawn, and the networks that draw are not needed.

    Args:
        name: of one of the engine's stages (``EngineDescription.stages``).
        folder: where they go, made where it is not there; pictures of the same frames are replaced.
        only: frame indices; None for all.

    Returns:
        Fields of the ``done`` message: ``written``, ``size`` [w, h] of the first picture (0 without), ``seconds``,
        ``warnings``.

    Raises:
        TalkingHeadError: INVALID_REQUEST, DISK_FULL, OUTPUT_NOT_WRITABLE, CANCELLED, and what the session raises.
    """
    start = time.perf_counter()
    job = load(job_path)
    engine = description_of(job.engine)
    stage = stage_of(engine, engine.settings_from(job.settings), name)
    frames = wanted_frames(len(job.pictures), only)
    _make_folder(folder)
    task.stage("reading the source", 0)
    motion = FrameMotion.of(job, sessions, task)
    pictures = _pictures(job, sessions)
    task.stage(preparing(job), len(frames))
    size, made = [0, 0], 0
    cut = _sections(engine, job, frames)
    requests = {
        frame: motion.request(frame, pictures[frame], job.performance.pose(frame))
        for section in cut
        for frame in section.frames
    }
    needed = sorted({request.picture for request in requests.values()})
    with sessions.opened(subject_of(job, motion, sessions, draws=False), needed) as opened:
        words = f"making {stage.label.lower()} pictures"
        task.stage(words, len(frames))
        session = cast("ChainSession", opened.session)
        for index, picture in _shown(session, name, cut, requests, set(frames), task.check):
            file = folder / stage_file(index)
            write_whole(file, encoded(picture, grey=stage.grey))
            size, made = size if made else list(picture.size), made + 1
            task.send("frame", index=index, file=file.name)
            task.check()
            task.progress(made, len(frames), words)
            task.between()
        check_all_made(made, len(frames))
        warnings = list(opened.session.warnings)
    return {"written": made, "size": size, "seconds": round(time.perf_counter() - start, 3), "warnings": warnings}


def _sections(engine: EngineDescription, job: Job, frames: Sequence[int]) -> list[Section]:
    """The sections of the film that show some frames."""
    cut = engine.sections(len(job.pictures), engine.settings_from(job.settings))
    wanted = set(frames)
    return [section for section in cut if wanted.intersection(section.new)]


def _shown(
    session: ChainSession,
    name: str,
    cut: Sequence[Section],
    requests: Mapping[int, FrameRequest],
    frames: Collection[int],
    told: Callable[[], None],
) -> Iterator[tuple[int, Picture]]:
    """A stage's pictures of some frames. Whole sections are asked for, as they are drawn: who is lost in a picture is
    taken from others of the section.
    """
    for section in cut:
        for index, picture in session.stage(name, [requests[frame] for frame in section.frames], told):
            if index in section.new and index in frames:
                yield index, picture


def stage_file(frame: int) -> str:
    """File name of a frame's picture; people count frames from 1."""
    return f"{frame + 1:04d}.png"


def stage_of(engine: EngineDescription, settings: Mapping[str, object], name: str) -> Stage:
    """An engine's stage by its name.

    Args:
        settings: all of the engine's.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    there = {stage.name: stage for stage in engine.stages if stage.exists(settings)}
    if name in there:
        return there[name]
    known = ", ".join(there)
    raise TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"{engine.label} has no stage '{name}' with these settings.",
        f"Ask for one of: {known}." if known else "Choose an engine that shows pictures of its stages.",
    )


def encoded(picture: Picture, *, grey: bool) -> memoryview:
    """A PNG of 8 bit, with one channel for masks."""
    pixels = for_display(picture).pixels
    done, data = cv2.imencode(".png", pixels[..., 0] if grey else pixels, _PNG_OPTIONS)
    if not done:
        raise RuntimeError(f"OpenCV wrote no PNG for {pixels.dtype} {pixels.shape}")
    return data.data


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def _pictures(job: Job, sessions: Sessions) -> tuple[int, ...]:
    """Picture index of each frame, none past the source's end."""
    reader = sessions.reader(job.source)
    try:
        last = len(reader) - 1
    finally:
        reader.close()
    return tuple(min(picture, last) for picture in job.pictures)
