# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of the puppet engine's warp: frames per second by size, quality and threads, by stage, and set-up time.

    python -m benchmarks.puppet

Runs in the worker's Python. The portrait is scikit-image's astronaut, enlarged to fill the height of each size; all
sliders move. Times are the median of wall-clock times; other programs on the machine make them longer.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from inference.controls import pose_from
from inference.engines.engine import Quality
from inference.engines.puppet.colour import Canvas
from inference.engines.puppet.composition import compose_frame, warp_pixels
from inference.engines.puppet.expression import expression_of
from inference.engines.puppet.frame import FaceFrame
from inference.engines.puppet.head import HeadWarp
from inference.engines.puppet.portrait import Portrait
from inference.engines.puppet.region import resample_skin
from inference.engines.puppet.warp import compose_warp
from inference.face.face import Face
from inference.face.tracker import FaceTracker
from inference.media.picture import Picture
from inference.weights.store import WeightStore, default_folders
from tools import sample_files

SIZES = {"512x512": (512, 512), "1920x1080": (1920, 1080), "3840x2160": (3840, 2160)}
EVERYTHING = pose_from(
    {
        "head_pitch": 6, "head_yaw": -9, "head_roll": 5, "head_x": 0.03, "head_y": 0.02, "head_scale": 1.05,
        "eye_open": 0.7, "wink_l": 0.2, "wink_r": 0.1, "gaze_x": 0.5, "gaze_y": 0.3, "brow": 0.5, "brow_l": 0.2,
        "brow_r": -0.2, "jaw_open": 0.6, "mouth_wide": 0.3, "mouth_pucker": 0.2, "mouth_smile": 0.5,
        "mouth_close": 0.1,
    }
)  # fmt: skip
FACE_ONLY = {**EVERYTHING, **{name: pose_from({})[name] for name in EVERYTHING if name.startswith("head_")}}


@dataclass(frozen=True)
class Subject:
    """A portrait of one size, prepared."""

    portrait: Portrait
    head: HeadWarp


def median_ms(function: Callable[[], object], seconds: float) -> float:
    """Median wall-clock time of a call in ms, over about ``seconds``, at least 3 calls after one to warm up."""
    function()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def picture_of(size: tuple[int, int]) -> Picture:
    """The portrait scaled to a height, its background mirrored to the width."""
    source = cv2.imread(str(sample_files.astronaut()))
    width, height = size
    scaled = cv2.resize(source, (height, height), interpolation=cv2.INTER_CUBIC)
    left = (width - height) // 2
    return Picture(cv2.copyMakeBorder(scaled, 0, 0, left, width - height - left, cv2.BORDER_REFLECT))


def prepare(tracker: FaceTracker, picture: Picture) -> Subject:
    """Find the face and prepare everything."""
    face = tracker.faces(picture.pixels)[0]
    return Subject(Portrait.of(Canvas.of(picture), face), HeadWarp.build(face, picture.size))


def frame_rates(subject: Subject, seconds: float) -> None:
    """Print frames per second by quality and threads, for everything moving and for the face alone.

    As in a session, two threads make bands of one preview, but two final frames side by side.
    """
    for name, pose in (("all sliders", EVERYTHING), ("face only", FACE_ONLY)):
        for quality in Quality:
            one = 1000 / median_ms(partial(whole, subject, pose, quality, None), seconds)
            with ThreadPoolExecutor(2) as pool:
                if quality is Quality.PREVIEW:
                    two = 1000 / median_ms(partial(whole, subject, pose, quality, pool), seconds)
                else:
                    final = partial(whole, subject, pose, quality, None)
                    two = 8000 / median_ms(lambda: list(pool.map(lambda _: final(), range(8))), seconds)  # noqa: B023
            print(f"  {name:12} {quality.value:8} {one:8.1f} {two:8.1f}")


def whole(subject: Subject, pose: dict[str, float], quality: Quality, executor: ThreadPoolExecutor | None) -> Picture:
    """One frame."""
    portrait = subject.portrait
    return compose_frame(portrait.canvas, expression_of(portrait, pose), subject.head.inverse(pose), quality, executor)


def stages(subject: Subject, seconds: float) -> None:
    """Print the time of each stage in ms, render quality, one thread."""
    canvas = subject.portrait.canvas
    expression = expression_of(subject.portrait, EVERYTHING)
    head = subject.head.inverse(EVERYTHING)
    assert expression is not None
    warp = compose_warp(head, expression.layers, canvas.size)
    box = warp.moving_box(canvas.size)
    assert box is not None
    work = canvas.pixels.copy()
    parts: dict[str, Callable[[], object]] = {
        "face: sliders to fields": lambda: expression_of(subject.portrait, EVERYTHING),
        "head: field and inverse": lambda: subject.head.inverse(EVERYTHING),
        "invert and compose": lambda: compose_warp(head, expression.layers, canvas.size),
        "copy": canvas.pixels.copy,
        "resample skin": lambda: resample_skin(work, canvas.pixels, warp, box, Quality.FINAL),
        "eyes and mouth": lambda: expression.draw(work, warp, Quality.FINAL),
        "all pixels": lambda: warp_pixels(canvas, expression, head, Quality.FINAL),
    }
    for name, function in parts.items():
        print(f"  {name:26} {median_ms(function, seconds):8.2f} ms")
    print(f"  moving box {box[2] - box[0]} x {box[3] - box[1]} px")


def set_up(tracker: FaceTracker, picture: Picture, seconds: float) -> None:
    """Print what a new picture costs."""
    face: Face = tracker.faces(picture.pixels)[0]
    canvas = Canvas.of(picture)
    parts: dict[str, Callable[[], object]] = {
        "find the faces": lambda: tracker.faces(picture.pixels),
        "follow the face": lambda: tracker.follow(picture.pixels, face),
        "prepare, any pose": lambda: Portrait.of(canvas, face),
        "prepare, one pose": lambda: Portrait.of(canvas, face, only=EVERYTHING),
        "prepare, with spectacles": lambda: Portrait.of(canvas, face, spectacles=True),
        "prepare the head": lambda: HeadWarp.build(face, picture.size),
    }
    for name, function in parts.items():
        print(f"  {name:26} {median_ms(function, seconds):8.2f} ms")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="time spent on each figure")
    parser.add_argument("--sizes", nargs="*", choices=list(SIZES), default=list(SIZES))
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    tracker = FaceTracker(WeightStore(default_folders()))
    print(f"numpy {np.__version__}, OpenCV {cv2.__version__}")
    for name in arguments.sizes:
        picture = picture_of(SIZES[name])
        subject = prepare(tracker, picture)
        print(f"\n{name}, {FaceFrame.of(subject.portrait.face).span_px:.0f} px between the outer eye corners")
        print("  frames per second          1 thread  2 threads")
        frame_rates(subject, arguments.seconds)
        print("  stages, render quality, one thread")
        stages(subject, arguments.seconds)
        print("  set-up of a picture")
        set_up(tracker, picture, arguments.seconds)


if __name__ == "__main__":
    main()
