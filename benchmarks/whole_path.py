# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole path: decode, warp, encode and disk as one figure, against what the cores allow; memory; start-up.

"Possible" is what all cores would reach if every stage, measured alone in core time, filled them without a gap.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from inference import protocol
from inference.controls import POSE_CONTROLS
from inference.engines.engine import FrameRequest, Quality
from inference.job import Job, job_path, save
from inference.media.digests import Digests
from inference.media.encode import encode_frame, write_frame, write_whole
from inference.media.export import MovieExport, export_movie
from inference.media.picture import Picture
from inference.media.reader import open_source
from inference.performance import Performance
from inference.protocol import Message
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore, default_folders
from inference.worker.runner import run
from inference.worker.sessions import Sessions, Subject
from inference.worker.task import Task

ROOT = Path(__file__).parents[1]
RATE = Fraction(25)
SIZES = {"512": (512, 512), "1080p": (1920, 1080), "4K": (3840, 2160)}


@dataclass(frozen=True)
class Figure:
    """Frames a second of one source: as measured, as possible; cores busy; core milliseconds a frame by stage."""

    name: str
    fps: float
    busy_cores: float
    possible_fps: float
    core_ms: dict[str, float]


def main(arguments: Sequence[str]) -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_path", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the frames")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"Whole path, {os.cpu_count()} cores, all sliders moving")
        for size, frames in (("512", 300), ("1080p", 120), ("4K", 30)):
            _print(measure(folder, size, still(folder, size), frames // (5 if quick else 1)))
        _print(measure(folder, "1080p movie", movie(folder, "1080p", 20 if quick else 60), 20 if quick else 60))
        hello_s, ready_s = start_times()
        print(f"Worker start: hello after {hello_s:.2f} s, first answer after {ready_s:.2f} s")
        frames = 200 if quick else 1000
        grown = memory_growth_mb(folder, frames)
        print(f"Memory: {grown:+.1f} MB from frame {frames // 10} to frame {frames} at 512 x 512")


def _print(figure: Figure) -> None:
    share = figure.fps / figure.possible_fps
    stages = ", ".join(f"{stage} {value:.1f}" for stage, value in figure.core_ms.items())
    print(
        f"  {figure.name:12} {figure.fps:6.1f} fps, possible {figure.possible_fps:6.1f}, reached {share:.2f}, "
        f"{figure.busy_cores:.2f} cores busy; core ms a frame: {stages}"
    )


def measure(folder: Path, name: str, source: Source, frames: int) -> Figure:
    """Time a job of the runner, then its stages alone."""
    job = _job(source, frames)
    sessions = _sessions()
    _timed_run(folder, _job(source, 2), sessions)  # loads the engine and prepares the source
    seconds, core_s = min(_timed_run(folder, job, sessions) for _ in range(2))
    core_ms = _core_ms(folder, job, sessions)
    sessions.unload()
    cores = os.cpu_count() or 1
    return Figure(name, frames / seconds, core_s / seconds, cores * 1000 / sum(core_ms.values()), core_ms)


def _timed_run(folder: Path, job: Job, sessions: Sessions) -> tuple[float, float]:
    """Seconds of rendering, and core seconds: without preparing, which the engine's own benchmark measures."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = job_path(Path(name), job.id)
        save(job, path)
        start_s = time.process_time()
        done = run(Task(lambda *_, **__: None, lambda: None), path, None, sessions)
        core_s = time.process_time() - start_s
        stages = done["stages"]
        assert isinstance(stages, dict)
        return float(done["seconds"]) - stages["prepare"], core_s  # type: ignore[arg-type]


def _core_ms(folder: Path, job: Job, sessions: Sessions) -> dict[str, float]:
    """Core milliseconds a frame of each stage, one after the other, nothing beside it."""
    count = min(len(job.pictures), 20)
    requests = [FrameRequest(index, job.pictures[index], job.performance.pose(index)) for index in range(count)]
    reader = open_source(job.source, Digests())
    reader.read(0)
    decode = 0.0
    if job.source.kind is SourceKind.MOVIE:
        decode = _core_s(lambda: [reader.read(index) for index in range(1, count)]) / (count - 1)
    reader.close()
    subject = Subject(job.engine, {}, job.source, job.face)
    made: list[Picture] = []
    with sessions.opened(subject, sorted({request.picture for request in requests})) as opened:
        for request in requests:
            opened.pictures.read(request.picture)
        next(iter(opened.session.frames(requests[count // 2 :], Quality.FINAL)))  # what is prepared once is not counted
        warp = (
            _core_s(lambda: made.extend(picture for _, picture in opened.session.frames(requests, Quality.FINAL)))
            / count
        )
    files: list[bytes | memoryview] = []
    encode = _core_s(lambda: files.extend(encode_frame(picture) for picture in made)) / count
    disk = _core_s(lambda: [write_whole(folder / f"disk-{n}", data) for n, data in enumerate(files)]) / count
    for number in range(count):
        (folder / f"disk-{number}").unlink()
    stages = {"decode": decode, "warp": warp, "encode": encode, "disk": disk}
    return {stage: seconds * 1000 for stage, seconds in stages.items()}


def _core_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def memory_growth_mb(folder: Path, frames: int) -> float:
    """Growth of the resident memory over a job at 512 x 512, after its first tenth."""
    seen: list[float] = []

    def send(type_: str, payload: bytes = b"", **fields: object) -> None:
        if type_ == "frame":
            seen.append(_resident_mb())

    sessions = _sessions()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = job_path(Path(name), "memory")
        save(_job(still(folder, "512"), frames), path)
        run(Task(send, lambda: None), path, None, sessions)
    sessions.unload()
    return seen[-1] - seen[frames // 10]


def _resident_mb() -> float:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def start_times() -> tuple[float, float]:
    """Seconds from starting a worker to its hello, and to its first answer."""
    command = [sys.executable, "-u", "-m", "inference", "worker"]
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdin and process.stdout
        protocol.write(process.stdin, Message("hello", {"protocol": protocol.PROTOCOL, "weights": [], "cache": ""}))
        protocol.read(process.stdout)
        hello = time.perf_counter() - start
        protocol.write(process.stdin, Message("ping", {"id": 1}))
        protocol.read(process.stdout)
        ready = time.perf_counter() - start
        process.stdin.close()
    return hello, ready


def _sessions() -> Sessions:
    return Sessions(WeightStore(default_folders()), Digests(), lambda: None)


def _job(source: Source, frames: int) -> Job:
    """All sliders move, each at its own pace, within half their range."""
    phases = np.arange(frames)[:, None] * 0.12 + np.arange(len(POSE_CONTROLS))[None]
    rest = np.array([control.rest for control in POSE_CONTROLS])
    reach = np.array([min(control.soft_range[1] - control.rest, 0.5 * (control.maximum - control.rest)) or 0.5
                      for control in POSE_CONTROLS])  # fmt: skip
    values = rest + np.abs(np.sin(phases)) * reach
    low, high = (np.array([getattr(control, limit) for control in POSE_CONTROLS]) for limit in ("minimum", "maximum"))
    pictures = tuple(range(frames)) if source.kind is SourceKind.MOVIE else (0,) * frames
    return Job(
        "bench", "bench", "puppet", {}, source, FaceChoice(), pictures, Performance(RATE, np.clip(values, low, high))
    )


def _portrait(size: str) -> np.ndarray:
    """The astronaut of scikit-image, enlarged to fill the height."""
    import skimage

    picture = cv2.imread(str(Path(skimage.__file__).parent / "data" / "astronaut.png"))
    width, height = SIZES[size]
    enlarged = cv2.resize(picture, (height, height), interpolation=cv2.INTER_CUBIC)
    left = (width - height) // 2
    return cv2.copyMakeBorder(enlarged, 0, 0, left, width - height - left, cv2.BORDER_REFLECT)


def still(folder: Path, size: str) -> Source:
    """The portrait in one of ``SIZES``, made once."""
    path = folder / f"portrait-{size}.png"
    if not path.exists():
        write_frame(Picture(_portrait(size)), path)
    return Source(SourceKind.IMAGE, (str(path),))


def movie(folder: Path, size: str, frames: int) -> Source:
    """A movie of the portrait, shaking a little, in one of ``SIZES``."""
    portrait = _portrait(size)
    paths = []
    for number in range(frames):
        paths.append(folder / f"movie-{number}.png")
        write_frame(Picture(np.roll(portrait, round(8 * np.sin(number / 5)), axis=1)), paths[-1])
    export_movie(MovieExport(tuple(paths), RATE, "h264", folder / "movie.mp4"))
    for path in paths:
        path.unlink()
    return Source(SourceKind.MOVIE, (str(folder / "movie.mp4"),))


if __name__ == "__main__":
    main(sys.argv[1:])
