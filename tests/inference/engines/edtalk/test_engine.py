# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine with whole networks, whose weights are seeded: they draw noise, so only what must hold for any weights
is looked at.
"""

from __future__ import annotations

from dataclasses import replace

import edtalk_weights
import media
import numpy as np
import pytest
from acting_clips import carphone
from edtalk_stand_in import NotesInMemory, SoundInMemory, frames
from faces import picture
from liveportrait_stand_in import ClipOfPictures, place
from puppets import PictureList

from inference.controls import pose_from
from inference.engines.edtalk.engine import EdtalkEngine, create
from inference.engines.edtalk.session import EdtalkSession
from inference.engines.engine import NO_DRIVERS, Drivers, FrameRequest, SpeechPlace
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Picture
from inference.source import FaceChoice
from inference.weights.store import WeightStore

# Without the colours' measure a still costs one decoding less.
QUICK = {"colour_match": False}
REST = pose_from({})


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([edtalk_weights.official_folder() / "ckpts", *media.weight_folders()]))
    yield made
    made.unload()


def opened(engine: EdtalkEngine, drivers: Drivers = NO_DRIVERS, **settings: object) -> EdtalkSession:
    pictures = PictureList([Picture(picture("astronaut"))])
    return engine.open(pictures, [0], FaceChoice(), {**QUICK, **settings}, drivers)


def changed(made: Picture) -> np.ndarray:
    return (made.pixels != picture("astronaut")).any(axis=2)


def test_an_engine_that_was_not_loaded_says_so():
    with pytest.raises(TalkingHeadError) as caught:
        opened(create())
    assert caught.value.code is ErrorCode.INTERNAL


def test_missing_weights_can_be_got():
    bare = create()
    bare.load(media.weights())
    with pytest.raises(TalkingHeadError) as caught:
        opened(bare)
    bare.unload()
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS


def test_rest_is_the_source_and_an_emotion_redraws_the_square(engine):
    session = opened(engine)
    requests = [FrameRequest(0, 0, REST), FrameRequest(1, 0, pose_from({"edtalk_happy": 1.0}))]
    made = frames(session, requests)
    assert np.array_equal(made[0].pixels, picture("astronaut"))
    moved = changed(made[1])
    assert 0.05 < moved.mean() < 0.2 and not moved[:, 350:].any()


def test_sessions_share_the_networks(engine):
    first, second = opened(engine), opened(engine)
    assert first._model is second._model


def test_noise_shows_no_face_so_sliders_rest_and_say_so(engine):
    notes = NotesInMemory()
    session = opened(engine, Drivers(notes=notes))
    made = frames(session, [FrameRequest(0, 0, pose_from({"head_yaw": 8.0}))])[0]
    assert not changed(made).any()
    assert [sentence for sentence in session.warnings if "No face was recognized" in sentence]
    assert len(notes.kept) == 1


def test_clip_and_sound_drive_and_are_kept(engine):
    clip = ClipOfPictures(carphone()[:2], smoothing=0.0)
    sound = SoundInMemory(np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32))
    session = opened(engine, Drivers(acting=clip, sound=sound))
    act, speech = place(1.0), SpeechPlace(0.5, 1.0)
    requests = [
        FrameRequest(0, 0, REST, driving=act),
        FrameRequest(1, 0, REST, driving=act, speech=speech),
        FrameRequest(2, 0, REST, driving=replace(act, mouth=0.0), speech=speech),
    ]
    made = frames(session, requests)
    assert all(changed(one).any() for one in made.values())
    assert not np.array_equal(made[0].pixels, made[1].pixels)
    assert np.array_equal(made[1].pixels, made[2].pixels)
    assert len(clip.kept) == 1 and len(sound.kept) == 1


def test_the_smaller_model_takes_the_head_and_refuses_emotions(engine):
    session = opened(engine, model="lip_pose", calibrate=False)
    poses = [{"edtalk_pose_01": 2.0}, {"edtalk_happy": 1.0}]
    made = frames(session, [FrameRequest(n, 0, pose_from(pose)) for n, pose in enumerate(poses)])
    assert changed(made[0]).any() and not changed(made[1]).any()
    assert [sentence for sentence in session.warnings if "has no expressions" in sentence]
