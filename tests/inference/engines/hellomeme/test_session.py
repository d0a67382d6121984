# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films of still and moving sources: what the networks are asked, what becomes of it. The networks are stand-ins."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture
from hellomeme_stand_in import StandInDrawing, acting_clip, asked, draw, open_session, request
from liveportrait_stand_in import place

from inference.engines.engine import DrivingPlace, Quality
from inference.engines.hellomeme.readings import BROWS, EYES, MOUTH
from inference.errors import ErrorCode, TalkingHeadError
from inference.film import Section
from inference.media.picture import Alpha, Picture


def middle(condition: np.ndarray) -> np.ndarray:
    """(2,) x and y of the middle of a head's picture, in parts of its side."""
    y, x = np.nonzero(condition.any(axis=2))
    return np.array([x.mean(), y.mean()]) / len(condition)


def size(condition: np.ndarray) -> float:
    """Width of the head's square in px."""
    return float(np.ptp(np.nonzero(condition.any(axis=2))[1]))


def changes(emotions: np.ndarray) -> dict[str, float]:
    """How much each region of the second frame differs from the first one's, a number on average."""
    return {
        name: float(np.abs(emotions[1, part] - emotions[0, part]).mean())
        for name, part in (("eyes", EYES), ("brows", BROWS), ("mouth", MOUTH))
    }


def test_keyed_sliders_change_their_region():
    jaw = changes(asked([request(0), request(1, jaw_open=0.8)]).emotions)
    assert jaw["mouth"] > 0.02 and jaw["mouth"] > 4 * max(jaw["eyes"], jaw["brows"])
    lids = changes(asked([request(0), request(1, eye_open=0.0)]).emotions)
    assert lids["eyes"] > 0.02 and lids["eyes"] > 1.5 * lids["mouth"]


def test_keyed_sliders_move_the_head():
    poses = ({}, {"head_x": 0.2}, {"head_y": 0.2}, {"head_scale": 1.2}, {"head_yaw": 15.0})
    conditions = asked([request(number, **pose) for number, pose in enumerate(poses)]).conditions
    rest, right, up, near, turned = conditions
    assert conditions.shape == (5, 256, 256, 3) and conditions.dtype == np.uint8
    assert (middle(right) - middle(rest))[0] == pytest.approx(0.07, abs=0.03)
    assert (middle(up) - middle(rest))[1] == pytest.approx(-0.07, abs=0.03)
    assert size(near) > 1.1 * size(rest)
    assert (turned != rest).any()


def test_an_acting_clip_is_followed():
    clip = acting_clip()
    plain = asked([request(0, driving=place(0.0)), request(1, driving=place(1.0))], clip=clip)
    still = asked([request(0), request(1)], clip=clip)
    jaw = changes(plain.emotions)
    assert jaw["mouth"] > 0.02 and jaw["mouth"] > 4 * jaw["brows"]
    assert not np.allclose(plain.emotions[0], still.emotions[0])
    moved = asked([request(0, driving=place(0.0)), request(1, driving=place(2.0))], clip=clip).conditions
    assert (middle(moved[1]) - middle(moved[0]))[0] == pytest.approx(0.07, abs=0.03)


@pytest.mark.parametrize("region", ["eyes", "brows", "mouth", "head"])
def test_strengths_keep_and_release_regions(region):
    clip = acting_clip()
    strengths = {"head": 0.0, "eyes": 0.0, "brows": 0.0, "mouth": 0.0, region: 1.0}
    kept = asked([request(0), request(1, driving=DrivingPlace(1.0, **strengths))], clip=clip)
    followed = asked([request(0, driving=place(1.0))], clip=clip)
    for name, part in (("eyes", EYES), ("brows", BROWS), ("mouth", MOUTH)):
        wanted = followed.emotions[0] if name == region else kept.emotions[0]
        assert np.allclose(kept.emotions[1, part], wanted[part], atol=1e-6)
    wanted = followed.conditions[0] if region == "head" else kept.conditions[0]
    assert np.array_equal(kept.conditions[1], wanted)


def test_sliders_come_on_top_of_the_clip():
    driven = asked([request(0, driving=place(2.0)), request(1, driving=place(2.0), jaw_open=0.8)], clip=acting_clip())
    assert changes(driven.emotions)["mouth"] > 0.02


def test_frames_without_a_face_in_the_clip_hold_the_pose():
    clip = acting_clip(lost=(3,))
    emotions = asked([request(0, driving=place(2.0)), request(1, driving=place(3.0))], clip=clip).emotions
    assert np.allclose(emotions[0], emotions[1])
    session = open_session(clip=clip)
    assert any("lost in 1 picture" in warning for warning in session.warnings)


