# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films of a portrait with tiny networks: what is drawn, carried over, kept and finished."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from faces import picture, tracker
from puppets import PictureList

pytest.importorskip("diffusers")

import omniavatar_tiny as tiny
from omniavatar_tiny import QUICK, Memo, Sound, request, sections

from inference.engines.engine import Quality
from inference.engines.omniavatar.description import LEAD_FRAMES, OMNIAVATAR
from inference.engines.omniavatar.session import OmniAvatarSession, Parts
from inference.engines.video.hold import silent
from inference.engines.video.opened import OTHER_FORM
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Alpha, Picture
from inference.source import FaceChoice

# So that prompts are encoded once.
TEXTS = Memo()


@pytest.fixture(scope="module")
def networks():
    return tiny.drawing()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    tiny.tiny_sizes(monkeypatch)


def portrait() -> Picture:
    return Picture(picture("astronaut")[::4, ::4].copy())


@pytest.fixture
def opened(networks):
    def make(source=None, sound=None, notes=None, drawing=None, **settings):
        checked = OMNIAVATAR.settings_from({**QUICK, **settings})
        given = drawing or networks
        parts = Parts(tracker(), lambda: (given, ("A file was passed over.",)), sound or Sound(), notes or TEXTS)
        return OmniAvatarSession(parts, PictureList([source or portrait()]), FaceChoice(), checked)

    return make


def test_a_film_of_two_sections(opened):
    session = opened()
    requests = [request(frame) for frame in range(16)]
    left, frames = tiny.draw_all(session, requests)
    # The first has 9 frames before its own 8; the second begins with 5 of them.
    assert [drawn["latents"].shape for drawn in left] == [(16, 5, 4, 4), (16, 4, 4, 4)]
    assert [drawn["latents"].dtype for drawn in left] == [np.float32] * 2
    assert all(drawn["tail"].shape == (5, 3, 32, 32) and drawn["tail"].dtype == np.float16 for drawn in left)
    assert sorted(frames) == list(range(16))
    assert all(frame.pixels.shape == portrait().pixels.shape for frame in frames.values())
    assert len({frame.pixels.tobytes() for frame in frames.values()}) == 16
    assert session.warnings == ["A file was passed over."]


def test_a_film_that_is_gone_on_with(opened):
    requests = [request(frame) for frame in range(16)]
    left, frames = tiny.draw_all(opened(), requests)
    resumed = opened(drawing=tiny.drawing())
    second = sections(16)[1]
    mine = [requests[frame] for frame in second.frames]
    kept = {name: array.copy() for name, array in left[0].items()}
    again = resumed.draw(second, mine, kept, lambda done: None)
    assert all(np.array_equal(again[name], left[1][name]) for name in left[1])
    # Finished later, in another order, from what was kept.
    finished = dict(opened(drawing=tiny.drawing()).finish(second, [mine[-1], mine[6]], left[1], lambda: None))
    assert {index: frame.pixels.tobytes() for index, frame in finished.items()} == {
        index: frames[index].pixels.tobytes() for index in finished
    }


def test_what_each_frame_depends_on(opened):
    (section,) = sections(8)
    requests = [request(frame) for frame in range(8)]

    def latents(session, asked=requests):
        return session.draw(section, asked, None, lambda done: None)["latents"]

    plain = latents(opened())
    assert np.array_equal(plain, latents(opened()))
    silent = [request(frame, spoken=False) for frame in range(8)]
    weak = [request(frame, strength=0.5) for frame in range(8)]
    others = {
        "seed": latents(opened(seed=1)),
        "prompt": latents(opened(prompt="a")),
        "negative": latents(opened(negative="a")),
        "guidance": latents(opened(guidance=5.0)),
        "audio_guidance": latents(opened(audio_guidance=3.0)),
        "silence": latents(opened(), silent),
        "strength": latents(opened(), weak),
        "portrait": latents(opened(Picture(picture("hopper")[::4, ::4].copy()[:128, :128]))),
    }
    assert [name for name, found in others.items() if np.array_equal(found, plain)] == []
    # The first step of any shift begins at noise alone.
    assert not np.array_equal(latents(opened(steps=2)), latents(opened(steps=2, shift=3.0)))
    # With guidance 1 the negative prompt counts for nothing.
    assert np.array_equal(latents(opened(guidance=1.0)), latents(opened(guidance=1.0, negative="a")))


def test_the_first_latents_are_the_portraits(opened):
    session = opened()
    (section,) = sections(8)
    drawn = session.draw(section, [request(frame) for frame in range(8)], None, lambda done: None)
    assert np.array_equal(drawn["latents"][:, :1], session._image)


def test_a_short_section_is_cut(opened):
    session = opened()
    _, last = sections(9)
    assert len(last.frames) == 6
    requests = [request(frame) for frame in range(9)]
    left, frames = tiny.draw_all(session, requests)
    assert left[1]["latents"].shape[1] == 3 and sorted(frames) == list(range(9))


def test_colors_are_taken_to_those_before(opened):
    requests = [request(frame) for frame in range(16)]
    steady, _ = tiny.draw_all(opened(), requests)
    free, _ = tiny.draw_all(opened(steady_colours=False), requests)
    assert np.array_equal(steady[0]["colours"], free[0]["colours"])
    assert np.array_equal(free[1]["colours"], [[1, 1, 1], [0, 0, 0]])
    assert not np.array_equal(steady[1]["colours"], free[1]["colours"])


