# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films that the small engines draw, as a new process of the worker would render them, and what it tells meanwhile."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from worker_host import saved_job

from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.media.digests import Digests
from inference.weights.store import WeightStore
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

FRAMES = 20


class Told:
    """A task that notes what it tells, and cancels when the engine has told of so many steps."""

    def __init__(self, engine: ModuleType, cancel_at: int | None = None) -> None:
        self.messages: list[tuple[str, dict[str, object]]] = []
        self.paused = 0
        self._engine = engine
        self._cancel_at = cancel_at
        self.task = Task(self._send, self._check, self._between)

    def _send(self, type_: str, payload: bytes = b"", **fields: object) -> None:
        self.messages.append((type_, fields))

    def _check(self) -> None:
        if self._cancel_at is not None and len(self._engine.stepped) >= self._cancel_at:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    def _between(self) -> None:
        self.paused += 1

    def fields(self, type_: str) -> list[dict[str, object]]:
        return [fields for kind, fields in self.messages if kind == type_]

    @property
    def steps(self) -> list[dict[str, object]]:
        return [fields for fields in self.fields("progress") if fields.get("unit") == "steps"]


def film_job(folder: Path, engine: ModuleType, frames: int, **settings: object) -> Path:
    folder.mkdir(exist_ok=True)
    return saved_job(folder, frames, settings, engine=engine.DESCRIPTION.name)


def render(
    path: Path, cache: Path, engine: ModuleType, only: list[int] | None, told: Told | None
) -> tuple[dict[str, object], list[int], list[int]]:
    """What a new process would do: fields of ``done``, sections that were drawn, frames that were finished."""
    engine.forget()
    sessions = Sessions(WeightStore([]), Digests(), lambda: None, cache)
    try:
        done = run((told or Told(engine)).task, path, only, sessions)
    finally:
        sessions.unload()
    return done, list(engine.drawn), list(engine.finished)


def pixels_of(path: Path) -> list[bytes]:
    """The files of all frames."""
    return [(path.parent / name).read_bytes() for name in load(path).frame_files]


def drop_frames(path: Path) -> None:
    """Remove the files of all frames."""
    for name in load(path).frame_files:
        (path.parent / name).unlink()
