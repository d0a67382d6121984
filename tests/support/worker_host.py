# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the real worker process, with the tint engine registered, and jobs to give it.

Run as a program with the path of a job it starts a worker, lets it run that job, prints the worker's process id and
waits for ever: the parent that a test kills.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np

from inference import job as jobs
from inference import protocol
from inference.job import Job
from inference.performance import Performance
from inference.protocol import Message
from inference.source import FaceChoice, Source, SourceKind

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
WORKER = [sys.executable, "-u", str(ROOT / "tests" / "support" / "tint_engine.py"), "worker"]


class Host:
    """A worker and the messages it sent."""

    def __init__(self, log: Path, command: Sequence[str] = tuple(WORKER), cwd: Path | None = None) -> None:
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, cwd=cwd
            )
        self.messages: queue.Queue[Message | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while (message := protocol.read(self.process.stdout)) is not None:
                self.messages.put(message)
        finally:
            self.messages.put(None)

    def send(self, type_: str, payload: bytes = b"", **fields: object) -> None:
        protocol.write(self.process.stdin, Message(type_, fields, payload))

    def send_bytes(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hello(self, **fields: object) -> Message:
        self.send("hello", **{"protocol": protocol.PROTOCOL, "app_version": "t", "weights": [], "cache": "", **fields})
        return self.next()

    def next(self) -> Message:
        """The next message; fails when the worker ended instead."""
        message = self.messages.get(timeout=PATIENCE_S)
        assert message is not None, self.log.read_text(encoding="utf-8")
        return message

    def until(self, wanted: Callable[[Message], bool]) -> list[Message]:
        """Messages up to and with the first wanted one."""
        seen = [self.next()]
        while not wanted(seen[-1]):
            seen.append(self.next())
        return seen

    def answer(self, id_: int) -> list[Message]:
        """All messages up to the one that ends a request."""
        ends = ("done", "error", "cancelled")
        return self.until(lambda m: m.fields.get("id") == id_ and m.type in ends)

    def ended(self) -> int:
        """The exit code of a worker that ends by itself."""
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@contextmanager
def host(folder: Path, greet: bool = True) -> Iterator[Host]:
    """A worker that was greeted, killed at the end."""
    worker = Host(folder / "worker.log")
    try:
        if greet:
            assert worker.hello().type == "hello"
        yield worker
    finally:
        worker.close()


def picture(folder: Path, size: tuple[int, int] = (64, 48), name: str = "source.png", seed: int = 0) -> Path:
    """A noisy picture, (width, height) in px."""
    path = folder / name
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return path


def make_job(folder: Path, frames: int, settings: Mapping[str, object] | None = None, **fields: object) -> Job:
    """A job in which every frame differs."""
    poses = [{"jaw_open": (index + 1) / (frames + 1)} for index in range(frames)]
    values: dict[str, object] = {
        "id": "job",
        "name": "test",
        "engine": "tint",
        "settings": settings or {},
        "source": Source(SourceKind.IMAGE, (str(folder / "source.png"),)),
        "face": FaceChoice(),
        "pictures": (0,) * frames,
        "performance": Performance.from_poses(Fraction(25), poses),
        **fields,
    }
    return Job(**values)  # type: ignore[arg-type]


def saved_job(folder: Path, frames: int, settings: Mapping[str, object] | None = None, **fields: object) -> Path:
    """A saved job with its source beside it."""
    if "source" not in fields:
        picture(folder)
    path = jobs.job_path(folder, "job")
    jobs.save(make_job(folder, frames, settings, **fields), path)
    return path


def frames_in(folder: Path) -> set[str]:
    """Names of the frames in a folder."""
    return {path.name for path in folder.glob("*.png") if not path.name.startswith("source")}


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie (POSIX)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return Path("/proc/self/stat").exists() is False


def _parent(path: str) -> None:
    worker = Host(Path(path).with_name("worker.log"))
    worker.hello()
    worker.send("run", id=1, job=path)
    worker.until(lambda message: message.type == "frame")
    print(worker.process.pid, flush=True)
    time.sleep(3600)


if __name__ == "__main__":
    _parent(sys.argv[1])
