# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for EDTalk's networks where only the path around them is tested: quick, and every input shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import puppets
import pytest
from faces import tracker
from puppets import PictureList

from inference.capture.mapping import CLOSE_GAP, JAW_GAP, PUCKER, WIDE
from inference.controls import BY_NAME, pose_from
from inference.engines.edtalk.calibrator import Calibrator
from inference.engines.edtalk.description import EDTALK
from inference.engines.edtalk.rig import Rig
from inference.engines.edtalk.targets import Driving
from inference.engines.edtalk.weights import Weights, row_length
from inference.engines.engine import FrameRequest, Quality
from inference.engines.puppet.session import PuppetSession
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice

pytest.importorskip("torch", reason="EDTalk needs PyTorch")

from inference.engines.edtalk.session import EdtalkSession, Parts
from inference.engines.neural.device import Device

EXECUTOR = ThreadPoolExecutor(2)


@dataclass(frozen=True, eq=False)
class Code:
    """What the stand-ins keep of a picture.

    Attributes:
        code: (512,) of which the first are the picture's weights.
        features: (256, 256, 3) uint8 RGB the picture itself.
    """

    code: np.ndarray
    features: np.ndarray


class StandInModel:
    """Draws the source's crop darker, and brighter the further the weights are from the source's own.

    Weights tell the brightness of small squares of the picture, so that pictures differ.
    """

    def __init__(self, full: bool = True, kind: str = "cpu") -> None:
        self.full = full
        self.device = Device(kind)
        self.half: object = None
        self.encoded: list[int] = []
        self.looked: list[int] = []
        self.drawn: list[int] = []
        self.wanted: list[np.ndarray] = []
        self.heard: list[int] = []

    def encode(self, pictures: np.ndarray) -> list[Code]:
        self.encoded.append(len(pictures))
        return [Code(code, picture) for code, picture in zip(_codes(pictures), pictures, strict=True)]

    def encode_codes(self, pictures: np.ndarray) -> np.ndarray:
        self.looked.append(len(pictures))
        return _codes(pictures)

    def weights(self, codes: np.ndarray) -> Weights:
        assert codes.shape[1:] == (512,)
        return Weights.of_rows(codes[:, : row_length(self.full)])

    def decode(self, code: Code, weights: Weights) -> np.ndarray:
        rows = rows_of(weights)
        self.drawn.append(len(rows))
        self.wanted += list(rows)
        moved = np.abs(rows - code.code[: rows.shape[1]]).mean(axis=1)
        return np.stack([self.picture(code, row, one) for row, one in zip(rows, moved, strict=True)])

    def picture(self, code: Code, row: np.ndarray, moved: float) -> np.ndarray:
        """(256, 256, 3) float32 of one row of weights, which differ from the source's by ``moved`` in the mean."""
        return np.clip(code.features.astype(np.float32) / 255 * 0.7 + 0.3 * moved, 0, 1).astype(np.float32)

    def mouth_of_sound(self, samples: np.ndarray) -> np.ndarray:
        """The loudness of each frame and its neighbours, as windows of the spectrum see beyond a frame."""
        count = len(samples) // 640
        self.heard.append(count)
        loud = np.abs(samples[: count * 640]).reshape(count, 640).mean(axis=1)
        beside = np.convolve(np.pad(loud, 2, "edge"), np.ones(5) / 5, "valid") if count else loud
        return (beside[:, None] * np.arange(1, 21)).astype(np.float32)

    def smoothed(self, weights: np.ndarray, even_ends: bool) -> np.ndarray:
        padded = np.pad(weights, ((1, 1), (0, 0)), "edge" if even_ends else "constant")
        return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]


