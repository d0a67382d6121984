# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puppet sessions on pictures in memory, and the tracker that measures what they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import cv2
import media
import numpy as np

from inference.controls import pose_from
from inference.engines.engine import FrameRequest, Quality
from inference.engines.puppet.engine import PuppetEngine
from inference.engines.puppet.portrait import Portrait
from inference.engines.puppet.session import PuppetSession
from inference.engines.puppet.warp import Warp
from inference.face.face import Face
from inference.face.features import FaceFeatures, measure
from inference.face.tracker import FaceTracker
from inference.media.picture import Picture
from inference.source import FaceChoice


class PictureList:
    """A PictureReader over pictures in memory that remembers what was read."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.pictures = list(pictures)
        self.reads: list[int] = []

    def __len__(self) -> int:
        return len(self.pictures)

    def size(self) -> tuple[int, int]:
        return self.pictures[0].size

    def read(self, index: int) -> Picture:
        self.reads.append(index)
        return self.pictures[min(index, len(self.pictures) - 1)]

    def digest(self, index: int) -> str:
        return str(index)

    def close(self) -> None:
        pass


@cache
def engine() -> PuppetEngine:
    """A loaded engine."""
    made = PuppetEngine(threads=2)
    made.load(media.weights())
    return made


@cache
def tracker() -> FaceTracker:
    return FaceTracker(media.weights())


@cache
def bgr(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path))
    pixels.setflags(write=False)
    return pixels


@cache
def face_of(path: Path) -> Face:
    return tracker().faces(bgr(path))[0]


@cache
def session_of(path: Path) -> PuppetSession:
    """A session on a still portrait with default settings."""
    return open_session([Picture(bgr(path))])


def open_session(
    pictures: Sequence[Picture], choice: FaceChoice | None = None, settings: Mapping[str, object] | None = None
) -> PuppetSession:
    return engine().open(PictureList(pictures), range(len(pictures)), choice or FaceChoice(), settings or {})


def frame(session: PuppetSession, picture: int = 0, quality: Quality = Quality.FINAL, **controls: float) -> Picture:
    """One frame in a pose."""
    request = FrameRequest(7, picture, pose_from(controls))
    ((index, made),) = session.frames([request], quality)
    assert index == 7
    return made


def pixels(path: Path, **controls: float) -> np.ndarray:
    """Pixels of a portrait in a pose."""
    return frame(session_of(path), **controls).pixels


def features(image: np.ndarray, near: Face) -> FaceFeatures:
    """What the face of a rendered picture does, by tracking it again."""
    found = tracker().follow(image, near)
    assert found is not None, "the rendered picture shows no face any more"
    return measure(found.landmarks, tracker().mesh)


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(H, W) largest difference over the channels."""
    return np.abs(first.astype(np.float64) - second.astype(np.float64)).max(axis=2)


def smallest_seen_area(portrait: Portrait, warp: Warp) -> float:
    """Smallest area, in the source, of a seen cell of one cell's area in the output."""
    assert warp.upper is not None and warp.lower is not None
    openings = [portrait.eyes[0].masks, portrait.eyes[1].masks, portrait.mouth.masks]
    below = warp.lower.centres() + warp.lower.grid
    near = warp.upper.sampled(portrait.layers.near, below).max(axis=2) > 0.5
    lower_seen = near & (np.min([m.sampled(m.lower, below) for m in openings], axis=0) > 0.5)
    hidden = near & (np.max([m.sampled(m.lower, below) for m in openings], axis=0) > 0.5)
    above = warp.upper.centres() + warp.upper.grid
    upper_seen = ~hidden & (np.min([m.sampled(m.upper, above) for m in openings], axis=0) > 0.5)
    smallest = []
    for field, seen in ((warp.upper, upper_seen), (warp.lower, lower_seen)):
        cells = field.grid / field.step
        along, down = np.diff(cells, axis=1)[:-1], np.diff(cells, axis=0)[:, :-1]
        area = (1 + along[..., 0]) * (1 + down[..., 1]) - along[..., 1] * down[..., 0]
        smallest.append(float(area[seen[:-1, :-1]].min()))
    return min(smallest)
