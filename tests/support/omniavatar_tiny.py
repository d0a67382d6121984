# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar for tests: tiny networks on a tiny canvas, and sounds in memory."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import omniavatar_weights

from inference.engines.engine import FrameRequest, SpeechPlace
from inference.engines.omniavatar import portrait, sizes
from inference.engines.omniavatar.description import OMNIAVATAR
from inference.engines.omniavatar.drawing import Drawing
from inference.engines.video.load import Load
from inference.engines.wananimate.files import ModelFiles

TINY = "256"
"""The value of the setting "size" whose sizes ``tiny_sizes`` makes still smaller."""
QUICK = {"size": TINY, "steps": 1, "frames_at_once": 17, "overlap": "5"}


def tiny_sizes(monkeypatch) -> None:
    """Draw 32 x 32 px and alike, so that a section takes less than a second."""
    small = ((16, 32), (32, 32), (32, 16))
    monkeypatch.setitem(sizes.SIZES, TINY, small)
    assert portrait.SIZES[TINY] == small


def files(model: str = "small") -> ModelFiles:
    """The tiny files; their names stand for their digests."""
    paths = omniavatar_weights.official_paths(omniavatar_weights.official_folder(), model)
    return ModelFiles(tuple((part, path, f"{model} {part}") for part, path in paths.items()), None, 0.0, "", False)


def drawing(model: str = "small", precision: str = "full") -> Drawing:
    """The tiny networks."""
    made = Drawing(files(model), precision, "auto")
    made.prepare(Load(17, 32, 32))
    return made


class Sound:
    """Noise that swells and fades, in memory.

    Attributes:
        key: of its length.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.key = f"{seconds}"
        self._seconds = seconds

    def samples(self, rate_hz: int) -> np.ndarray:
        count = round(self._seconds * rate_hz)
        swell = np.abs(np.sin(np.arange(count) * 9 / rate_hz))
        return (np.random.default_rng(3).normal(0, 0.1, count) * swell).astype(np.float32)

    def remembered(self, what: str) -> np.ndarray | None:
        return None

    def remember(self, what: str, values: np.ndarray) -> None:
        pass

    def progress(self, done: int, total: int) -> None:
        pass


class Memo:
    """Notes in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values

    def progress(self, done: int, total: int) -> None:
        pass


def request(frame: int, rate: Fraction = Fraction(25), strength: float = 1.0, spoken: bool = True) -> FrameRequest:
    """A frame of a job whose sound begins with it."""
    return FrameRequest(frame, 0, {}, speech=SpeechPlace(float(frame / rate), strength) if spoken else None)


def sections(count: int, **settings: object):
    """The sections of a film."""
    return OMNIAVATAR.sections(count, OMNIAVATAR.settings_from({**QUICK, **settings}))


def draw_all(session, requests: Sequence[FrameRequest], **settings: object):
    """Draw a film: what was drawn of each section, and all finished frames by their index."""
    before, left, frames = None, [], {}
    for section in sections(len(requests), **settings):
        mine = [requests[frame] for frame in section.frames]
        before = session.draw(section, mine, before, lambda done: None)
        left.append(before)
        frames |= dict(session.finish(section, mine[section.before :], before, lambda: None))
    return left, frames
