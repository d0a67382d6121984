# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small engine for tests of the worker: it makes the picture's first rows as bright as the jaw is open.

Settings choose its faults: ``pause_s`` a frame, ``print`` to standard output, ``fail_at`` a frame, ``hog`` the
interpreter. Run as a program it is the worker with this engine registered.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import fake_engine
from fake_engine import FakeEngine

from inference.engines.description import EngineDescription, Setting, SettingKind
from inference.engines.engine import FrameRequest, Quality
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture, PictureReader

DESCRIPTION = EngineDescription(
    name="tint",
    label="Tint",
    version=1,
    summary="For tests",
    licence="GPL-3.0-or-later",
    tier="base",
    module="tint",
    settings=(
        Setting("pause_s", SettingKind.NUMBER, 0.0, "Pause", "Seconds a frame", maximum=60.0),
        Setting("print", SettingKind.SWITCH, False, "Print", "Print to standard output, from Python and below it"),
        Setting("fail_at", SettingKind.WHOLE, -1, "Fail At", "Frame that fails", minimum=-1, maximum=1000000),
        Setting("memory_at", SettingKind.WHOLE, -1, "Memory At", "Frame without memory", minimum=-1, maximum=1000000),
        Setting("no_face", SettingKind.SWITCH, False, "No Face", "Find no face"),
    ),
    neighbours=1,
)


class TintSession:
    def __init__(self, pictures: PictureReader, settings: Mapping[str, object]) -> None:
        self.warnings = ["The face was tinted."]
        self._pictures = pictures
        self._settings = settings

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        for request in requests:
            time.sleep(float(self._settings["pause_s"]))
            if self._settings["print"]:
                print("a library says something")
                os.write(1, b"THW1 and so does a C library\n")
            if request.index == self._settings["fail_at"]:
                raise RuntimeError("the engine broke")
            if request.index == self._settings["memory_at"]:
                raise MemoryError
            yield request.index, tinted(self._pictures.read(request.picture), request.pose["jaw_open"])

    def close(self) -> None:
        pass


def tinted(picture: Picture, amount: float) -> Picture:
    if amount == 0.0:
        return picture
    pixels = picture.pixels.copy()
    full = 1.0 if pixels.dtype.kind == "f" else 2 ** (8 * pixels.itemsize) - 1
    pixels[:4, :, :3] = round(full * amount) if full > 1 else amount
    return Picture(pixels, picture.alpha, picture.half)


class TintEngine(FakeEngine):
    description = DESCRIPTION

    @staticmethod
    def session(pictures: PictureReader, needed: Sequence[int], settings: Mapping[str, object]) -> TintSession:
        if settings["no_face"]:
            raise TalkingHeadError(ErrorCode.NO_FACE, "No face was found.", "Place the points.")
        return TintSession(pictures, settings)


def register() -> None:
    """Make the engine known to this process only."""
    fake_engine.register(TintEngine)


def unregister() -> None:
    """Take the engine back, so that other tests see the real ones only."""
    fake_engine.unregister(TintEngine)


if __name__ == "__main__":
    fake_engine.be_worker(TintEngine)
