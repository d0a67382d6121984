# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films of pictures: what Wan-Animate's networks are shown, what becomes of it. The networks are stand-ins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from faces import picture
from hellomeme_stand_in import acting_clip
from liveportrait_stand_in import place
from wananimate_stand_in import (
    DRIFT,
    SIZE_PX,
    StandInDrawing,
    StandInHelpers,
    WholeClip,
    asked,
    film,
    open_session,
    reader,
    request,
    standing,
)  # fmt: skip

from inference.engines.engine import Quality
from inference.engines.wananimate.preprocess.body import HAND
from inference.errors import ErrorCode, TalkingHeadError
from inference.film import Section
from inference.media.picture import Alpha, Picture


def middle(skeleton: np.ndarray, *rows: int) -> np.ndarray:
    """(2,) x, y of the middle of what is drawn between two rows."""
    y, x = np.nonzero(skeleton[slice(*(rows or (None,)))].any(axis=2))
    return np.array([x.mean(), y.mean() + (rows[0] if rows else 0)])


def test_sliders_are_performed_on_the_face():
    faces = asked([request(0), request(1, jaw_open=0.8), request(2, eye_open=0.0)]).faces
    assert faces.shape == (5, 512, 512, 3) and faces.dtype == np.uint8
    jaw, lids = (np.abs(faces[n].astype(int) - faces[0]).mean(axis=2) for n in (1, 2))
    assert jaw[300:].mean() > 5
    assert lids[100:200].mean() > 2 * lids[350:].mean()


def test_sliders_move_the_head_of_the_skeleton_and_leave_the_shoulders():
    poses = asked([request(0), request(1, head_x=0.3)]).pose
    assert poses.shape == (5, SIZE_PX, SIZE_PX, 3)
    rest, moved = poses[0], poses[1]
    assert middle(moved, 0, 22)[0] > middle(rest, 0, 22)[0] + 1
    assert abs(middle(moved, 27, 30)[0] - middle(rest, 27, 30)[0]) < 0.5


def test_sliders_move_the_head_of_a_body_that_was_found():
    helpers = StandInHelpers()
    poses = asked([request(0), request(1, head_x=0.3)], helpers=helpers, tracking="full").pose
    changed = (poses[0] != poses[1]).any(axis=2)
    assert changed[:22].any() and not changed[24:].any()
    assert helpers.bodies.looked == 1
    # It is looked for where the chosen face is.
    (head,) = helpers.bodies.heads
    assert head == pytest.approx((225, 115), abs=40)


def test_a_clip_acts():
    clip = acting_clip()
    acted = asked([request(0, driving=place(0.0)), request(1, driving=place(1.0))], clip=clip)
    own = asked([request(0)])
    opened = np.abs(acted.faces[1].astype(int) - acted.faces[0]).mean(axis=2)
    assert opened[300:].mean() > 5
    # It is the clip's face, and the character's body.
    assert np.abs(acted.faces[0].astype(int) - own.faces[0]).mean() > 20
    assert np.array_equal(acted.reference, own.reference)
    assert np.abs(middle(acted.pose[0]) - middle(own.pose[0])).max() < 3


def test_without_fitting_actors_stay_where_they_are():
    clip = acting_clip()
    fitted, free = (
        asked([request(0, driving=place(0.0))], clip=clip, retarget=retarget).pose[0] for retarget in (True, False)
    )
    own = asked([request(0)]).pose[0]
    away = [np.abs(middle(one) - middle(own)).max() for one in (fitted, free)]
    assert away[1] > away[0] + 1


def test_strengths_release_the_face():
    clip = acting_clip()
    opened, released = (
        asked([request(0, driving=place(1.0, strength))], clip=clip).faces[0].astype(int) for strength in (1.0, 0.0)
    )
    closed = asked([request(0, driving=place(0.0))], clip=clip).faces[0].astype(int)
    assert np.abs(released - closed)[300:].mean() < 0.8 * np.abs(opened - closed)[300:].mean()


def test_a_moving_source_without_a_clip_acts_itself():
    shifted = np.roll(picture("astronaut"), 60, axis=1)
    ask = asked([request(0, 0), request(1, 1)], pictures=reader(picture("astronaut"), shifted))
    assert middle(ask.pose[1])[0] > middle(ask.pose[0])[0] + 4


