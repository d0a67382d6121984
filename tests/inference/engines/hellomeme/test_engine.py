# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine with whole networks, tiny and seeded: they draw noise, so only what must hold for any weights is looked
at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import hellomeme_weights
import media
import numpy as np
import pytest
import sd15_weights
from edtalk_stand_in import NotesInMemory
from faces import picture
from hellomeme_stand_in import acting_clip, request
from liveportrait_stand_in import place
from puppets import PictureList

from inference.engines.engine import NO_DRIVERS, Drivers, FrameRequest, Quality
from inference.engines.hellomeme.engine import HelloMemeEngine, create
from inference.engines.hellomeme.session import HelloMemeSession
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.film import Section
from inference.media.picture import Picture
from inference.source import FaceChoice
from inference.weights.store import WeightStore

# Smaller than users can choose, so that it is quick.
SIZE = {"size": "128"}
# A bridge begins with two known frames.
FILM = [request(0), request(1, jaw_open=0.5), request(2, head_yaw=10.0)]


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([hellomeme_weights.official_folder(), *media.weight_folders()]))
    yield made
    made.unload()


def opened(engine: HelloMemeEngine, drivers: Drivers = NO_DRIVERS, **settings: object) -> HelloMemeSession:
    pictures = PictureList([Picture(picture("astronaut"))])
    session = engine.open(pictures, [0], FaceChoice(), {"steps": 2, **settings}, drivers)
    return HelloMemeSession(session._parts, pictures, FaceChoice(), {**session._settings, **SIZE})


def drawn(session: HelloMemeSession, requests: Sequence[FrameRequest] = FILM[:1]) -> np.ndarray:
    return session.draw(Section(0, range(len(requests))), requests, {}, lambda _: None)


@pytest.fixture(scope="module")
def film(engine) -> np.ndarray:
    return drawn(opened(engine), FILM)


@pytest.fixture(scope="module")
def plain(engine) -> np.ndarray:
    """The film's first frame alone."""
    return drawn(opened(engine))


def test_an_engine_that_was_not_loaded_says_so():
    with pytest.raises(TalkingHeadError) as caught:
        opened(create())
    assert caught.value.code is ErrorCode.INTERNAL


def test_a_preview_needs_no_weights_and_missing_ones_can_be_got():
    bare = create()
    bare.load(media.weights())
    session = opened(bare, Drivers(acting=acting_clip()))
    ((_, shown),) = session.frames([request(0, driving=place(1.0))], Quality.PREVIEW)
    assert (shown.pixels != picture("astronaut")).any()
    with pytest.raises(TalkingHeadError) as caught:
        drawn(session)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS
    bare.unload()


def test_frames_of_a_film(engine, film):
    session = opened(engine)
    assert film.shape == (3, 4, 16, 16) and film.dtype == np.float32
    made = dict(session.finish(FILM, film))
    assert list(made) == [0, 1, 2]
    for frame in made.values():
        changed = (frame.pixels != picture("astronaut")).any(axis=2)
        assert frame.pixels.dtype == np.uint8 and changed[100:200, 150:280].mean() > 0.9 and not changed[300:].any()


def test_the_same_film_has_the_same_bits(engine, film):
    assert np.array_equal(drawn(opened(engine), FILM), film)


def test_known_frames_are_kept_and_others_fit_to_them(engine, film):
    section = Section(1, range(3), before=2, needs=(0,))
    known = {0: film[0], 1: film[1] + 1}
    bridge = opened(engine).draw(section, FILM, known, lambda _: None)
    assert np.array_equal(bridge[0], known[0]) and np.array_equal(bridge[1], known[1])
    assert not np.array_equal(bridge[2], film[2])


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": 1},
        {"prompt": "a clown"},
        {"negative": "a mask"},
        {"guidance": 4.0},
        {"strength": 0.5},
        {"model": "v5b"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_change_the_drawing(engine, plain, settings):
    session = opened(engine, **settings)
    assert not np.array_equal(drawn(session), plain)
    assert session.steps(Section(0, range(1))) == (1 if "strength" in settings else 2)


def test_performances_change_the_drawing(engine, plain):
    assert not np.array_equal(drawn(opened(engine), [request(0, jaw_open=0.8)]), plain)
    clip = Drivers(acting=acting_clip())
    first, second = (drawn(opened(engine, clip), [request(0, driving=place(at))]) for at in (0.0, 1.0))
    assert not np.array_equal(first, second)


@pytest.fixture(scope="module")
def style() -> Path:
    return sd15_weights.single_path(sd15_weights.single_folder(), sd15_weights.STYLE)


def test_a_checkpoint_draws_or_does_everything(engine, plain, style):
    one, everything = (
        drawn(opened(engine, checkpoint=str(style), checkpoint_use=use)) for use in ("drawing", "all")
    )  # fmt: skip
    assert not np.array_equal(one, plain) and not np.array_equal(one, everything)


def test_a_checkpoint_that_is_not_there_is_told(engine):
    with pytest.raises(TalkingHeadError) as caught:
        drawn(opened(engine, checkpoint="nowhere/comic.safetensors"))
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and "comic.safetensors" in str(caught.value)


@pytest.fixture
def lora(tmp_path) -> Path:
    """A LoRA of one matrix of the U-Net, and one of the text encoder, with the names of kohya's trainers."""
    names = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj": (16, 16),
    }
    numbers = np.random.default_rng(2)
    state = {}
    for name, (rows, columns) in names.items():
        state[f"{name}.lora_up.weight"] = numbers.normal(0, 1, (rows, 2)).astype(np.float32)
        state[f"{name}.lora_down.weight"] = numbers.normal(0, 1, (2, columns)).astype(np.float32)
        state[f"{name}.alpha"] = np.float32(2.0)
    return sd15_weights.write_tensors(tmp_path / "style.safetensors", state)


def test_a_lora_changes_the_drawing_by_its_strength(engine, plain, lora):
    none, some = (drawn(opened(engine, lora=str(lora), lora_strength=strength)) for strength in (0.0, 1.0))
    assert np.array_equal(none, plain) and not np.array_equal(some, plain)


def test_networks_and_prompts_are_read_once(engine):
    notes = NotesInMemory()
    first, second = (opened(engine, Drivers(notes=notes), prompt="a queen") for _ in range(2))
    drawn(first)
    kept = dict(notes.kept)
    assert len(kept) == 2
    drawn(second)
    assert first._drawing is second._drawing and notes.kept.keys() == kept.keys()
