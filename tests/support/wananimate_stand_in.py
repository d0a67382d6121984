# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for Wan-Animate's networks where only the path around them is tested: quick, and every input shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from faces import picture, tracker
from puppets import PictureList

from inference.controls import pose_from
from inference.engines.diffusion.squares import Framing
from inference.engines.engine import Drawn, DrivingPlace, FrameRequest
from inference.engines.wananimate.description import WANANIMATE
from inference.engines.wananimate.preprocess.body import BODY, FACE, HAND, Body
from inference.film import Section
from inference.media.picture import Picture, PictureReader
from inference.source import FaceChoice

pytest.importorskip("diffusers", reason="Wan-Animate needs diffusers")

from inference.engines.wananimate.preprocess.seeds import Seed
from inference.engines.wananimate.sampling import SegmentAsk
from inference.engines.wananimate.session import Parts, WanAnimateSession

SIZE_PX = 64
# Faces act in small pictures, so that it is quick.
SMALL = Framing(2.0, 256)
# By so much a section that goes on from another one gets darker, -1 to 1.
DRIFT = 0.2


class StandInDrawing:
    """Draws the character, with a little noise, and where the mask says it.

    Attributes:
        asks: what was asked of it.
        wanted: prompts.
        decoded: how often it decoded.
    """

    def __init__(self) -> None:
        self.asks: list[SegmentAsk] = []
        self.wanted: list[Sequence[str]] = []
        self.decoded = 0

    form = "stand-in"

    def prepare(self, load: object) -> None:
        pass

    def texts(self, notes: object, prompts: Sequence[str]) -> list[np.ndarray]:
        self.wanted.append(prompts)
        return [np.full((3, 8), len(prompt), np.float32) for prompt in prompts]

    def draw(self, ask: SegmentAsk, told: Callable[[int], None]) -> np.ndarray:
        self.asks.append(ask)
        for step in range(ask.steps):
            told(step)
            told(step + 1)
        _, height, width = ask.size
        small = cv2.resize(ask.reference, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
        latents = (0.1 * ask.noise[:, 1:]).astype(np.float32)
        latents[:3] += (small / np.float32(127.5) - 1).transpose(2, 0, 1)[:, None] * np.float32(0.7)
        return latents if ask.known is None else (latents - np.float32(DRIFT)).astype(np.float32)

    def decode(self, latents: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        self.decoded += 1
        told()
        frames = [latents[:3, 0], *(latents[:3, t] for t in range(1, latents.shape[1]) for _ in range(4))]
        return np.stack([frame.repeat(8, axis=1).repeat(8, axis=2) for frame in frames], axis=1)


class StandInTracker:
    """Finds a standing body; its wrists are as high as the picture is bright."""

    def __init__(self) -> None:
        self.looked = 0
        self.heads: list[np.ndarray | None] = []

    def body(self, bgr: np.ndarray, head: np.ndarray | None = None) -> Body:
        self.looked += 1
        self.heads.append(head)
        return standing(float(bgr.mean()) / 255)


def standing(bright: float = 0.5, score: float = 1.0) -> Body:
    """A body in the middle of a picture."""
    x, y = 0.1, 0.12
    down = np.array([0, 1, 1, 2, 3, 1, 2, 3, 3.5, 5, 6, 3.5, 5, 6, -0.3, -0.3, -0.1, -0.1, 6.2, 6.2]) * y + 0.2
    right = np.array([0, 0, -1, -1.5, -2, 1, 1.5, 2, -0.6, -0.6, -0.6, 0.6, 0.6, 0.6, -0.2, 0.2, -0.4, 0.4, 0.7, -0.7])
    body = np.column_stack([0.5 + right * x, down, np.full(BODY, score)])
    body[[4, 7], 1] = bright
    spread = np.linspace(0, 0.05, HAND)[:, None]
    left, right_hand = (np.column_stack([np.tile(body[n, :2], (HAND, 1)) + spread, np.ones(HAND)]) for n in (7, 4))
    angles = np.linspace(0, 2 * np.pi, FACE)
    face = np.column_stack([0.5 + 0.06 * np.cos(angles), 0.2 + 0.07 * np.sin(angles), np.ones(FACE)])
    return Body(body, left, right_hand, face)


class StandInMasks:
    """A square around the mean of what belongs, or the mask itself, moved by 2 px a frame.

    Attributes:
        told: what it was told, with how many frames it was shown.
    """

    def __init__(self) -> None:
        self.told: list[tuple[int, list[Seed]]] = []

    def masks(self, frames: Sequence[np.ndarray], seeds: Sequence[Seed], told: Callable[[], None]) -> np.ndarray:
        told()
        self.told.append((len(frames), list(seeds)))
        height, width = frames[0].shape[:2]
        seed = seeds[0]
        if seed.mask is not None:
            first = seed.mask
        else:
            x, y = (seed.points[seed.belong].mean(axis=0) * (width, height)).astype(int)
            first = np.zeros((height, width), bool)
            first[max(y - 8, 0) : y + 8, max(x - 8, 0) : x + 8] = True
        return np.stack([np.roll(first, 2 * (n - seed.frame), axis=1) for n in range(len(frames))])


class StandInHelpers:
    """Gives both."""

    def __init__(self) -> None:
        self.bodies, self.outlines = StandInTracker(), StandInMasks()

    def tracker(self) -> StandInTracker:
        return self.bodies

    def masks(self) -> StandInMasks:
        return self.outlines

    def digest(self, name: str) -> str:
        return name

    def release(self) -> None:
        pass


def reader(*pictures: np.ndarray | Picture) -> PictureList:
    """Of pictures in memory; of the astronaut without."""
    given = pictures or (picture("astronaut"),)
    return PictureList([one if isinstance(one, Picture) else Picture(one) for one in given])


def open_session(
    pictures: PictureReader | None = None,
    clip: Any = None,
    drawing: StandInDrawing | None = None,
    helpers: Any = None,
    notes: Any = None,
    choice: FaceChoice | None = None,
    **settings: object,
) -> WanAnimateSession:
    """A session of 64 px, with the face alone where nothing else is said."""
    checked = WANANIMATE.settings_from({"steps": 2, "tracking": "light", "mask_from": "matte", **settings})
    made = drawing or StandInDrawing()
    parts = Parts(tracker(), lambda: (made, ()), helpers or StandInHelpers(), clip, notes, None, SMALL)  # type: ignore[arg-type,return-value]
    return WanAnimateSession(parts, pictures or reader(), choice or FaceChoice(), {**checked, "size": str(SIZE_PX)})


def request(index: int = 0, picture: int = 0, driving: DrivingPlace | None = None, **pose: float) -> FrameRequest:
    return FrameRequest(index, picture, pose_from(pose), driving=driving)


def film(session: WanAnimateSession, requests: Sequence[FrameRequest], frames_at_once: int = 5) -> list[Drawn]:
    """What each section leaves of a film of these frames."""
    settings: Mapping[str, object] = {**session._settings, "frames_at_once": frames_at_once}
    left: list[Drawn] = []
    for section in sections(settings, len(requests)):
        some = [requests[frame] for frame in section.frames]
        left.append(session.draw(section, some, left[-1] if left else None, lambda done: None))
    return left


def sections(settings: Mapping[str, object], count: int) -> tuple[Section, ...]:
    return WANANIMATE.sections(count, settings)


def asked(requests: Sequence[FrameRequest], **options: Any) -> SegmentAsk:
    """What is asked for the only section of requests."""
    drawing = StandInDrawing()
    session = open_session(drawing=drawing, **options)
    session.draw(Section(0, range(len(requests))), requests, None, lambda done: None)
    return drawing.asks[0]


class WholeClip:
    """A clip in memory that is shown whole."""

    whole = True
    neutral = 0
    neutral_chosen = False

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        self._pictures = pictures
        self.kept: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._pictures)

    def pictures(self, needed: Sequence[int]) -> PictureList:
        return reader(*self._pictures)

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values.copy()