def test_pictures_without_a_face_hold_the_pose():
    blank = np.full((512, 512, 3), 90, np.uint8)
    pictures = reader(picture("astronaut"), blank)
    ask = asked([request(0, 0), request(1, 1)], pictures=pictures)
    assert np.array_equal(ask.pose[0], ask.pose[1]) and np.array_equal(ask.faces[0], ask.faces[1])


def test_bodies_need_no_face():
    blank = np.full((512, 512, 3), 128, np.uint8)
    clip = [np.full((256, 128, 3), value, np.uint8) for value in (60, 200)]
    helpers = StandInHelpers()
    ask = asked(
        [request(0, driving=place(0.0)), request(1, driving=place(1.0))],
        pictures=reader(blank), clip=WholeClip(clip), helpers=helpers, faces="body", tracking="full",
    )  # fmt: skip
    assert not np.array_equal(ask.pose[0], ask.pose[1])
    assert ask.faces[0].mean() == pytest.approx(60, abs=1) and ask.faces[1].mean() == pytest.approx(200, abs=1)
    # Two pictures of the clip, and the character.
    assert helpers.bodies.looked == 3


def test_bodies_are_looked_for_once():
    clip = WholeClip([np.full((64, 64, 3), value, np.uint8) for value in (60, 200)])
    options = {"pictures": reader(np.full((64, 64, 3), 9, np.uint8)), "clip": clip, "faces": "body", "tracking": "full"}
    requests = [request(n, driving=place(float(n))) for n in range(2)]
    first = asked(requests, helpers=StandInHelpers(), **options)
    helpers = StandInHelpers()
    again = asked(requests, helpers=helpers, **options)
    assert np.array_equal(first.pose, again.pose)
    # The character's body is not the clip's to remember.
    assert helpers.bodies.looked == 1


def test_what_is_not_found_keeps_the_pose_before(monkeypatch):
    def body(self, bgr, head=None):
        found = replace(standing(0.5), left=np.zeros((HAND, 3)), right=np.zeros((HAND, 3)))
        return found if bgr.mean() < 100 else found.moved(0.0, -1.0)

    monkeypatch.setattr("wananimate_stand_in.StandInTracker.body", body)
    clip = WholeClip([np.full((64, 64, 3), value, np.uint8) for value in (60, 200)])
    ask = asked(
        [request(n, driving=place(float(n))) for n in range(2)],
        pictures=reader(np.full((64, 64, 3), 9, np.uint8)), clip=clip, faces="body", tracking="full",
    )  # fmt: skip
    assert ask.pose[0].any() and np.array_equal(ask.pose[0], ask.pose[1])


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(TalkingHeadError) as caught:
        open_session(faces="body", tracking="light")
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "Whole Body" in caught.value.hint
    with pytest.raises(TalkingHeadError) as caught:
        open_session(reader(np.full((64, 64, 3), 80, np.uint8)))
    assert caught.value.code is ErrorCode.NO_FACE


def test_short_films_are_filled_up_and_cut():
    requests = [request(0), request(1, jaw_open=0.4), request(2, jaw_open=0.8)]
    ask = asked(requests)
    assert ask.size[0] == 5 and ask.noise.shape == (16, 3, 8, 8)
    assert [np.array_equal(ask.faces[n], ask.faces[other]) for n, other in ((3, 1), (4, 0))] == [True, True]
    single = asked(requests[1:2])
    assert single.size[0] == 5 and all(np.array_equal(face, single.faces[0]) for face in single.faces)
    session = open_session()
    (left,) = film(session, requests)
    assert [index for index, _ in session.finish(Section(0, range(3)), requests, left, lambda: None)] == [0, 1, 2]