def test_frames_without_a_face_in_the_source_hold_the_pose_and_are_passed_through():
    blank = np.full((144, 176, 3), 90, np.uint8)
    sources = [Picture(carphone()[0]), Picture(blank), Picture(carphone()[1])]
    drawing = StandInDrawing()
    session = open_session(sources, drawing=drawing)
    requests = [request(number, number) for number in range(3)]
    made = dict(session.finish(requests, draw(session, requests)))
    emotions = drawing.asks[0].emotions
    assert np.array_equal(emotions[0], emotions[1]) and not np.array_equal(emotions[1], emotions[2])
    assert np.array_equal(made[1].pixels, blank) and not np.array_equal(made[0].pixels, sources[0].pixels)
    assert any("face was lost in picture 2" in warning for warning in session.warnings)


@pytest.mark.parametrize(("movement", "way"), [(0.0, 0.0), (0.5, 0.035), (1.0, 0.07)])
def test_movement(movement, way):
    clip = acting_clip()
    requests = [request(0, driving=place(0.0)), request(1, driving=place(2.0))]
    conditions = asked(requests, settings={"movement": movement}, clip=clip).conditions
    assert (middle(conditions[1]) - middle(conditions[0]))[0] == pytest.approx(way, abs=0.02)


def test_a_moving_source_is_drawn_around_its_own_face():
    sources = [Picture(pixels) for pixels in carphone()[:12:4]]
    drawing = StandInDrawing()
    session = open_session(sources, drawing=drawing)
    requests = [request(number, number) for number in range(3)]
    latents = draw(session, requests)
    made = dict(session.finish(requests, latents))
    assert len({emotions.tobytes() for emotions in drawing.asks[0].emotions}) == 3
    # The portrait is that of the picture on which the face was chosen, for all frames.
    assert len(drawing.encoded) == 1
    assert all(made[number].pixels.shape == (144, 176, 3) for number in range(3))


def test_less_than_all_of_a_redraw_starts_from_the_performance():
    requests = [request(0), request(1, jaw_open=0.8)]
    whole = asked(requests)
    assert whole.start is None and whole.strength == 1
    part = asked(requests, settings={"strength": 0.5})
    assert part.strength == 0.5 and part.start is not None and part.start.shape == (2, 4, 32, 32)
    assert np.array_equal(part.start[0], part.reference_latent)
    changed = np.abs(part.start[1] - part.start[0]).max(axis=0)
    assert changed[18:].max() > 0.2 and changed[:10].max() < 0.05


def test_what_the_actor_does_is_performed_for_the_start():
    clip = acting_clip()
    settings = {"strength": 0.5}
    acted = asked([request(0, driving=place(1.0))], settings=settings, clip=clip)
    keyed = asked([request(0, jaw_open=0.8)], settings=settings)
    assert acted.start is not None and keyed.start is not None
    assert np.allclose(acted.start, keyed.start)


def test_words_numbers_and_seed_reach_the_networks():
    settings = {"prompt": "a clown", "negative": "a mask", "steps": 7, "guidance": 3.0, "seed": 5}
    drawing = StandInDrawing()
    draw(open_session(settings=settings, drawing=drawing), [request(0)])
    ask = drawing.asks[0]
    assert drawing.wanted == [("a clown", "a mask")]
    assert ask.negative[0, 0] == len("a mask") and ask.positive[0, 0] == len("a clown")
    assert (ask.steps, ask.guidance) == (7, 3.0)
    assert not np.array_equal(ask.noise.base(1), asked([request(0)]).noise.base(1))


def test_noise_belongs_to_the_films_frames():
    drawing = StandInDrawing()
    session = open_session(drawing=drawing)
    for section in (Section(0, range(0, 4)), Section(1, range(2, 5), before=2, needs=(0,))):
        frames = [request(frame) for frame in section.frames]
        session.draw(
            section, frames, {frame: np.zeros((4, 32, 32), np.float32) for frame in section.known}, lambda _: None
        )
    first, second = (ask.noise for ask in drawing.asks)
    assert np.array_equal(first.base(4)[2:], second.base(2))
    assert np.array_equal(first.step(1, 3, 4)[2:], second.step(1, 3, 2))
    assert not np.array_equal(first.step(1, 3, 1), first.step(1, 2, 1))
    assert not np.array_equal(first.step(1, 3, 1), first.step(0, 3, 1))