def test_steps_and_cancel(opened):
    session = opened(steps=3)
    (section,) = sections(8)
    requests = [request(frame) for frame in range(8)]
    told: list[int] = []
    whole = session.draw(section, requests, None, told.append)
    assert session.steps(section) == 3 and sorted(set(told)) == [0, 1, 2, 3]
    # 8 blocks in each of 2 passes of 3 steps, each asked before it is run.
    assert len(told) > 48 and told == sorted(told)

    def stop(done: int) -> None:
        told.append(done)
        if told.count(1) == 4:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    told.clear()
    with pytest.raises(TalkingHeadError) as caught:
        session.draw(section, requests, None, stop)
    assert caught.value.code is ErrorCode.CANCELLED and max(told) == 1
    again = session.draw(section, requests, None, lambda done: None)
    assert np.array_equal(again["latents"], whole["latents"])


def test_a_cancel_is_heard_while_the_network_hears(opened):
    drawing = tiny.drawing()
    session = opened(drawing=drawing)
    (section,) = sections(8)

    def stop(done: int) -> None:
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        session.draw(section, [request(frame) for frame in range(8)], None, stop)
    assert caught.value.code is ErrorCode.CANCELLED
    assert "hearing" in drawing.__dict__ and not {"_model", "_vae"} & set(drawing.__dict__)


def test_without_a_sound(opened, networks):
    parts = Parts(tracker(), lambda: (networks, ()), None, None)
    session = OmniAvatarSession(parts, PictureList([portrait()]), FaceChoice(), OMNIAVATAR.settings_from({**QUICK}))
    (section,) = sections(8)
    with pytest.raises(TalkingHeadError) as caught:
        session.draw(section, [request(frame) for frame in range(8)], None, lambda done: None)
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "sound" in caught.value.message


def test_previews_show_the_portrait_and_load_nothing():
    def none():
        raise AssertionError("networks were loaded")

    checked = OMNIAVATAR.settings_from(QUICK)
    source = portrait()
    session = OmniAvatarSession(Parts(tracker(), none, Sound(), None), PictureList([source]), FaceChoice(), checked)
    shown = dict(session.frames([request(0), request(7)], Quality.PREVIEW))
    assert sorted(shown) == [0, 7] and shown[7].pixels is source.pixels


@pytest.mark.parametrize("kind", ["16 bit", "float", "alpha"])
def test_frames_have_the_portraits_depth(opened, kind):
    pixels = portrait().pixels
    source = {
        "16 bit": lambda: Picture(pixels.astype(np.uint16) * 257),
        "float": lambda: Picture((pixels / np.float32(255)) ** 2),
        "alpha": lambda: Picture(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]), Alpha.STRAIGHT),
    }[kind]()
    session = opened(source)
    (section,) = sections(8)
    requests = [request(frame) for frame in range(8)]
    drawn = session.draw(section, requests, None, lambda done: None)
    ((_, frame),) = session.finish(section, [requests[2]], drawn, lambda: None)
    assert (frame.pixels.shape, frame.pixels.dtype, frame.alpha) == (
        source.pixels.shape,
        source.pixels.dtype,
        source.alpha,
    )
    if kind == "alpha":
        assert (frame.pixels[..., 3] == 255).all()


def test_cut_out(opened):
    session = opened(Picture(picture("astronaut").copy()), cut_out=True)
    (_, frame), *_ = session.frames([request(0)], Quality.PREVIEW)
    assert frame.alpha is Alpha.STRAIGHT and frame.pixels.shape == (512, 512, 4)
    assert 0.2 < (frame.pixels[..., 3] > 128).mean() < 0.9


def test_prompts_are_remembered(opened):
    notes, drawing = Memo(), tiny.drawing()
    (section,) = sections(8)
    requests = [request(frame) for frame in range(8)]
    first = opened(notes=notes, drawing=drawing).draw(section, requests, None, lambda done: None)
    assert len(notes.kept) == 2
    other = tiny.drawing()
    other._encoder = lambda: pytest.fail("the text encoder was read")  # type: ignore[method-assign]
    again = opened(notes=notes, drawing=other).draw(section, requests, None, lambda done: None)
    assert np.array_equal(first["latents"], again["latents"])


def test_rows_of_prompts_belong_to_the_form_of_their_encoder(opened):
    notes = Memo()
    for precision in ("full", "eight", "full"):
        drawing = tiny.drawing(precision=precision)
        drawing.texts(notes, ("a person",))
    exact, rounded = notes.kept.values()
    assert exact.shape == rounded.shape and not np.array_equal(exact, rounded)


def test_going_on_with_networks_in_another_form_is_told(opened):
    (first, second), requests = sections(16), [request(frame) for frame in range(16)]

    def drawn(session, section, before):
        return session.draw(section, [requests[frame] for frame in section.frames], before, lambda done: None)

    half = opened(drawing=tiny.drawing(precision="half"))
    before = drawn(half, first, None)
    drawn(half, second, before)
    assert OTHER_FORM not in half.warnings
    full = opened()
    drawn(full, second, before)
    assert full.warnings == ["A file was passed over.", OTHER_FORM]
    # What an earlier version kept does not tell its form.
    earlier = opened()
    drawn(earlier, second, {name: array for name, array in before.items() if name != "form"})
    assert OTHER_FORM not in earlier.warnings


def test_frames_are_in_step_at_any_rate(opened):
    session = opened(sound=Sound(3.0))
    first, second = sections(20)
    slow = session._audio(second, [request(frame, Fraction(25, 2)) for frame in second.frames], silent)
    quick = session._audio(second, [request(2 * frame) for frame in second.frames], silent)
    assert np.allclose(slow, quick, atol=1e-6)
    before = session._audio(first, [request(frame) for frame in first.frames], silent)
    assert len(before) == 17 and not before[0].any() and before[1:LEAD_FRAMES].any(axis=1).all()


def test_more_frames_than_foreseen_are_told(opened):
    assert opened(size="720").warnings == []
    (sentence,) = opened(size="720", frames_at_once=61).warnings
    assert "57 Frames at Once" in sentence