@pytest.mark.parametrize(("carried", "length"), [("1", 5), ("5", 9)])
def test_sections_go_on_from_the_last_frames(carried, length):
    drawing = StandInDrawing()
    session = open_session(drawing=drawing, carried=carried, steady_colours=False)
    count = int(carried)
    left = film(session, [request(n) for n in range(length + 3)], length)
    assert len(left) == len(drawing.asks) == 2
    assert drawing.asks[0].known is None and drawing.asks[1].known is not None
    assert drawing.asks[1].known.shape == (count, 3, SIZE_PX, SIZE_PX) and left[0]["tail"].dtype == np.float16
    assert np.array_equal(drawing.asks[1].known, left[0]["tail"].astype(np.float32))
    assert not np.array_equal(drawing.asks[0].noise[:, 0], drawing.asks[1].noise[:, 0])


def mean_of(session, section, requests, left) -> float:
    return float(np.mean([made.pixels.mean() for _, made in session.finish(section, requests, left, lambda: None)]))


@pytest.mark.parametrize("steady", [True, False])
def test_colors_do_not_drift(steady):
    session = open_session(steady_colours=steady)
    requests = [request(n) for n in range(9)]
    left = film(session, requests)
    means = [
        mean_of(session, Section(0, range(5)), requests[:5], left[0]),
        mean_of(session, Section(1, range(4, 9), 1, 0, (0,)), requests[4:], left[1]),
    ]
    drift = means[0] - means[1]
    assert drift < 3 if steady else drift > 0.3 * DRIFT * 127.5


def test_a_section_that_gets_longer_keeps_its_noise():
    short, long = (asked([request(n) for n in range(count)]).noise for count in (5, 9))
    assert np.array_equal(long[:, :3], short)
    other = asked([request(n) for n in range(5)], seed=1).noise
    assert not np.array_equal(other, short)


def test_finishing_after_an_interruption_gives_the_same_bits():
    requests = [request(n, jaw_open=0.2 * n) for n in range(5)]
    session, section = open_session(), Section(0, range(5))
    (left,) = film(session, requests)
    whole = dict(session.finish(section, requests, left, lambda: None))
    drawing = StandInDrawing()
    again = open_session(drawing=drawing)
    some = dict(again.finish(section, requests[3:], left, lambda: None))
    assert list(some) == [3, 4] and drawing.decoded == 1 and not drawing.asks
    assert all(np.array_equal(some[n].pixels, whole[n].pixels) for n in some)


def test_words_and_numbers_reach_the_networks():
    drawing = StandInDrawing()
    session = open_session(drawing=drawing, prompt=" a clown ", guidance=2.0, solver="euler", shift=7.0)
    session.draw(Section(0, range(1)), [request(0)], None, lambda done: None)
    ask = drawing.asks[0]
    assert drawing.wanted[0][0] == "a clown" and len(drawing.wanted[0]) == 2 and drawing.wanted[0][1]
    assert (ask.guidance, ask.solver, ask.shift, ask.steps) == (2.0, "euler", 7.0, 2)
    assert asked([request(0)]).guidance == 1.0 and session.steps(Section(0, range(5))) == 2


def test_steps_are_told_and_a_cancel_is_heard_before_the_first():
    told: list[int] = []
    drawing = StandInDrawing()
    session = open_session(drawing=drawing)
    session.draw(Section(0, range(2)), [request(0), request(1)], None, told.append)
    assert told[-1] == 2 and told == sorted(told) and told.count(0) > 2

    def cancel(done: int) -> None:
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        session.draw(Section(0, range(1)), [request(0)], None, cancel)
    assert caught.value.code is ErrorCode.CANCELLED and len(drawing.asks) == 1


def canceling_at(telling):
    """What hears a cancel at a telling, counted from 1; with how often it was told."""
    told = []

    def tell() -> None:
        told.append(None)
        if len(told) == telling:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    return tell, told


def test_a_cancel_is_heard_while_a_section_is_finished():
    requests, section = [request(n) for n in range(5)], Section(0, range(5))
    (left,) = film(open_session(), requests)
    for telling in (1, 2, 3):  # once while it is decoded, then before each frame
        tell, _ = canceling_at(telling)
        made = open_session().finish(section, requests, left, tell)
        with pytest.raises(TalkingHeadError):
            for _ in range(telling):
                next(made)
    tell, told = canceling_at(0)
    list(open_session().finish(section, requests, left, tell))
    assert len(told) == 6


