# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on the real networks with seeded weights: files, modes, errors, what sessions share."""

from __future__ import annotations

import gc

import media
import numpy as np
import pytest
import tpsmm_weights
from puppets import PictureList
from tpsmm_stand_in import Clip, blob, frame, place

from inference.engines.engine import Drivers, Quality
from inference.engines.tpsmm.engine import TpsmmEngine, create
from inference.engines.tpsmm.session import TpsmmSession
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice
from inference.weights.store import WeightStore

WHOLE = {"area": "whole", "precision": "full"}


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([tpsmm_weights.official_folder(), *media.weight_folders()]))
    yield made
    made.unload()


def opened(engine: TpsmmEngine, clip: Clip | None = None, **settings: object) -> TpsmmSession:
    drivers = Drivers(acting=clip)
    return engine.open(PictureList([Picture(blob(0.1))]), [0], FaceChoice(), {**WHOLE, **settings}, drivers)


def clip() -> Clip:
    return Clip([blob(0.0), blob(0.3)], True, smoothing=0.0)


def test_an_engine_that_was_not_loaded_says_so():
    with pytest.raises(TalkingHeadError) as caught:
        opened(TpsmmEngine())
    assert caught.value.code is ErrorCode.INTERNAL


def test_sliders_and_clip_move_the_picture(engine):
    source = Picture(blob(0.1))
    session = opened(engine, clip())
    assert np.array_equal(frame(session).pixels, source.pixels)
    moved, driven = frame(session, tpsmm_move_x=0.3), frame(session, driving=place(1.0))
    for made in (moved, driven):
        assert made.pixels.shape == source.pixels.shape
        assert np.abs(made.pixels.astype(int) - source.pixels).mean() > 0.5
    still = session._sources.of(0, Quality.FINAL).kp
    assert (
        np.abs(session._targets._driven(session._sources.of(0, Quality.FINAL), place(0.0), Quality.FINAL) - still).max()
        == 0
    )


def test_the_modes_differ(engine):
    made = [
        frame(opened(engine, clip(), mode=mode), driving=place(1.0)).pixels for mode in ("relative", "standard", "avd")
    ]
    assert not np.array_equal(made[0], made[1]) and not np.array_equal(made[1], made[2])


def test_the_background_predictor_is_used_when_asked(engine):
    made = [frame(opened(engine, clip(), background=on), driving=place(1.0)).pixels for on in (False, True)]
    assert not np.array_equal(*made)


def test_sessions_share_the_networks_until_nobody_needs_them(engine):
    first, second = opened(engine), opened(engine)
    assert first._model is second._model
    other = opened(engine, model="taichi")
    assert other._model is not first._model
    del first, second
    gc.collect()
    assert len(engine._models) == 1


def test_drawn_animals_have_no_background_predictor(engine):
    made = create()
    made.load(WeightStore([tpsmm_weights.official_folder("mgif"), *media.weight_folders()]))
    session = opened(made, clip(), model="mgif", background=True)
    with pytest.raises(TalkingHeadError) as caught:
        frame(session, driving=place(1.0))
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT and "Follow Camera" in caught.value.hint
    made.unload()


def test_missing_weights_are_told(engine):
    made = create()
    made.load(media.weights())
    with pytest.raises(TalkingHeadError) as caught:
        opened(made)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
