# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks are shown: sliders acted by the puppet, the clip's pictures, and both."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from acting_clips import carphone
from faces import face, picture, tracker
from redraw_stand_in import ActedClip, acted, acted_clip, astronaut, held, place, request, seen, views

from inference.engines.diffusion.performer import Performer, shown_picture, tracked
from inference.face.manual import manual_face
from inference.media.picture import Picture
from inference.source import MANUAL_POINTS, FaceChoice


def performed(requests, clip=None, source=None):
    return list(Performer(tracker(), source or views(), clip).pictures(requests))


def test_at_rest_the_source_itself_is_shown():
    source = views()
    (shown,) = performed([request()], source=source)
    view = source.of(0)
    assert np.abs(shown.bgr[..., ::-1].astype(int) - view.crop).max() <= 2
    assert np.allclose(shown.landmarks, view.landmarks) and not shown.of_clip


def test_keyed_sliders_are_performed_in_the_square():
    left, right, raised = (
        seen(made.bgr)
        for made in performed([request(head_yaw=-12.0), request(1, head_yaw=12.0, jaw_open=1.0), request(2, brow=0.8)])
    )
    assert right.pose.yaw_deg - left.pose.yaw_deg == pytest.approx(24, abs=5)
    assert right.mouth_gap > left.mouth_gap + 0.1
    assert raised.brow_left > left.brow_left + 0.02


def test_landmarks_lie_on_what_is_performed():
    (shown,) = performed([request(head_yaw=12.0, jaw_open=0.6)])
    again = tracker().faces(shown.bgr)[0].landmarks[:, :2]
    assert np.linalg.norm(shown.landmarks - again, axis=1).mean() < 1.0


def test_a_clip_is_shown_as_it_is_with_full_strengths():
    clip = ActedClip(acted((), (("jaw_open", 0.6),)), ({}, {"jaw_open": 0.6}))
    shown = performed([request(0, driving=place(1.2)), request(1, driving=place(0.0))], clip)
    assert all(made.of_clip for made in shown)
    pixels = clip.pictures([0]).read(1).pixels
    size = shown[0].bgr.shape[1::-1]
    assert shown[0].full == pixels.shape[1::-1] and size[0] < pixels.shape[1]
    reduced = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    assert np.array_equal(shown[0].bgr, reduced)
    again = tracker().faces(reduced)[0].landmarks[:, :2]
    assert np.linalg.norm(shown[0].landmarks - again, axis=1).mean() < 1.5


def test_a_clip_smaller_than_what_is_drawn_is_not_enlarged():
    (shown,) = performed([request(driving=place(0.0))], ActedClip(carphone()[:1]))
    assert np.array_equal(shown.bgr, carphone()[0])


@pytest.mark.parametrize(("strength", "share"), [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)])
def test_strengths_keep_or_release_what_the_actor_does(strength, share):
    clip = acted_clip({}, {"head_yaw": 8.0})
    rest, shown = performed(
        [request(0, driving=place(held(0))), request(1, driving=place(held(1), head=strength))], clip
    )  # fmt: skip
    assert seen(shown.bgr).pose.yaw_deg - seen(rest.bgr).pose.yaw_deg == pytest.approx(8 * share, abs=2.5)


def test_a_released_mouth_leaves_the_head():
    clip = acted_clip({}, {"head_yaw": 8.0, "jaw_open": 0.5})
    rest, full, shown = (
        seen(made.bgr)
        for made in performed(
            [
                request(0, driving=place(held(0))),
                request(1, driving=place(held(1))),
                request(2, driving=place(held(1), mouth=0.0)),
            ],
            clip,
        )
    )
    assert full.mouth_gap > rest.mouth_gap + 0.1 and shown.mouth_gap < rest.mouth_gap + 0.02
    assert shown.jaw == pytest.approx(rest.jaw, abs=0.02) and full.jaw > rest.jaw + 0.08
    assert shown.pose.yaw_deg == pytest.approx(full.pose.yaw_deg, abs=2)


def test_sliders_come_on_top_of_a_clip():
    clip = acted_clip({})
    plain, more = (
        seen(made.bgr)
        for made in performed([request(0, driving=place(0.0)), request(1, driving=place(0.0), jaw_open=0.5)], clip)
    )
    assert more.mouth_gap > plain.mouth_gap + 0.1


def test_frames_beside_the_clip_are_the_portraits():
    shown = performed([request(0, driving=place(0.0)), request(1)], acted_clip({}))
    assert [made.of_clip for made in shown] == [True, False]


