# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Films with networks that draw what they are shown: what they are asked, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from faces import picture, tracker
from puppets import PictureList
from redraw_stand_in import EXECUTOR, ActedClip, StandInRedraw, acted_clip, astronaut, held, place, request, seen

pytest.importorskip("diffusers")

from inference.engines.engine import Quality
from inference.engines.xportrait.description import XPORTRAIT
from inference.engines.xportrait.sampling import steps_of
from inference.engines.xportrait.session import Parts, XPortraitSession, window_offset
from inference.errors import ErrorCode, TalkingHeadError
from inference.film import FilmRule
from inference.media.picture import Alpha, Picture
from inference.source import FaceChoice

QUICK = {"size": "256", "steps": 2, "frames_at_once": 16}


def opened(pictures=(), clip=None, redraw=None, choice=None, **settings):
    """A session on pictures in memory, on the astronaut without."""
    checked = XPORTRAIT.settings_from({**QUICK, **settings})
    given = redraw or StandInRedraw()
    parts = Parts(tracker(), lambda: (given, ("A file was passed over.",)), clip, None, EXECUTOR)
    return XPortraitSession(parts, PictureList(pictures or [astronaut()]), choice or FaceChoice(), checked)


def anchor(count):
    (section,) = FilmRule("", 4).sections(count, 64)
    return section


def drawn(session, requests, told=lambda done: None):
    return session.draw(anchor(len(requests)), requests, {}, told)


def frames(session, requests):
    return dict(session.finish(requests, drawn(session, requests)))


def test_a_still_film_shows_the_source_in_its_own_colors():
    session = opened()
    made = frames(session, [request(n) for n in range(5)])
    assert sorted(made) == [0, 1, 2, 3, 4]
    assert np.abs(made[3].pixels.astype(int) - picture("astronaut")).mean() < 3
    latents = drawn(session, [request(n) for n in range(5)])
    assert latents.shape == (5, 4, 32, 32) and latents.dtype == np.float32


def test_keyed_sliders_change_the_drawing():
    session = opened()
    made = frames(session, [request(0), request(1, head_yaw=10.0)])
    changed = np.abs(made[1].pixels.astype(int) - made[0].pixels).max(axis=2) > 25
    x0, y0, x1, y1 = session._views.of(0).square.box().astype(int)
    assert changed[max(y0, 0) : y1, x0:x1].mean() > 0.02
    changed[max(y0, 0) : y1 + 2, x0 : x1 + 2] = False
    assert not changed.any()


def test_what_the_networks_are_asked():
    redraw = StandInRedraw()
    session = opened(redraw=redraw, guidance=3.0, overlap=6, steps=7, pose_control=0.5, local_control=1.5, seed=4)
    drawn(session, [request(0), request(1, jaw_open=0.6)])
    (ask,) = redraw.asks
    assert (ask.guidance, ask.overlap, ask.steps, ask.pose_weight, ask.local_weight) == (3.0, 6, 7, 0.5, 1.5)
    assert ask.pose.shape == ask.local.shape == (2, 256, 256, 3) and ask.pose.dtype == ask.local.dtype == np.uint8
    assert np.array_equal(ask.noise, redraw.noise(4, range(2), (32, 32)))
    assert np.array_equal(ask.source_latent, redraw.encode(session._views.reference.crop[None])[0])
    assert ask.known == {} and {ask.offsets(step, 16) for step in range(40)} == set(range(16))
    share = (ask.local > 0).any(axis=3).mean(axis=(1, 2))
    assert ((0.05 < share) & (share < 0.2)).all()


def test_the_patches_lie_on_eyes_and_mouth():
    redraw = StandInRedraw()
    session = opened(redraw=redraw)
    drawn(session, [request(0)])
    view, local = session._views.of(0), redraw.asks[0].local[0]
    for landmark in (14, 468, 473):
        x, y = view.landmarks[landmark].round().astype(int)
        assert np.array_equal(local[y, x], redraw.asks[0].pose[0, y, x]) and local[y, x].any()
    x, y = view.landmarks[10].round().astype(int)
    assert not local[y, x].any()


