# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a saved job: only what is missing, decode, engine, encode and disk at the same time, memory flat."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..engines.engine import FrameRequest, Quality
from ..job import Job, load, save
from ..media.encode import write_error
from .exact import FrameMotion
from .film_runner import FilmRunner
from .film_work import FilmWork
from .frame_writer import FrameWriter
from .job_files import check_all_made, checked_name, frame_writer
from .plan import Plan, make_plan, placeholder, remove_stale
from .sessions import OpenSession, Sessions
from .subject import preparing, subject_of
from .task import Task

_LOG = logging.getLogger(__name__)


def run(task: Task, job_path: Path, only: Sequence[int] | None, sessions: Sessions) -> dict[str, object]:
    """Make the missing frames of a job, in the job's folder, and note all file names in the job file.

    Running it again after a crash or a cancel goes on where it stopped.

    Args:
        only: frame indices to make; None for all.

    Returns:
        Fields of the ``done`` message: ``rendered`` and ``reused`` frames, ``seconds``, ``stages``, ``warnings``; of
        films also ``sections``.

    Raises:
        TalkingHeadError: what the protocol's ``error`` carries.
    """
    start = time.perf_counter()
    folder = job_path.parent
    job = load(job_path)
    task.stage("reading the source", 0)
    motion = FrameMotion.of(job, sessions, task)
    plan, film = _announce(task, job, job_path, only, sessions, motion)
    planned = time.perf_counter()
    stages: dict[str, float] = {}
    warnings: list[str] = []
    if plan.missing:
        stages, warnings = _render(task, job, plan, film, folder, sessions, motion)
    rendered = sum(len(frames) for frames in plan.missing.values())
    stages = {"plan": planned - start, **stages}
    seconds = time.perf_counter() - start
    _LOG.info("Job %s: %d rendered, %d reused, %.2f s", job.id, rendered, len(plan.wanted) - rendered, seconds)
    return {
        "rendered": rendered,
        "reused": len(plan.wanted) - rendered,
        "seconds": round(seconds, 3),
        "stages": {name: round(value, 3) for name, value in stages.items()},
        "warnings": warnings,
        **({"sections": film.counts} if film else {}),
    }


def _announce(
    task: Task, job: Job, job_path: Path, only: Sequence[int] | None, sessions: Sessions, motion: FrameMotion
) -> tuple[Plan, FilmWork | None]:
    """Plan, note the names in the job file, put the placeholder there, and tell."""
    reader = sessions.reader(job.source)
    try:
        plan = make_plan(job, reader, job_path.parent, only, task.check, motion, sessions)
        if job.frame_files != plan.names:
            _save(job.with_frame_files(plan.names), job_path)
        stand_in = placeholder(job, reader, job_path.parent, plan.pictures[0] if plan.pictures else 0)
    finally:
        reader.close()
    remove_stale(job_path.parent)
    payload = json.dumps(plan.names).encode()
    missing = sum(len(frames) for frames in plan.missing.values())
    film = FilmWork.of(job, plan, sessions)
    estimate = film.estimate().to_dict() if film and missing else None
    task.send(
        "plan", payload=payload, total=len(plan.wanted), missing=missing, placeholder=stand_in, estimate=estimate
    )  # fmt: skip
    return plan, film


def _save(job: Job, path: Path) -> None:
    try:
        save(job, path)
    except OSError as error:
        raise write_error(path, error) from error


def _render(
    task: Task, job: Job, plan: Plan, film: FilmWork | None, folder: Path, sessions: Sessions, motion: FrameMotion
) -> tuple[dict[str, float], list[str]]:
    """Make the missing files.

    Returns:
        Seconds by stage: "prepare" (load the engine, find the face), "decode", "engine" (of films "draw" and "finish"),
        "encode", "disk"; decode, encode and disk run beside the engine, so the sum is more than the time that passed.
        And what the engine warns of.
    """
    frames = sorted(shared[0] for shared in plan.missing.values())
    needed = film.needed if film else sorted({plan.pictures[frame] for frame in frames})
    task.stage(preparing(job), len(frames))
    start = time.perf_counter()
    with sessions.opened(subject_of(job, motion, sessions), needed) as opened:
        prepared = time.perf_counter()
        decoded_s = opened.pictures.decode_s
        with frame_writer(task, job, plan) as writer:
            if film:
                engine = FilmRunner(task, film, motion, opened).run(folder, writer)
            else:
                task.stage("rendering", len(frames))
                requests = _requests(job, plan, motion, frames)
                engine = {"engine": _frames(task, requests, len(frames), plan, folder, opened, writer)}
        task.progress(len(frames), len(frames), "rendering")
        stages = {
            "prepare": prepared - start,
            "decode": opened.pictures.decode_s - decoded_s,
            **engine,
            "encode": writer.encode_s,
            "disk": writer.disk_s,
        }
        return stages, list(opened.session.warnings)


def _requests(job: Job, plan: Plan, motion: FrameMotion, frames: Iterable[int]) -> Iterator[FrameRequest]:
    """What is asked of the engine, one frame after the other, so that memory does not grow with the job."""
    for frame in frames:
        yield motion.request(frame, plan.pictures[frame], job.performance.pose(frame))


def _frames(
    task: Task,
    requests: Iterator[FrameRequest],
    count: int,
    plan: Plan,
    folder: Path,
    opened: OpenSession,
    writer: FrameWriter,
) -> float:
    """Feed the engine and hand its frames to the writer; seconds in the engine, without waiting for decoding."""
    engine_s, done = 0.0, 0
    frames = iter(opened.session.frames(requests, Quality.FINAL))
    while True:
        start, waited_s = time.perf_counter(), opened.pictures.waited_s
        made = next(frames, None)
        engine_s += time.perf_counter() - start - (opened.pictures.waited_s - waited_s)
        if made is None:
            break
        task.check()
        index, picture = made
        writer.put(folder / checked_name(plan, index, picture), picture)
        done += 1
        # What is counted is on disk: a worker that is killed now loses none of it.
        task.progress(writer.done, count, "rendering")
        task.between()
    check_all_made(done, count)
    return engine_s
