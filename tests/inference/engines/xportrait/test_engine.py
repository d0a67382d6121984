# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on the real networks with seeded weights: files, a short film, errors, what sessions share."""

from __future__ import annotations

import gc

import media
import numpy as np
import pytest
from faces import picture
from puppets import PictureList
from redraw_stand_in import astronaut, request

pytest.importorskip("diffusers")

import xportrait_weights

from inference.engines.engine import Drivers, Quality
from inference.engines.xportrait.description import XPORTRAIT
from inference.engines.xportrait.engine import XPortraitEngine, create
from inference.errors import ErrorCode, TalkingHeadError
from inference.source import FaceChoice
from inference.weights.store import WeightStore

# A guidance of 1 asks the networks once instead of twice.
QUICK = {"size": "256", "steps": 2, "guidance": 1.0, "frames_at_once": 16, "precision": "full"}


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([xportrait_weights.official_folder(), *media.weight_folders()]))
    yield made
    made.unload()


class Notes:
    """Keeps arrays in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values

    def progress(self, done: int, total: int) -> None:
        pass


def opened(engine: XPortraitEngine, drivers: Drivers | None = None, **settings: object):
    given = {**QUICK, **settings}
    return engine.open(PictureList([astronaut()]), [0], FaceChoice(), given, drivers or Drivers())


def test_an_engine_that_was_not_loaded_says_so():
    with pytest.raises(TalkingHeadError) as caught:
        opened(XPortraitEngine())
    assert caught.value.code is ErrorCode.INTERNAL


def test_what_was_drawn_earlier_is_finished_without_the_networks_that_draw(engine):
    session = opened(engine, memory="layers")
    latents = np.random.default_rng(3).normal(size=(2, 4, 32, 32)).astype(np.float32)
    made = dict(session.finish([request(0), request(1)], latents))
    assert sorted(made) == [0, 1] and made[0].pixels.shape == picture("astronaut").shape
    assert not np.array_equal(made[0].pixels, picture("astronaut"))
    assert not np.array_equal(made[0].pixels, made[1].pixels)
    assert "_model" not in vars(session._networks())


def test_sessions_share_the_networks_until_nobody_needs_them(engine):
    first, second, exact = opened(engine), opened(engine), opened(engine, memory="parts")
    assert first._networks() is second._networks()
    assert exact._networks() is not first._networks()
    del first, second
    gc.collect()
    assert len(engine._shared) == 1


def test_missing_weights_are_told_by_the_first_drawing_and_previews_go_without():
    made = create()
    made.load(media.weights())
    session = opened(made)
    ((_, shown),) = session.frames([request(0)], Quality.PREVIEW)
    assert np.array_equal(shown.pixels, picture("astronaut"))
    (section,) = XPORTRAIT.sections(1, XPORTRAIT.settings_from(QUICK))
    with pytest.raises(TalkingHeadError) as caught:
        session.draw(section, [request(0)], {}, lambda done: None)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    made.unload()


def test_a_missing_package_is_told_when_the_engine_is_imported(monkeypatch):
    from inference.engines.diffusion import packages

    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "diffusers" else object())
    with pytest.raises(ImportError) as caught:
        packages.require_packages()
    assert caught.value.name == "diffusers"