def test_an_acting_clip_is_laid_over_the_source():
    redraw = StandInRedraw()
    session = opened(clip=acted_clip({}, {"jaw_open": 0.6}), redraw=redraw, reference="first")
    drawn(session, [request(0, driving=place(held(0))), request(1, driving=place(held(1)))])
    rest, opens = (seen(pose[..., ::-1].copy()) for pose in redraw.asks[0].pose)
    assert opens.mouth_gap > rest.mouth_gap + 0.08
    faces = [tracker().faces(pose[..., ::-1].copy())[0].landmarks[:, :2] for pose in redraw.asks[0].pose]
    assert np.abs(faces[0].mean(axis=0) - session._views.reference.landmarks.mean(axis=0)).max() < 6


def test_strengths_keep_or_release_a_region():
    redraw = StandInRedraw()
    session = opened(clip=acted_clip({}, {"jaw_open": 0.6}), redraw=redraw, reference="first")
    strengths = ({}, {"mouth": 0.0})
    drawn(session, [request(n, driving=place(held(1), **one)) for n, one in enumerate(strengths)])
    kept, released = (seen(pose[..., ::-1].copy()) for pose in redraw.asks[0].pose)
    assert kept.mouth_gap > released.mouth_gap + 0.08


def test_frames_beside_the_clip_show_the_portrait():
    redraw = StandInRedraw()
    session = opened(clip=acted_clip({}), redraw=redraw)
    drawn(session, [request(0, driving=place(0.0)), request(1)])
    crop = session._views.reference.crop.astype(int)
    apart = [np.abs(pose - crop).mean() for pose in redraw.asks[0].pose]
    assert apart[1] < 1 < 20 < apart[0]


def test_an_actors_lost_face_is_held_and_told():
    redraw = StandInRedraw()
    clip = ActedClip([carphone()[0], np.full((144, 176, 3), 90, np.uint8)], lost=(1,))
    session = opened(clip=clip, redraw=redraw)
    drawn(session, [request(n, driving=place(float(n))) for n in range(2)])
    assert np.array_equal(*redraw.asks[0].pose)
    assert any("The actor's face was lost in 1 picture" in sentence for sentence in session.warnings)


def test_a_moving_source_is_pasted_where_its_face_is():
    pictures = [Picture(pixels) for pixels in carphone()[:60:20]]
    session = opened(pictures)
    made = frames(session, [request(n, n) for n in range(3)])
    for number in range(3):
        apart = [np.abs(made[number].pixels.astype(int) - source.pixels).mean() for source in pictures]
        assert apart[number] < 12 and apart[number] == min(apart)


def test_frames_without_a_face_are_passed_through():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    session = opened([Picture(carphone()[0]), grey, Picture(carphone()[2])])
    made = frames(session, [request(n, n) for n in range(3)])
    assert made[1].pixels is grey.pixels
    assert "The face was lost in picture 2; it is passed through unchanged." in session.warnings


def test_alpha_and_16_bit_stay():
    pixels = picture("astronaut").astype(np.uint16) * 257
    alpha = np.full((512, 512, 1), 65535, np.uint16)
    alpha[:, 350:] = 0
    source = Picture(np.concatenate([pixels, alpha], axis=2), Alpha.STRAIGHT)
    session = opened([source])
    made = frames(session, [request(0, head_yaw=10.0)])[0]
    assert made.pixels.dtype == np.uint16 and made.alpha is Alpha.STRAIGHT
    assert np.array_equal(made.pixels[..., 3], source.pixels[..., 3])
    assert np.unique(made.pixels[..., 0]).size > 1000


def test_the_same_film_has_the_same_bits():
    requests = [request(0, head_yaw=5.0), request(1, driving=place(1.0)), request(2, driving=place(1.0, mouth=0.5))]
    first, second = (opened(clip=acted_clip({"jaw_open": 0.6})) for _ in range(2))
    drawn(second, [request(0, head_yaw=-5.0), request(1)])
    assert np.array_equal(drawn(first, requests), drawn(second, requests))


