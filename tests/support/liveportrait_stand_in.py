# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for LivePortrait's networks where only the path around them is tested: quick, and every input shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import tracker
from liveportrait_motion import LinearNetworks
from puppets import PictureList

from inference.controls import pose_from
from inference.engines.engine import DrivingPlace, FrameRequest, Quality
from inference.engines.liveportrait.description import LIVEPORTRAIT
from inference.engines.liveportrait.keypoints import Motion
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture, PictureReader
from inference.source import FaceChoice

pytest.importorskip("torch", reason="LivePortrait needs PyTorch")

from inference.engines.liveportrait.session import LivePortraitSession, Parts
from inference.engines.neural.device import Device

KP = np.random.default_rng(3).normal(0, 0.3, (21, 3))
EXECUTOR = ThreadPoolExecutor(2)


class StandInModel(LinearNetworks):
    """Draws the source's crop, as much brighter as the wanted key points differ from the source's.

    Motion tells the brightness of the crop's quarters, so that pictures differ.
    """

    def __init__(self, kind: str = "cpu") -> None:
        super().__init__()
        self.device = Device(kind)
        self.half = None
        self.crops: list[int] = []
        self.looked: list[int] = []
        self.drawn: list[int] = []
        self.wanted: list[np.ndarray] = []

    def features(self, crops: np.ndarray) -> list[np.ndarray]:
        self.crops.append(len(crops))
        return [crop.astype(np.float32) / 255 for crop in crops]

    def motion(self, crops: np.ndarray) -> list[Motion]:
        assert crops.shape[1:] == (256, 256, 3) and crops.dtype == np.uint8
        self.looked.append(len(crops))
        return [_motion(crop.astype(np.float64) / 255) for crop in crops]

    def decode(self, features: Sequence[np.ndarray], x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        self.drawn.append(len(x_d))
        self.wanted += list(x_d)
        assert len(features) in (1, len(x_d)) and len(x_s) in (1, len(x_d))
        moved = np.abs(x_d - x_s).mean(axis=(1, 2))
        each = list(features) * (len(x_d) if len(features) == 1 else 1)
        frames = [cv2.resize(crop, (512, 512)) * 0.7 + 5 * one for crop, one in zip(each, moved, strict=True)]
        return np.clip(np.stack(frames), 0, 1).astype(np.float32)


def _motion(crop: np.ndarray) -> Motion:
    quarters = crop.reshape(2, 128, 2, 128, 3).mean(axis=(1, 3)).ravel()
    exp = np.resize(quarters, (21, 3)) * 0.1
    return Motion(*(20 * quarters[:3]).tolist(), quarters[3:6] * 0.1, exp, 1.3 + 0.1 * float(quarters[6]), KP)


def open_session(
    pictures: Sequence[Picture],
    settings: Mapping[str, object] | None = None,
    face: FaceChoice | None = None,
    motion: object = None,
    model: StandInModel | None = None,
) -> LivePortraitSession:
    """A session on pictures in memory."""
    parts = Parts(tracker(), model or StandInModel(), motion, None, EXECUTOR)  # type: ignore[arg-type]
    checked = LIVEPORTRAIT.settings_from(settings or {})
    return LivePortraitSession(parts, PictureList(list(pictures)), face or FaceChoice(), checked)


def frames(
    session: LivePortraitSession, requests: Sequence[FrameRequest], quality: Quality = Quality.FINAL
) -> dict[int, Picture]:
    """The frames asked for, by index."""
    return dict(session.frames(requests, quality))


def frame(session: LivePortraitSession, picture: int = 0, quality: Quality = Quality.FINAL, **pose: float) -> Picture:
    """One frame in a pose."""
    return frames(session, [FrameRequest(0, picture, pose_from(pose))], quality)[0]


def place(position: float, strength: float = 1.0) -> DrivingPlace:
    """A place at which all regions count alike."""
    return DrivingPlace(position, strength, strength, strength, strength)


class ClipOfPictures:
    """A driving clip in memory, which remembers what an engine keeps of it.

    Args:
        pictures: (H, W, 3) uint8, B, G, R.
        lost: pictures in which the face is not found.
        cancel_at: the number of pictures looked at with which the request is canceled.
    """

    def __init__(
        self,
        pictures: Sequence[np.ndarray],
        smoothing: float = 0.5,
        cuts: Sequence[int] = (),
        lost: Sequence[int] = (),
        cancel_at: int = -1,
    ) -> None:
        self.key = "clip"
        self.neutral, self.smoothing, self.rate, self.cuts = 0, smoothing, Fraction(25), tuple(cuts)
        self.neutral_chosen = False
        self.template: Path | None = None
        self.found = np.array([number not in lost for number in range(len(pictures))])
        self.kept: dict[str, np.ndarray] = {}
        self.read: list[int] = []
        self.cancel_at = cancel_at
        self._pictures = pictures
        self._faces = {n: tracker().faces(p)[0].landmarks[:, :2] for n, p in enumerate(pictures) if n not in lost}

    def __len__(self) -> int:
        return len(self._pictures)

    def landmarks(self, picture: int) -> np.ndarray:
        return self._faces[min(self._faces, key=lambda number: abs(number - picture))]

    def pictures(self, needed: Sequence[int]) -> PictureReader:
        clip = self

        class Reader(PictureList):
            def read(self, index: int) -> Picture:
                clip.read.append(index)
                return super().read(index)

        return Reader([Picture(pixels) for pixels in self._pictures])

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values.copy()

    def progress(self, done: int, total: int) -> None:
        if done == self.cancel_at:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")