class PuppetModel(StandInModel):
    """Draws the crop by the puppet engine, moved by sliders that are a random invertible map of the weights.

    Args:
        unit: slider to about how much of it one unit of a weight moves.
    """

    def __init__(self, unit: dict[str, float], full: bool = False, seed: int = 0) -> None:
        super().__init__(full)
        count = row_length(full)
        turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, count)))
        self.map = turned
        self.units = unit
        self._sessions: dict[bytes, PuppetSession] = {}

    def sliders(self, offset: np.ndarray) -> dict[str, float]:
        """What the puppet's sliders do for an offset of the weights from the source's own."""
        amounts = self.map @ np.asarray(offset, np.float64)
        return {name: float(amount * unit) for amount, (name, unit) in zip(amounts, self.units.items(), strict=False)}

    def picture(self, code: Code, row: np.ndarray, moved: float) -> np.ndarray:
        session = self._session(code.features)
        pose = {name: BY_NAME[name].rest + value for name, value in self.sliders(row - code.code[: len(row)]).items()}
        request = FrameRequest(0, 0, _within(_opposites(pose)))
        ((_, made),) = session.frames([request], Quality.FINAL)
        drawn = made.pixels
        return drawn[..., ::-1].astype(np.float32) / 255

    def _session(self, crop: np.ndarray) -> PuppetSession:
        key = crop.tobytes()
        if key not in self._sessions:
            self._sessions[key] = puppets.open_session([Picture(np.ascontiguousarray(crop[..., ::-1]))])
        return self._sessions[key]


class NotesInMemory:
    """Remembers; cancels when progress is told for the number of times given."""

    def __init__(self, cancel_at: int = -1) -> None:
        self.kept: dict[str, np.ndarray] = {}
        self.told: list[tuple[int, int]] = []
        self.cancel_at = cancel_at

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values.copy()

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))
        if len(self.told) == self.cancel_at:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")


class SoundInMemory(NotesInMemory):
    """A driving sound."""

    def __init__(self, samples: np.ndarray, cancel_at: int = -1) -> None:
        super().__init__(cancel_at)
        self.key = "sound"
        self._samples = samples

    def samples(self, rate_hz: int) -> np.ndarray:
        assert rate_hz == 16000
        return self._samples


def open_session(
    pictures: Sequence[Picture],
    settings: Mapping[str, object] | None = None,
    face: FaceChoice | None = None,
    driving: Driving | None = None,
    model: StandInModel | None = None,
    notes: NotesInMemory | None = None,
) -> EdtalkSession:
    """A session on pictures in memory."""
    made: Any = model or StandInModel()
    checked = EDTALK.settings_from({"model": "full" if made.full else "lip_pose", **(settings or {})})
    calibrator = Calibrator(tracker(), made, "stand-in") if checked["calibrate"] else None
    rig = Rig(calibrator, notes, made.device.kind, made.full)
    parts = Parts(tracker(), made, driving or Driving(), rig, EXECUTOR)
    return EdtalkSession(parts, PictureList(list(pictures)), face or FaceChoice(), checked)


def frames(
    session: EdtalkSession, requests: Sequence[FrameRequest], quality: Quality = Quality.FINAL
) -> dict[int, Picture]:
    """The frames asked for, by index."""
    return dict(session.frames(requests, quality))


def frame(session: EdtalkSession, picture: int = 0, quality: Quality = Quality.FINAL, **pose: float) -> Picture:
    """One frame in a pose."""
    return frames(session, [FrameRequest(0, picture, pose_from(pose))], quality)[0]


def rows_of(weights: Weights) -> np.ndarray:
    """(n, 36 or 26) of weights."""
    return np.concatenate([weights.mouth, weights.pose, weights.expression], axis=1)


def _opposites(pose: dict[str, float]) -> dict[str, float]:
    """Lips that come together and a mouth that narrows are sliders of their own."""
    jaw, wide = pose.get("jaw_open", 0.0), pose.get("mouth_wide", 0.0)
    closing, narrowing = max(-jaw, 0.0) * JAW_GAP / CLOSE_GAP, max(-wide, 0.0) * WIDE / PUCKER
    opposites = {"jaw_open": max(jaw, 0.0), "mouth_close": closing, "mouth_wide": max(wide, 0.0)}
    return {**pose, **opposites, "mouth_pucker": pose.get("mouth_pucker", 0.0) + narrowing}


def _within(pose: dict[str, float]) -> dict[str, float]:
    limited = {name: min(max(v, BY_NAME[name].minimum), BY_NAME[name].maximum) for name, v in pose.items()}
    return pose_from(limited)


def _codes(pictures: np.ndarray) -> np.ndarray:
    assert pictures.shape[1:] == (256, 256, 3) and pictures.dtype == np.uint8
    squares = pictures.reshape(len(pictures), 16, 16, 16, 16, 3).mean(axis=(2, 4, 5)).reshape(len(pictures), 256)
    return np.concatenate([squares, squares[:, ::-1]], axis=1).astype(np.float32) / 100 - 1