def test_the_last_picture_with_a_face_is_held():
    pictures = [carphone()[0], *[np.full((144, 176, 3), 90, np.uint8)] * 2, carphone()[30]]
    clip = ActedClip(pictures, lost=(1, 2))
    assert [shown_picture(clip, position) for position in (0.0, 0.6, 2.4, 2.6, 9.0)] == [0, 0, 0, 3, 3]
    shown = performed([request(n, driving=place(float(n))) for n in range(4)], clip)
    assert np.array_equal(shown[2].bgr, pictures[0]) and np.array_equal(shown[3].bgr, pictures[3])
    assert shown_picture(ActedClip(pictures[1:], lost=(0, 1)), 0.0) == 2


def test_without_a_clip_a_lost_face_of_the_source_is_held():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    source = views(grey, *(Picture(pixels) for pixels in carphone()[:40:20]), grey, choice=FaceChoice(picture=1))
    shown = performed([request(n, n) for n in range(4)], source=source)
    assert np.array_equal(shown[0].bgr, shown[1].bgr) and np.array_equal(shown[3].bgr, shown[2].bgr)
    assert not np.array_equal(shown[1].bgr, shown[2].bgr)


def test_a_moving_source_performs_itself_and_the_sliders():
    source = views(*(Picture(pixels) for pixels in carphone()[:60:20]))
    shown = performed([request(n, n, jaw_open=0.7) for n in range(3)], source=source)
    plain = performed([request(n, n) for n in range(3)], source=source)
    for with_jaw, without, number in zip(shown, plain, range(3), strict=True):
        assert with_jaw.bgr.shape == (256, 256, 3)
        assert seen(with_jaw.bgr).mouth_gap > seen(without.bgr).mouth_gap + 0.05
        assert np.abs(without.bgr[..., ::-1].astype(int) - source.of(number).crop).max() <= 2


def test_frames_are_the_same_alone_and_in_a_range():
    def source():
        return views(*(Picture(pixels) for pixels in carphone()[:4]))

    clip = ActedClip(acted((), (("head_yaw", 8.0),)), ({}, {"head_yaw": 8.0}))
    requests = [
        request(n, n, place(n / 4, head=0.5) if n % 2 else None, head_yaw=2.0 * n, jaw_open=0.2) for n in range(4)
    ]
    together = performed(requests, clip, source())
    (alone,) = performed(requests[3:], clip, source())
    assert np.array_equal(alone.bgr, together[3].bgr) and np.array_equal(alone.landmarks, together[3].landmarks)


def test_the_chosen_face_of_several_is_performed():
    both = Picture(np.hstack([picture("hopper")[:512], picture("astronaut")]))
    second = views(both, choice=FaceChoice(1))
    expected = second.chosen.landmarks[:, :2].mean(axis=0)
    (shown,) = performed([request(jaw_open=0.8)], source=second)
    assert seen(shown.bgr).mouth_gap > seen(second.of(0).crop[..., ::-1].copy()).mouth_gap + 0.1
    assert np.abs(expected - views(both).chosen.landmarks[:, :2].mean(axis=0)).max() > 100


def test_points_placed_by_hand_are_performed():
    size = np.array(picture("astronaut").shape[1::-1])
    landmarks = face("astronaut").landmarks
    points = tuple(
        (float(x), float(y)) for x, y in (landmarks[[n for _, n in MANUAL_POINTS], :2] + 0.5) / size
    )  # fmt: skip
    assert manual_face(points, tuple(size.tolist()), tracker().mesh, picture("astronaut")).manual
    source = views(astronaut(), choice=FaceChoice(points=points))
    rest, shown = performed([request(), request(1, jaw_open=0.8)], source=source)
    assert seen(shown.bgr).mouth_gap > seen(rest.bgr).mouth_gap + 0.1
    assert np.array_equal(shown.landmarks, rest.landmarks)


def test_a_face_too_small_for_the_puppet_is_told():
    performer = Performer(tracker(), views(), None)
    performer._portrait.puppet._landmarks = performer._portrait.puppet._landmarks + 1000.0
    rest, shown = performer.pictures([request(), request(1, jaw_open=0.8)])
    assert performer.lacks_face and np.array_equal(rest.bgr, shown.bgr)


def test_the_clips_files_are_closed_also_when_nobody_reads_on():
    clip = acted_clip({})
    closed = []
    opened = clip.pictures

    def watched(needed):
        reader = opened(needed)
        reader.close = lambda: closed.append(True)
        return reader

    clip.pictures = watched
    shown = Performer(tracker(), views(), clip).pictures([request(0, driving=place(0.0)), request(1)])
    next(shown)
    shown.close()
    assert closed == [True]


def test_landmarks_of_what_shows_no_face_are_the_expected_ones():
    expected = np.random.default_rng(0).uniform(80, 160, (478, 2))
    assert tracked(tracker(), np.full((256, 256, 3), 90, np.uint8), expected) is expected