def test_a_cancel_is_heard_while_a_stage_is_made():
    tell, told = canceling_at(2)
    with pytest.raises(TalkingHeadError):
        list(open_session().stage("pose", [request(n) for n in range(5)], tell))
    assert len(told) == 2


def test_a_preview_asks_no_network():
    def fail() -> None:
        raise AssertionError

    session = open_session(clip=acting_clip())
    session._parts.__dict__["drawing"] = fail
    ((_, rest),) = session.frames([request(0)], Quality.PREVIEW)
    ((_, keyed),) = session.frames([request(0, jaw_open=0.8)], Quality.PREVIEW)
    ((_, acted),) = session.frames([request(0, driving=place(1.0))], Quality.PREVIEW)
    assert np.array_equal(rest.pixels, picture("astronaut"))
    assert np.array_equal(keyed.pixels, acted.pixels) and not np.array_equal(keyed.pixels, rest.pixels)


def test_a_preview_of_bodies_shows_the_clip():
    clip = WholeClip([np.full((64, 64, 3), value, np.uint8) for value in (60, 200)])
    source = np.full((64, 96, 3), 9, np.uint8)
    session = open_session(reader(source), clip=clip, faces="body", tracking="full")
    ((_, acted),) = session.frames([request(0, driving=place(1.0))], Quality.PREVIEW)
    ((_, rest),) = session.frames([request(0)], Quality.PREVIEW)
    assert acted.pixels.shape == source.shape and acted.pixels[32, 48, 0] == 200 and acted.pixels[32, 2, 0] == 0
    assert np.array_equal(rest.pixels, source)


def finished(source: Picture, **settings: object) -> Picture:
    session = open_session(reader(source), **settings)
    (left,) = film(session, [request(0)])
    ((_, made),) = session.finish(Section(0, range(1)), [request(0)], left, lambda: None)
    return made


def test_frames_have_the_sources_size_and_depth():
    wide = picture("astronaut")[:330]
    made = finished(Picture(wide))
    assert made.pixels.shape == wide.shape and made.pixels.dtype == np.uint8
    deep = finished(Picture(wide.astype(np.uint16) * 257)).pixels
    assert deep.dtype == np.uint16 and (deep % 257 != 0).any()
    linear = finished(Picture((wide / np.float32(255)) ** 2.2))
    assert linear.pixels.dtype == np.float32 and linear.alpha is Alpha.NONE
    assert linear.pixels.mean() == pytest.approx(((made.pixels / 255.0) ** 2.2).mean(), rel=0.1)


def test_the_drawn_person_is_cut_out():
    made = finished(Picture(picture("astronaut")), cut_out=True)
    assert made.alpha is Alpha.STRAIGHT and made.pixels.shape == (512, 512, 4)
    assert made.pixels[..., 3].min() == 0


def test_a_figure_that_was_cut_out_stays_one():
    alpha = np.zeros((512, 512, 1), np.uint8)
    alpha[100:, 100:380] = 255
    pixels = np.concatenate([picture("astronaut"), alpha], axis=2)
    made = finished(Picture(pixels, Alpha.STRAIGHT))
    assert made.alpha is Alpha.STRAIGHT and made.pixels[..., 3].min() == 0
    whole = finished(Picture(np.concatenate([picture("astronaut"), np.full_like(alpha, 255)], axis=2), Alpha.STRAIGHT))
    assert whole.pixels[..., 3].min() == 255


def test_stages_show_what_the_networks_are_shown():
    requests = [request(0), request(1, jaw_open=0.8)]
    ask = asked(requests)
    session = open_session()
    poses, faces = (dict(session.stage(name, requests, lambda: None)) for name in ("pose", "face"))
    assert np.array_equal(poses[1].pixels[..., ::-1], ask.pose[1])
    assert np.array_equal(faces[1].pixels[..., ::-1], ask.faces[1])
    for name, words in (("mask", "Replace"), ("dance", "pose, face")):
        with pytest.raises(TalkingHeadError) as caught:
            list(session.stage(name, requests, lambda: None))
        assert caught.value.code is ErrorCode.INVALID_REQUEST and words in caught.value.hint