def test_known_frames_of_a_bridge_are_given_by_their_place():
    drawing = StandInDrawing()
    section = Section(1, range(4, 9), before=2, after=1, needs=(0, 2))
    known = {frame: np.full((4, 32, 32), frame, np.float32) for frame in (4, 5, 8)}
    latents = open_session(drawing=drawing).draw(
        section, [request(frame) for frame in section.frames], known, lambda _: None
    )
    assert {at: float(latent.mean()) for at, latent in drawing.asks[0].known.items()} == {0: 4, 1: 5, 4: 8}
    assert latents[[0, 1, 4], 0, 0, 0].tolist() == [4, 5, 8]


def test_the_same_film_is_drawn_the_same_in_another_session():
    requests = [request(0), request(1, jaw_open=0.5)]
    first = draw(open_session(), requests)
    session = open_session()
    draw(session, [request(0, head_yaw=10.0), *requests])
    assert np.array_equal(draw(session, requests), first)


def test_portrait_and_prompt_are_read_once():
    drawing = StandInDrawing()
    session = open_session(drawing=drawing)
    for _ in range(2):
        draw(session, [request(0)])
    assert len(drawing.wanted) == len(drawing.encoded) == 1
    session.close()
    assert session._drawing is None


def test_steps_are_told_and_a_cancel_is_heard_while_faces_are_read():
    told: list[int] = []
    drawing = StandInDrawing()
    session = open_session(drawing=drawing)
    session.draw(Section(0, range(2)), [request(0), request(1)], {}, told.append)
    assert told[-1] == 1 and set(told[:-1]) == {0} and len(told) > 2
    assert session.steps(Section(0, range(12))) == 2
    assert session.steps(Section(0, range(23))) == 2 * (1 + 2)

    def cancel(done: int) -> None:
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError):
        session.draw(Section(0, range(2)), [request(0), request(1)], {}, cancel)
    assert len(drawing.asks) == 1


def finished(source: Picture, **settings: object) -> Picture:
    session = open_session([source], settings)
    ((_, made),) = session.finish([request(0)], draw(session, [request(0)]))
    return made


def test_only_the_square_changes():
    source = picture("astronaut")
    made = finished(Picture(source)).pixels
    rows, columns = (np.flatnonzero((made != source).any(axis=2).any(axis=axis)) for axis in (1, 0))
    assert 200 < np.ptp(rows) < 300 and 200 < np.ptp(columns) < 300
    smaller = finished(Picture(source), crop_scale=2.0).pixels
    assert np.ptp(np.flatnonzero((smaller != source).any(axis=2).any(axis=0))) < 0.75 * np.ptp(columns)


def test_pictures_of_16_bit_with_alpha_stay_what_they_are():
    alpha = np.full((512, 512, 1), 65535, np.uint16)
    alpha[:40] = 0
    pixels = np.concatenate([picture("astronaut").astype(np.uint16) * 257, alpha], axis=2)
    made = finished(Picture(pixels, Alpha.STRAIGHT))
    assert made.pixels.dtype == np.uint16 and made.alpha is Alpha.STRAIGHT
    assert np.array_equal(made.pixels[..., 3:], alpha)
    inside = made.pixels[100:200, 180:280, :3]
    assert (inside != pixels[100:200, 180:280, :3]).any() and (inside % 257 != 0).any()


def test_the_person_is_cut_out():
    made = finished(Picture(picture("astronaut")), cut_out=True)
    assert made.alpha is not Alpha.NONE
    assert made.pixels[150, 225, 3] == 255 and made.pixels[20, 480, 3] == 0


def test_a_preview_shows_the_performance_and_asks_no_network():
    drawing = StandInDrawing()
    session = open_session(clip=acting_clip(), drawing=drawing)
    source = picture("astronaut")
    ((_, rest),) = session.frames([request(0)], Quality.PREVIEW)
    assert np.array_equal(rest.pixels, source)
    ((_, keyed),) = session.frames([request(0, jaw_open=0.8)], Quality.PREVIEW)
    ((_, acted),) = session.frames([request(0, driving=place(1.0))], Quality.PREVIEW)
    assert np.array_equal(keyed.pixels, acted.pixels) and not np.array_equal(keyed.pixels, source)
    assert not drawing.encoded and not drawing.asks and session._drawing is None


def test_a_picture_without_a_face_is_refused():
    with pytest.raises(TalkingHeadError) as caught:
        open_session([Picture(np.full((64, 64, 3), 80, np.uint8))])
    assert caught.value.code is ErrorCode.NO_FACE


def test_a_small_face_is_told():
    small = cv2.resize(picture("astronaut"), (256, 256), interpolation=cv2.INTER_AREA)
    assert any("px large" in warning for warning in open_session([Picture(small)]).warnings)
