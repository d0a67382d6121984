# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small engine whose films are chains, for tests of the worker: its "latents" are three numbers a frame.

As the real ones it draws sections that begin with the last frames of the one before, which it is given decoded, in 16
bit; a changed number of frames in a section changes all of them, and each step is told several times. A PATH setting
is read as real engines do, so that a folder behind it counts. Run as a program it is the worker with this engine.
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
from film_engine import choices, noise, painted

from inference.engines.description import EngineDescription, Setting, SettingKind, Stage, Takes
from inference.engines.engine import Drawn, FrameRequest, Quality
from inference.film import FilmRule, Section
from inference.media.picture import Picture, PictureReader

LENGTH, CARRIED, LEAD, TOLD_A_STEP = 9, 2, 3, 3

DESCRIPTION = EngineDescription(
    name="chain",
    label="Chain",
    version=1,
    summary="For tests",
    licence="GPL-3.0-or-later",
    tier="base",
    module="chain",
    memory_mb=100,
    takes=Takes(prompt=True),
    film=FilmRule(
        "frames_at_once",
        overlap=1,
        overlap_setting="carried",
        chained=True,
        lead=LEAD,
        grid=4,
        full_size_px=256,
        guidance_settings=("guidance",),
    ),
    settings=(
        Setting("seed", SettingKind.WHOLE, 0, "Seed", "For tests", maximum=1000),
        Setting("steps", SettingKind.WHOLE, 2, "Steps", "For tests", minimum=1, maximum=100),
        Setting("guidance", SettingKind.NUMBER, 1.0, "Guidance", "For tests", minimum=1.0, maximum=10.0),
        Setting("frames_at_once", SettingKind.WHOLE, LENGTH, "Frames at Once", "For tests", minimum=5, maximum=100),
        Setting("carried", SettingKind.CHOICE, str(CARRIED), "Carried Over", "For tests", choices("1", "2")),
        Setting("size", SettingKind.CHOICE, "256", "Size", "For tests", choices("256", "128")),
        Setting("pose_pictures", SettingKind.PATH, "", "Poses", "For tests"),
        Setting("lora", SettingKind.PATH, "", "LoRA", "For tests"),
        Setting("rows", SettingKind.WHOLE, 1, "Rows", "For tests", maximum=9, when=(("carried", ("1",)),)),
        Setting("mask_pictures", SettingKind.PATH, "", "Masks", "For tests", when=(("carried", ("1",)),)),
        Setting("shade", SettingKind.NUMBER, 1.0, "Shade", "For tests", afterwards=True),
        Setting("pause_s", SettingKind.NUMBER, 0.0, "Pause", "Seconds between two tellings", maximum=60.0),
        Setting("fail_at", SettingKind.WHOLE, -1, "Fail At", "Section", minimum=-1, maximum=1000, afterwards=True),
        Setting("fault", SettingKind.CHOICE, "", "Fault", "For tests", choices("", "black", "none", "numbers")),
    ),
    stages=(
        Stage("pose", "Pose", "For tests", "pose_pictures"),
        Stage("mask", "Mask", "For tests", "mask_pictures", grey=True),
        Stage("background", "Background", "For tests", "", when=(("carried", ("1",)),)),
    ),
)  # fmt: skip

# What the sessions of this process did: tellings, numbers of drawn sections, decoded and finished frames, and of which
# frames a stage's pictures were asked for at once.
stepped: list[tuple[int, int]] = []
drawn: list[int] = []
decoded: list[int] = []
finished: list[int] = []
staged: list[list[int]] = []


class ChainSession:
    def __init__(self, pictures: PictureReader, needed: Sequence[int], settings: Mapping[str, object]) -> None:
        self.warnings = ["Look at the chain."]
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
        before: Drawn | None,
        told: Callable[[int], None],
    ) -> Drawn:
        assert [request.index for request in requests] == list(section.frames)
        assert (before is not None) == bool(section.before)
        assert {request.picture for request in requests} <= set(self._needed)
        latents = np.stack([noise(int(str(self._settings["seed"])), frame) for frame in section.frames])
        wanted = np.array([request.pose["jaw_open"] for request in requests], np.float32)[:, None]
        for step in range(self.steps(section)):
            for _ in range(TOLD_A_STEP):
                time.sleep(float(str(self._settings["pause_s"])))
                stepped.append((section.number, step))
                told(step)
            if section.number == self._settings["fail_at"] and step:
                raise RuntimeError("the engine broke")
            latents = (0.5 * latents.mean(axis=0) + 0.2 * latents + 0.3 * wanted).astype(np.float32)
            if before is not None:
                # Its colors follow those of the section before, and so those of all before that.
                latents = (0.5 * (latents + before["gain"])).astype(np.float32)
                latents[: section.before] = before["tail"]
            told(step + 1)
        drawn.append(section.number)
        return self._drawn(latents)

    def _drawn(self, latents: np.ndarray) -> dict[str, np.ndarray]:
        fault = self._settings["fault"]
        if fault == "black":
            latents[0, 0] = np.nan
        if fault == "none":
            return {"tail": latents}
        if fault == "numbers":
            return {"latents": latents.tolist()}  # type: ignore[dict-item]
        carried = int(str(self._settings["carried"]))
        return {"latents": latents, "tail": latents[-carried:].astype(np.float16), "gain": latents.mean(axis=0)}

    def finish(
        self, section: Section, requests: Sequence[FrameRequest], drawn: Drawn, told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        for place in range(len(section.frames)):
            decoded.append(section.frames[place])
            told()
        for request in requests:
            assert request.picture in self._needed
            finished.append(request.index)
            latent = drawn["latents"][request.index - section.frames.start]
            shade = float(str(self._settings["shade"]))
            yield request.index, painted(self._pictures.read(request.picture), shade * latent)

    def stage(
        self, name: str, requests: Sequence[FrameRequest], told: Callable[[], None]
    ) -> Iterator[tuple[int, Picture]]:
        staged.append([request.index for request in requests])
        for request in requests:
            told()
            assert request.picture in self._needed
            jaw = request.pose["jaw_open"]
            pixels = np.full((8, 16, 3), round(255 * jaw) if name == "pose" else 255 * (jaw > 0.5), np.uint8)
            yield request.index, Picture(pixels)

    def close(self) -> None:
        pass


class ChainEngine(FakeEngine):
    description = DESCRIPTION
    session = ChainSession


def register() -> None:
    """Make the engine known to this process only."""
    fake_engine.register(ChainEngine)
    forget()


def forget() -> None:
    """Begin to note anew what is done."""
    for done in (stepped, drawn, decoded, finished, staged):
        done.clear()


def unregister() -> None:
    """Take the engine back, so that other tests see the real ones only."""
    fake_engine.unregister(ChainEngine)


if __name__ == "__main__":
    fake_engine.be_worker(ChainEngine)
