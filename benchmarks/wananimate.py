# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Wan-Animate's frames take besides its networks, and a section of the tiny seeded ones.

    python -m benchmarks wananimate

All that does not depend on weights is measured at full size, 1280 x 720 px: faces and skeletons performed by sliders,
mattes, colors, finishing. The networks are the tiny seeded ones on a canvas of 64 x 64 px: that tells what is around
them, not what the official ones take (``benchmarks/video_figures.py`` computes that).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT), str(ROOT / "tests" / "support"), str(ROOT / "tests" / "data" / "conformance")]

FRAMES = 9
SIZE = (1280, 720)


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The smallest of several times."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def told(what: str, value_s: float, frames: int = 1) -> None:
    """Print a line: milliseconds a frame."""
    print(f"{what:58} {1000 * value_s / frames:9.1f} ms a frame")


def shot() -> np.ndarray:
    """(720, 1280, 3) uint8: a portrait in the middle of a wide picture."""
    import cv2
    from faces import picture

    wide = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    wide[:, 280:1000] = cv2.resize(picture("astronaut"), (720, 720))
    return wide


def performing(pixels: np.ndarray) -> None:
    """Skeletons and faces, with the sliders at rest and moved, and masks."""
    from wananimate_stand_in import open_session, reader, request

    from inference.engines.wananimate.session import WanAnimateSession

    given = open_session(reader(pixels), mode="replace")

    def opened() -> WanAnimateSession:
        settings = {**given._settings, "size": "960"}
        return WanAnimateSession(given._parts, reader(pixels), given._scene._choice, settings)

    rest, moved = ([request(n, jaw_open=0.05 * n * is_moved) for n in range(FRAMES)] for is_moved in (0, 1))
    for what, requests in (("skeleton and face, sliders at rest", rest), ("skeleton and face, sliders moved", moved)):
        session = opened()
        session._scene.guides.acted(requests[1:2], lambda: None)
        told(what, seconds(lambda s=session, r=requests: s._scene.guides.acted(r, lambda: None), 2), FRAMES)
    session = opened()
    told("mask by the person matte", seconds(lambda: session._scene.guides.masks(rest, lambda: None), 2), FRAMES)


def finishing(pixels: np.ndarray) -> None:
    """Colours, and frames at the source's size."""
    from faces import tracker

    from inference.engines.video.colours import ColourShift
    from inference.engines.wananimate.canvas import DrawnCanvas
    from inference.engines.wananimate.finishing import Finisher
    from inference.media.picture import Picture

    canvas = DrawnCanvas.of(SIZE, 960)
    numbers = np.random.default_rng(1)
    drawn = numbers.uniform(0, 1, (canvas.height, canvas.width, 3)).astype(np.float32)
    video = (2 * drawn - 1).transpose(2, 0, 1)[:, None]
    shift = ColourShift.between(video, video * 0.9)
    told("colors compared", seconds(lambda: ColourShift.between(video, video * 0.9)))
    told("colors applied", seconds(lambda: shift.applied(video)))
    mask = np.zeros((canvas.height, canvas.width), np.uint8)
    mask[:, 300:980] = 1
    for what, keeps, cuts in (("finished", False, False), ("over the shot", True, False), ("cut out", False, True)):
        settings = {"mode": "replace", "keep_background": keeps, "cut_out": cuts}
        finisher = Finisher(tracker(), canvas, settings)
        told(f"frame {what}", seconds(lambda f=finisher: f.finished(Picture(pixels), drawn, mask)))


def section() -> None:
    """A section of the tiny networks on a processor, with all that is around them."""
    import media
    import wan_weights
    from wananimate_stand_in import film, reader, request

    from inference.engines.wananimate.engine import create
    from inference.engines.wananimate.session import WanAnimateSession
    from inference.source import FaceChoice
    from inference.weights.store import WeightStore

    engine = create()
    engine.load(WeightStore([wan_weights.official_folder(), *media.weight_folders()]))
    pictures = reader()
    settings = {"steps": 2, "tracking": "light", "precision": "full"}
    opened = engine.open(pictures, [0], FaceChoice(), settings)
    session = WanAnimateSession(opened._parts, pictures, FaceChoice(), {**opened._settings, "size": "64"})
    requests = [request(n) for n in range(FRAMES)]
    film(session, requests, FRAMES)
    told("tiny section, 2 steps, 64 x 64 px", seconds(lambda: film(session, requests, FRAMES)), FRAMES)
    engine.unload()


def main() -> None:
    """Print the figures."""
    pixels = shot()
    performing(pixels)
    finishing(pixels)
    section()


if __name__ == "__main__":
    main()