def test_another_seed_draws_another_film():
    one, other = (drawn(opened(seed=seed), [request(0), request(1)]) for seed in (0, 1))
    assert not np.array_equal(one, other) and not np.array_equal(one[0], one[1])


def test_a_bridge_fits_to_its_neighbours():
    redraw = StandInRedraw()
    session = opened(redraw=redraw)
    requests = [request(n) for n in range(40)]
    sections = XPORTRAIT.sections(40, XPORTRAIT.settings_from(QUICK))
    latents: dict[int, np.ndarray] = {}
    for section in sorted(sections, key=lambda one: one.needs):
        known = {frame: latents[frame] for frame in section.known}
        made = session.draw(section, [requests[frame] for frame in section.frames], known, lambda done: None)
        latents |= {frame: made[frame - section.frames.start] for frame in section.new}
        ask = redraw.asks[-1]
        assert sorted(ask.known) == [frame - section.frames.start for frame in section.known]
        for frame in section.known:
            assert np.array_equal(ask.known[frame - section.frames.start], latents[frame])
    assert sorted(latents) == list(range(40))
    bridge = next(ask for ask in redraw.asks if ask.known)
    first = next(section for section in sections if section.needs).frames.start
    assert np.array_equal(bridge.noise[0], redraw.asks[0].noise[first])


def test_the_windows_begin_elsewhere_in_each_section_and_step():
    offsets = [[window_offset(3, first, step, 50) for step in range(20)] for first in (0, 44)]
    assert offsets[0] != offsets[1] and len(set(offsets[0])) > 10
    assert offsets[0] == [window_offset(3, 0, step, 50) for step in range(20)]


@pytest.mark.parametrize(("count", "steps", "overlap"), [(5, 2, 4), (16, 30, 4), (40, 15, 0), (64, 25, 12)])
def test_steps_are_those_that_the_sampler_tells(count, steps, overlap):
    session = opened(steps=steps, overlap=overlap)
    assert session.steps(anchor(count)) == steps_of(count, steps, overlap)


def test_cancelling_ends_the_preparation_and_the_drawing():
    def told(done):
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    redraw = StandInRedraw()
    with pytest.raises(TalkingHeadError):
        drawn(opened(redraw=redraw), [request(0), request(1)], told)
    assert redraw.asks == []


def test_previews_need_no_networks():
    def missing():
        raise AssertionError("a preview asked for networks")

    parts = Parts(tracker(), missing, None, None, EXECUTOR)
    session = XPortraitSession(parts, PictureList([astronaut()]), FaceChoice(), XPORTRAIT.settings_from(QUICK))
    made = dict(session.frames([request(7), request(8, jaw_open=0.8)], Quality.PREVIEW))
    assert np.array_equal(made[7].pixels, picture("astronaut"))
    assert seen(made[8].pixels).mouth_gap > seen(made[7].pixels).mouth_gap + 0.05


def test_files_that_were_passed_over_are_told_once():
    session = opened()
    assert session.warnings == []
    frames(session, [request(0)])
    assert session.warnings == ["A file was passed over."]


def test_what_makes_the_result_worse_is_told():
    beside = Picture(np.ascontiguousarray(picture("astronaut")[30:190, 140:300]))
    small = Picture(np.ascontiguousarray(picture("astronaut")[::2, ::2]))
    assert any("px large" in sentence for sentence in opened([small]).warnings)
    assert any("outside of the picture" in sentence for sentence in opened([beside]).warnings)
    large = Picture(picture("astronaut").repeat(3, axis=0).repeat(3, axis=1))
    assert any("256 px are drawn" in sentence for sentence in opened([large]).warnings)


def test_a_closed_session_draws_again():
    session = opened()
    first = drawn(session, [request(0, jaw_open=0.5)])
    session.close()
    assert np.array_equal(first, drawn(session, [request(0, jaw_open=0.5)]))
