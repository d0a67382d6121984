# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the Thin-Plate Spline networks where only the path around them is tested: quick, with a known flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from faces import tracker
from liveportrait_stand_in import ClipOfPictures
from puppets import PictureList

from inference.controls import pose_from
from inference.engines.engine import DrivingPlace, FrameRequest, Quality
from inference.engines.tpsmm.description import TPSMM
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice

pytest.importorskip("torch", reason="Thin-Plate Spline needs PyTorch")

from inference.engines.neural.device import Device
from inference.engines.tpsmm.driving import DrivingPoints
from inference.engines.tpsmm.session import Parts, TpsmmSession
from inference.engines.tpsmm.sources import framing_of

PATTERN = np.random.default_rng(5).uniform(-1, 1, (50, 2))
EXECUTOR = ThreadPoolExecutor(2)
# The stand-in draws darker than the source.
TINT = 0.94


@dataclass(frozen=True, eq=False)
class Encoded:
    kp: np.ndarray
    picture: np.ndarray


@dataclass(frozen=True, eq=False)
class Drawn:
    pictures: np.ndarray
    flow: np.ndarray
    occlusion: np.ndarray


class StandInModel:
    """Key points lie around the middle of what is bright; the picture is bent by the affine map between key points.

    What is drawn is a little softer and darker than the source. In ``hole`` (rows, columns in parts of the side) it is
    painted red, and the source is not visible there.
    """

    def __init__(self, kind: str = "cpu", hole: tuple[slice, slice] | None = None) -> None:
        self.device = Device(kind)
        self.half: object = None
        self.has_avd = self.has_background = True
        self.hole = hole
        self.encoded: list[int] = []
        self.looked: list[int] = []
        self.drawn: list[int] = []
        self.wanted: list[np.ndarray] = []
        self.backgrounds: list[np.ndarray | None] = []

    def key_points(self, pictures: np.ndarray) -> np.ndarray:
        assert pictures.ndim == 4 and pictures.dtype == np.float32 and pictures.max() <= 1
        self.looked.append(len(pictures))
        return np.stack([blob_points(picture) for picture in pictures])

    def avd(self, source_kp: np.ndarray, driving_kp: np.ndarray) -> np.ndarray:
        return ((driving_kp + source_kp) / 2).astype(np.float32)

    def background(self, source: np.ndarray, driving: np.ndarray) -> np.ndarray:
        moved = np.tile(np.eye(3, dtype=np.float32), (len(driving), 1, 1))
        moved[:, 0, 2] = (driving.mean(axis=(1, 2, 3)) - source.mean()) * 0.5
        return moved

    def encode(self, source: np.ndarray) -> Encoded:
        self.encoded.append(source.shape[0])
        return Encoded(blob_points(source), source)

    def draw(self, source: Encoded, kp: np.ndarray, background: np.ndarray | None = None) -> Drawn:
        self.drawn.append(len(kp))
        self.wanted += list(kp)
        self.backgrounds += list(background) if background is not None else [None] * len(kp)
        each = [self._draw(source, points) for points in kp]
        return Drawn(*(np.stack(values) for values in zip(*each, strict=True)))

    def _draw(self, source: Encoded, kp: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        size = len(source.picture)
        flow = affine_flow(affine_between(kp, source.kp), size // 4)
        places = (affine_flow(affine_between(kp, source.kp), size) + 1) / 2 * (size - 1)
        bent = cv2.remap(source.picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        picture = np.clip(cv2.GaussianBlur(bent, (0, 0), 1.0) * TINT, 0, 1)
        occlusion = np.ones((size, size), np.float32)
        if self.hole is not None:
            rows, columns = (slice(int(part.start * size), int(part.stop * size)) for part in self.hole)
            picture[rows, columns], occlusion[rows, columns] = (1.0, 0.0, 0.0), 0.0
        return picture, flow, occlusion


def blob_points(picture: np.ndarray) -> np.ndarray:
    """(50, 2) around the middle of what is bright in (S, S, 3), as far apart as that is wide."""
    weights = picture.mean(axis=2).astype(np.float64) ** 2 + 1e-6
    places = np.linspace(-1, 1, len(picture))
    across, down = weights.sum(axis=0) / weights.sum(), weights.sum(axis=1) / weights.sum()
    middle = np.array([across @ places, down @ places])
    spread = np.sqrt([across @ np.square(places - middle[0]), down @ np.square(places - middle[1])])
    return (middle + spread * PATTERN).astype(np.float32)


def affine_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(3, 2) least-squares affine map from points (n, 2) to others."""
    rows = np.column_stack([start, np.ones(len(start))]).astype(np.float64)
    return np.linalg.lstsq(rows, end.astype(np.float64), rcond=None)[0]


def affine_flow(matrix: np.ndarray, cells: int) -> np.ndarray:
    """(cells, cells, 2) float32 places in -1..1 under an affine map (3, 2)."""
    places = np.linspace(-1, 1, cells)
    x, y = np.meshgrid(places, places)
    return (np.dstack([x, y, np.ones_like(x)]) @ matrix).astype(np.float32)


class Clip(ClipOfPictures):
    """A driving clip in memory, with faces or shown whole."""

    def __init__(self, pictures: Sequence[np.ndarray], whole: bool = False, **options: object) -> None:
        lost = range(len(pictures)) if whole else options.pop("lost", ())
        super().__init__(pictures, lost=lost, **options)  # type: ignore[arg-type]
        self.whole = whole
        if whole:
            self.found = np.ones(len(pictures), bool)

    def landmarks(self, picture: int) -> np.ndarray:
        if self.whole:
            raise TalkingHeadError(ErrorCode.INTERNAL, "There are no landmarks.")
        return super().landmarks(picture)


def blob(
    x: float, y: float = 0.0, radius: float = 0.25, size: tuple[int, int] = (160, 120), stretch: float = 1.0
) -> np.ndarray:
    """(H, W, 3) uint8: a soft bright spot on a textured ground at a place in -1..1 of a picture (width, height).

    Args:
        stretch: how many times wider than high the spot is.
    """
    width, height = size
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    spot = np.exp(-(np.square((across - x) / stretch) + np.square(down - y)) / (2 * radius**2))
    ground = 0.08 + 0.04 * np.sin(across * 20) * np.sin(down * 17)
    return np.rint(255 * np.clip(spot * 0.9 + ground, 0, 1)).astype(np.uint8)[..., None].repeat(3, axis=2)


def open_session(
    pictures: Sequence[Picture],
    settings: Mapping[str, object] | None = None,
    clip: Clip | None = None,
    face: FaceChoice | None = None,
    model: StandInModel | None = None,
) -> TpsmmSession:
    """A session on pictures in memory."""
    model = model or StandInModel()
    checked = TPSMM.settings_from(settings or {})
    driving = None if clip is None else DrivingPoints(clip, model, tracker(), framing_of(checked), "stand-in")
    parts = Parts(tracker(), model, driving, EXECUTOR)
    return TpsmmSession(parts, PictureList(list(pictures)), face or FaceChoice(), checked)


def frames(
    session: TpsmmSession, requests: Sequence[FrameRequest], quality: Quality = Quality.FINAL
) -> dict[int, Picture]:
    """The frames asked for, by index."""
    return dict(session.frames(requests, quality))


def frame(
    session: TpsmmSession,
    picture: int = 0,
    quality: Quality = Quality.FINAL,
    driving: DrivingPlace | None = None,
    **pose: float,
) -> Picture:
    """One frame in a pose."""
    return frames(session, [FrameRequest(0, picture, pose_from(pose), driving=driving)], quality)[0]


def place(position: float, strength: float = 1.0) -> DrivingPlace:
    """A place at which all regions count alike."""
    return DrivingPlace(position, strength, strength, strength, strength)
