# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for HelloMeme's networks where only the path around them is tested: quick, and every input shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import cv2
import numpy as np
import pytest
from faces import picture, tracker
from liveportrait_stand_in import ClipOfPictures
from puppets import PictureList

from inference.controls import POSE_NAMES, pose_from
from inference.engines.engine import DrivingPlace, FrameRequest, Quality
from inference.engines.hellomeme.description import HELLOMEME
from inference.engines.puppet.description import PUPPET
from inference.engines.puppet.session import PuppetSession
from inference.film import Section
from inference.media.picture import Picture
from inference.source import FaceChoice

pytest.importorskip("diffusers", reason="HelloMeme needs diffusers")

from inference.engines.hellomeme.drawing import Prompts
from inference.engines.hellomeme.readings import Readings
from inference.engines.hellomeme.sampling import FilmAsk
from inference.engines.hellomeme.session import HelloMemeSession, Parts

# Where eyes, brows and mouth are in the aligned crop of 224 px: rows, columns, and as how many numbers they are read.
_REGIONS = ((slice(44, 76), slice(56, 168), (2, 3)), (slice(16, 42), slice(56, 168), (5, 6)),
            (slice(96, 160), slice(72, 152), (16, 32)))  # fmt: skip


def emotions(faces: np.ndarray) -> np.ndarray:
    """(n, 548) float32: the brightness of eyes, brows and mouth."""
    assert faces.dtype == np.uint8 and faces.shape[1:] == (224, 224, 3)
    return np.stack([np.concatenate([_brightness(face, *one) for one in _REGIONS]) for face in faces])


def _brightness(face: np.ndarray, rows: slice, columns: slice, cells: tuple[int, int]) -> np.ndarray:
    grey = face[rows, columns].mean(axis=2).astype(np.float32) / 255
    return cv2.resize(grey, cells[::-1], interpolation=cv2.INTER_AREA).ravel()


class StandInHeads:
    """Heads lean to where the crop is bright, and are as far as they look."""

    def of(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert crops.dtype == np.uint8 and crops.shape[1:] == (224, 224, 3)
        places = np.linspace(-1, 1, 224)
        grey = crops.mean(axis=3) / 255
        total = grey.sum(axis=(1, 2))
        lean = np.stack([grey.sum(axis=2) @ places, grey.sum(axis=1) @ places, 0 * total], axis=1) / total[:, None]
        return lean.astype(np.float32), np.tile(np.float32([0, 0, -5.0]), (len(crops), 1))


class StandInDrawing:
    """Draws the reference's latent, moved by all that it is asked.

    Attributes:
        asks: what was asked of it.
        wanted: the words of each prompt.
        encoded: pictures that were encoded.
    """

    readings_version = "stand-in"

    def __init__(self) -> None:
        self.readings = Readings(emotions, StandInHeads())  # type: ignore[arg-type]
        self.asks: list[FilmAsk] = []
        self.wanted: list[tuple[str, str]] = []
        self.encoded: list[np.ndarray] = []

    def prompts(self, words: str, negative: str, notes: object) -> Prompts:
        self.wanted.append((words, negative))
        return Prompts(*(np.full((77, 16), value, np.float32) for value in (len(negative), len(words), 0, 1)))

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        assert pictures.dtype == np.uint8
        self.encoded += list(pictures)
        return np.stack([_latent(one) for one in pictures])

    def decode(self, latents: np.ndarray) -> Iterator[np.ndarray]:
        for latent in latents:
            shown = cv2.resize(latent[:3].transpose(1, 2, 0) / 4 + 0.5, None, fx=8, fy=8)
            yield np.clip(shown, 0, 1).astype(np.float32)

    def draw(self, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
        self.asks.append(ask)
        told(1)
        count = len(ask.conditions)
        noise = ask.noise.base(count) * 0.1 + ask.noise.step(0, 0, count) * 0.1
        drawn = ask.reference_latent[None] + noise.astype(np.float32)
        for place, latent in ask.known.items():
            drawn[place] = latent
        return drawn

    def told_failures(self) -> object:
        from contextlib import nullcontext

        return nullcontext()

    def release(self) -> None:
        pass


def _latent(rgb: np.ndarray) -> np.ndarray:
    side = len(rgb) // 8
    small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.concatenate([(small - 0.5) * 4, small.mean(axis=2, keepdims=True)], axis=2).transpose(2, 0, 1)


class ActingClip(ClipOfPictures):
    """A driving clip in memory whose actor does known things.

    Args:
        poses: of each picture, by which the actor was made.
    """

    def __init__(self, pictures: Sequence[np.ndarray], poses: Sequence[Mapping[str, float]], **options: object) -> None:
        super().__init__(pictures, **options)  # type: ignore[arg-type]
        self._poses = [pose_from(pose) for pose in poses]

    def pose(self, position: float) -> Mapping[str, float]:
        return self._poses[min(max(round(position), 0), len(self._poses) - 1)]


ACTS: tuple[Mapping[str, float], ...] = ({}, {"jaw_open": 0.8}, {"head_x": 0.2}, {"eye_open": 0.0})


@cache
def _acted() -> tuple[np.ndarray, ...]:
    """Another portrait in the poses of ``ACTS``."""
    session = PuppetSession(
        tracker(), PictureList([Picture(picture("hopper"))]), FaceChoice(), PUPPET.settings_from({}), None
    )  # fmt: skip
    requests = [FrameRequest(number, 0, pose_from(pose)) for number, pose in enumerate(ACTS)]
    made = dict(session.frames(requests, Quality.FINAL))
    return tuple(made[number].pixels for number in range(len(ACTS)))


def acting_clip(**options: object) -> ActingClip:
    """A clip of four pictures, without smoothing: see ``ACTS``."""
    return ActingClip(_acted(), ACTS, **{"smoothing": 0.0, **options})


def open_session(
    pictures: Sequence[Picture] = (),
    settings: Mapping[str, object] | None = None,
    clip: ActingClip | None = None,
    drawing: StandInDrawing | None = None,
) -> HelloMemeSession:
    """A session of 256 px on pictures in memory, the astronaut without any."""
    given = list(pictures) or [Picture(picture("astronaut"))]
    checked = HELLOMEME.settings_from({"size": "256", "steps": 2, **(settings or {})})
    made = drawing or StandInDrawing()
    parts = Parts(tracker(), lambda: (made, ()), clip, None, None)  # type: ignore[arg-type,return-value]
    return HelloMemeSession(parts, PictureList(given), FaceChoice(), checked)


def request(index: int = 0, picture: int = 0, driving: DrivingPlace | None = None, **pose: float) -> FrameRequest:
    return FrameRequest(index, picture, pose_from(pose), driving=driving)


def draw(
    session: HelloMemeSession, requests: Sequence[FrameRequest], known: Mapping[int, np.ndarray] | None = None
) -> np.ndarray:
    """Latents of requests that are a section from the film's first frame on."""
    known = known or {}
    section = Section(0, range(len(requests)), sum(frame < len(requests) // 2 for frame in known))
    return session.draw(section, requests, known, lambda done: None)


def asked(requests: Sequence[FrameRequest], **options: object) -> FilmAsk:
    """What is asked of the networks for requests; ``options`` as for ``open_session``."""
    drawing = StandInDrawing()
    draw(open_session(drawing=drawing, **options), requests)  # type: ignore[arg-type]
    return drawing.asks[0]


assert set(HELLOMEME.controls) <= set(POSE_NAMES)
