# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips of faces for tests of capture: real ones, composed ones, and ones that the puppet acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import media
import numpy as np
import puppets

from inference.controls import POSE_NAMES
from inference.engines.engine import FrameRequest, Quality
from inference.media.digests import Digests
from inference.motion.track import REST
from inference.source import Source, SourceKind
from inference.worker.sessions import Sessions
from inference.worker.task import Task

RATE = Fraction(25)


def sessions(folder: Path) -> Sessions:
    """Sessions that keep what they make in a folder; the networks are shared."""
    made = Sessions(media.weights(), Digests(), lambda: None, folder)
    made._tracker = puppets.tracker()
    return made


def task(check: Callable[[], None] = lambda: None) -> Task:
    """A task nobody listens to."""
    return Task(lambda *_, **__: None, check)


@cache
def carphone() -> tuple[np.ndarray, ...]:
    """The 120 pictures of the clip, (144, 176, 3) uint8, B, G, R."""
    with av.open(str(media.carphone())) as container:
        return tuple(frame.to_ndarray(format="bgr24") for frame in container.decode(video=0))


def still(path: Path, height: int) -> np.ndarray:
    """A portrait reduced to a height in px."""
    pixels = puppets.bgr(path)
    return cv2.resize(pixels, (round(pixels.shape[1] * height / len(pixels)), height), interpolation=cv2.INTER_AREA)


def beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two pictures of one height side by side."""
    return np.hstack([left, right])


def movie(path: Path, pictures: Sequence[np.ndarray], rate: Fraction = RATE) -> Source:
    """Write pictures as H.264 of high quality; sizes are made even."""
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "8", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), "bgr24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return Source(SourceKind.MOVIE, (str(path),))


def sequence(folder: Path, pictures: Sequence[np.ndarray]) -> Source:
    """Write pictures as numbered PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [str(folder / f"{number:04d}.png") for number in range(len(pictures))]
    for name, pixels in zip(names, pictures, strict=True):
        assert cv2.imwrite(name, pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return Source(SourceKind.SEQUENCE, tuple(names))


def rows(length: int, curves: Mapping[str, np.ndarray]) -> np.ndarray:
    """(length, len(POSE_NAMES)) poses from curves by name; the others rest."""
    values = np.tile(REST, (length, 1))
    for name, curve in curves.items():
        values[:, POSE_NAMES.index(name)] = curve
    return values


def acted(portrait: Path, poses: np.ndarray) -> list[np.ndarray]:
    """The puppet in each pose, (H, W, 3) uint8."""
    requests = [
        FrameRequest(number, 0, dict(zip(POSE_NAMES, row.tolist(), strict=True))) for number, row in enumerate(poses)
    ]
    made = dict(puppets.session_of(portrait).frames(requests, Quality.FINAL))
    return [made[number].pixels[..., :3] for number in range(len(poses))]


def column(values: np.ndarray, name: str) -> np.ndarray:
    """One control of poses."""
    return values[:, POSE_NAMES.index(name)]


def agreement(wanted: np.ndarray, got: np.ndarray) -> tuple[float, float]:
    """Correlation, and slope of ``got`` over ``wanted``."""
    return float(np.corrcoef(wanted, got)[0, 1]), float(np.polyfit(wanted, got, 1)[0])
