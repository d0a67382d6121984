# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine with whole networks, tiny and seeded: they draw noise, so only what must hold for any weights is looked
at.
"""

from __future__ import annotations

from dataclasses import replace

import media
import numpy as np
import pytest
import wan_weights
from edtalk_stand_in import NotesInMemory
from faces import picture
from hellomeme_stand_in import acting_clip
from liveportrait_stand_in import place
from wananimate_stand_in import SMALL, reader, request, sections

from inference.engines.engine import NO_DRIVERS, Drivers
from inference.engines.wananimate.engine import WanAnimateEngine, create
from inference.engines.wananimate.session import WanAnimateSession
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Alpha
from inference.source import FaceChoice
from inference.weights.store import WeightStore

# Smaller than users can choose, so that it is quick.
SIZE = {"size": "64", "frames_at_once": 5}
FILM = [request(n, jaw_open=0.1 * n) for n in range(8)]


@pytest.fixture(scope="module")
def engine():
    made = create()
    made.load(WeightStore([wan_weights.official_folder(), *media.weight_folders()]))
    yield made
    made.unload()


def opened(engine: WanAnimateEngine, drivers: Drivers = NO_DRIVERS, pictures=None, **settings) -> WanAnimateSession:
    given = pictures or reader()
    checked = {"steps": 2, "mask_from": "matte", "precision": "full", **settings}
    session = engine.open(given, [0], FaceChoice(), checked, drivers)
    return WanAnimateSession(replace(session._parts, framing=SMALL), given, FaceChoice(), {**session._settings, **SIZE})


def drawn(session, requests=FILM, left=()):
    """What all sections leave, those in ``left`` being there already."""
    made = list(left)
    for section in sections(session._settings, len(requests))[len(made) :]:
        some = [requests[frame] for frame in section.frames]
        made.append(session.draw(section, some, made[-1] if made else None, lambda done: None))
    return made


@pytest.fixture(scope="module")
def film(engine):
    """A film of two sections, drawn without interruption."""
    return drawn(opened(engine, tracking="light"))


def test_a_film_that_was_interrupted_is_the_same(engine, film):
    kept = [{name: values.copy() for name, values in film[0].items()}]
    again = drawn(opened(engine, tracking="light"), left=kept)
    assert len(again) == len(film) == 2
    assert all(np.array_equal(again[1][name], film[1][name]) for name in film[1])
    assert film[0]["latents"].shape == (16, 2, 8, 8) and np.isfinite(film[1]["latents"]).all()


def test_rows_of_prompts_belong_to_the_form_of_their_encoder(engine):
    notes = NotesInMemory()
    found = [
        opened(engine, precision=precision)._networks().texts(notes, ("a person",))[0]
        for precision in ("full", "eight", "full")
    ]
    assert np.array_equal(found[0], found[2]) and not np.array_equal(found[0], found[1])


def test_frames_are_finished(engine, film):
    session = opened(engine, tracking="light")
    section = sections(session._settings, len(FILM))[1]
    made = dict(session.finish(section, FILM[5:], film[1], lambda: None))
    assert sorted(made) == [5, 6, 7] and made[5].pixels.shape == (512, 512, 3)
    assert not np.array_equal(made[5].pixels, made[7].pixels)


def test_sliders_change_their_section(engine, film):
    keyed = [request(n, jaw_open=0.8 if n == 6 else 0.1 * n) for n in range(8)]
    again = drawn(opened(engine, tracking="light"), keyed, film[:1])
    assert not np.array_equal(again[1]["latents"], film[1]["latents"])


def test_a_clip_with_its_whole_body_acts(engine):
    notes = NotesInMemory()
    drivers = Drivers(acting=acting_clip(), notes=notes)
    session = opened(engine, drivers, carried="5", tracking="full", guidance=2.0)
    requests = [request(n, driving=place(float(n % 4))) for n in range(3)]
    (left,) = drawn(session, requests)
    assert left["tail"].shape == (3, 3, 64, 64) and np.isfinite(left["latents"]).all()
    assert {what.split("/")[0] for what in notes.kept} >= {"umt5-text", "wan-bodies"}


def test_a_shot_is_replaced_with_the_relighting_lora(engine):
    options = {"mode": "replace", "character": str(media.hopper()), "tracking": "light", "mask_columns": 8}
    pictures = reader(picture("astronaut"), np.roll(picture("astronaut"), 20, axis=1))
    requests = [request(n, n) for n in range(2)]
    session = opened(engine, pictures=pictures, cut_out=True, **options)
    (left,) = drawn(session, requests)
    section = sections(session._settings, 2)[0]
    made = dict(session.finish(section, requests, left, lambda: None))
    assert made[1].alpha is Alpha.STRAIGHT and made[1].pixels.shape == (512, 512, 4)
    plain = drawn(opened(engine, pictures=pictures, relight=False, **options), requests)
    assert not np.array_equal(plain[0]["latents"], left["latents"])


def test_a_shots_person_is_followed(engine):
    session = opened(
        engine, pictures=reader(*[picture("astronaut")] * 2), mode="replace", mask_from="sam2", tracking="full"
    )
    masks = dict(session.stage("mask", [request(0, 0), request(1, 1)], lambda: None))
    assert masks[0].pixels.shape == (64, 64, 3) and set(np.unique(masks[0].pixels)) <= {0, 255}


def test_a_cancel_within_a_step_leaves_the_networks_of_use(engine, film):
    session = opened(engine, tracking="light")
    section = sections(session._settings, len(FILM))[0]
    calls = []

    def cancel(done: int) -> None:
        calls.append(done)
        if done == 1 and calls.count(1) > 2:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        session.draw(section, FILM[:5], None, cancel)
    assert caught.value.code is ErrorCode.CANCELLED
    again = session.draw(section, FILM[:5], None, lambda done: None)
    assert np.array_equal(again["latents"], film[0]["latents"])


def test_models_that_are_not_there_are_told(tmp_path):
    made = create()
    made.load(WeightStore([tmp_path, *media.weight_folders()]))
    session = opened(made, tracking="light")
    with pytest.raises(TalkingHeadError) as caught:
        drawn(session, FILM[:1])
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS
    with pytest.raises(TalkingHeadError) as caught:
        list(opened(made, tracking="full").stage("pose", FILM[:1], lambda: None))
    assert "Head and Shoulders" in caught.value.hint and caught.value.action is Action.GET_MODELS
    with pytest.raises(TalkingHeadError) as caught:
        list(opened(made, mode="replace", mask_from="sam2", tracking="light").stage("mask", FILM[:1], lambda: None))
    assert "Person Matte" in caught.value.hint
    made.unload()
