# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small engine that draws films, for tests of the worker: its "latents" are three numbers a frame.

Each step mixes every frame with its neighbors in the section, so that a frame depends on all of them; known frames are
pinned as the real engines do. ``finish`` paints the picture's first rows with the numbers, times ``shade``, a setting
that is applied afterwards. Run as a program it is the worker with this engine registered.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import fake_engine
import numpy as np
from fake_engine import FakeEngine

from inference.engines.description import Choice, EngineDescription, Setting, SettingKind, Takes
from inference.engines.engine import FrameRequest, Quality
from inference.film import FilmRule, Section
from inference.media.picture import Picture, PictureReader

LENGTH, OVERLAP = 7, 2


def choices(*values: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, value, "") for value in values)


DESCRIPTION = EngineDescription(
    name="film",
    label="Film",
    version=1,
    summary="For tests",
    licence="GPL-3.0-or-later",
    tier="base",
    module="film",
    memory_mb=100,
    takes=Takes(prompt=True),
    film=FilmRule("frames_at_once", overlap=OVERLAP),
    settings=(
        Setting("seed", SettingKind.WHOLE, 0, "Seed", "For tests", maximum=1000),
        Setting("steps", SettingKind.WHOLE, 3, "Steps", "For tests", minimum=1, maximum=100),
        Setting("frames_at_once", SettingKind.WHOLE, LENGTH, "Frames at Once", "For tests", minimum=5, maximum=100),
        Setting("prompt", SettingKind.TEXT, "", "Prompt", "For tests"),
        Setting("size", SettingKind.CHOICE, "512", "Size", "For tests", choices("512", "256")),
        Setting("shade", SettingKind.NUMBER, 1.0, "Shade", "For tests", afterwards=True),
        Setting("pause_s", SettingKind.NUMBER, 0.0, "Pause", "Seconds a step", maximum=60.0),
        Setting("fail_at", SettingKind.WHOLE, -1, "Fail At", "Section", minimum=-1, maximum=1000, afterwards=True),
        Setting("fault", SettingKind.CHOICE, "", "Fault", "For tests", choices("", "black", "short")),
    ),
)  # fmt: skip

# What the sessions of this process did: steps, numbers of drawn sections, and finished frames.
stepped: list[int] = []
drawn: list[int] = []
finished: list[int] = []


class FilmSession:
    def __init__(self, pictures: PictureReader, needed: Sequence[int], settings: Mapping[str, object]) -> None:
        self.warnings: list[str] = []
        self._pictures = pictures
        self._needed = needed
        self._settings = settings

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        assert quality is Quality.PREVIEW
        for request in requests:
            yield request.index, painted(self._pictures.read(request.picture), np.full(3, request.pose["jaw_open"]))

    def steps(self, section: Section) -> int:
        return int(str(self._settings["steps"]))

    def draw(
        self,
        section: Section,
        requests: Sequence[FrameRequest],
        known: Mapping[int, np.ndarray],
        told: Callable[[int], None],
    ) -> np.ndarray:
        assert [request.index for request in requests] == list(section.frames)
        assert sorted(known) == list(section.known)
        assert {request.picture for request in requests} <= set(self._needed)
        latents = np.stack([noise(int(str(self._settings["seed"])), frame) for frame in section.frames])
        wanted = np.array([request.pose["jaw_open"] for request in requests], np.float32)[:, None]
        for step in range(self.steps(section)):
            time.sleep(float(str(self._settings["pause_s"])))
            if section.number == self._settings["fail_at"] and step:
                raise RuntimeError("the engine broke")
            mean = (np.roll(latents, 1, axis=0) + latents + np.roll(latents, -1, axis=0)) / 3
            latents = (0.5 * mean + 0.5 * wanted).astype(np.float32)
            for frame, latent in known.items():
                latents[frame - section.frames.start] = latent
            stepped.append(section.number)
            told(step + 1)
        drawn.append(section.number)
        if self._settings["fault"] == "black":
            latents[0, 0] = np.nan
        return latents[1:] if self._settings["fault"] == "short" else latents

    def finish(self, requests: Sequence[FrameRequest], latents: np.ndarray) -> Iterator[tuple[int, Picture]]:
        for request, latent in zip(requests, latents, strict=True):
            assert request.picture in self._needed
            finished.append(request.index)
            shade = float(str(self._settings["shade"]))
            yield request.index, painted(self._pictures.read(request.picture), shade * latent)

    def close(self) -> None:
        pass


def noise(seed: int, frame: int) -> np.ndarray:
    """(3,) float32 of a frame of the film."""
    return np.random.default_rng([seed, frame]).random(3, np.float32)


def painted(picture: Picture, numbers: np.ndarray) -> Picture:
    pixels = picture.pixels.copy()
    pixels[:4, :, :3] = np.rint(255 * np.clip(numbers, 0, 1)).astype(np.uint8)
    return Picture(pixels, picture.alpha, picture.half)


class FilmEngine(FakeEngine):
    description = DESCRIPTION
    session = FilmSession


def register() -> None:
    """Make the engine known to this process only."""
    fake_engine.register(FilmEngine)
    forget()


def forget() -> None:
    """Begin to note anew what is done."""
    for done in (stepped, drawn, finished):
        done.clear()


def unregister() -> None:
    """Take the engine back, so that other tests see the real ones only."""
    fake_engine.unregister(FilmEngine)


if __name__ == "__main__":
    fake_engine.be_worker(FilmEngine)
