# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: choosing faces, errors, warnings, the manual rig, moving sources."""

from __future__ import annotations

import cv2
import media
import numpy as np
import pytest
from puppets import PictureList, bgr, difference, engine, face_of, frame, open_session, tracker

from inference.controls import pose_from, rest_pose
from inference.engines.engine import FrameRequest, Quality
from inference.engines.puppet import session as session_module
from inference.engines.puppet.engine import PuppetEngine
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.face.chosen import smoothed
from inference.media.picture import Picture
from inference.source import MANUAL_POINTS, FaceChoice

TALK = {"jaw_open": 0.6, "mouth_smile": 0.5, "brow": 0.5}


def cartoon() -> tuple[np.ndarray, FaceChoice]:
    """A drawn face and its 14 points."""
    image = np.full((480, 400, 3), (235, 220, 200), np.uint8)
    cv2.ellipse(image, (200, 240), (120, 160), 0, 0, 360, (150, 190, 240), -1, cv2.LINE_AA)
    for x in (145, 255):
        cv2.ellipse(image, (x, 200), (28, 15), 0, 0, 360, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(image, (x, 200), 11, (120, 60, 20), -1, cv2.LINE_AA)
        cv2.ellipse(image, (x, 172), (32, 8), 0, 180, 360, (30, 40, 60), 5, cv2.LINE_AA)
    cv2.line(image, (200, 215), (192, 255), (90, 120, 180), 3, cv2.LINE_AA)
    cv2.ellipse(image, (200, 315), (45, 9), 0, 0, 360, (70, 60, 190), -1, cv2.LINE_AA)
    cv2.line(image, (155, 315), (245, 315), (40, 30, 110), 2, cv2.LINE_AA)
    placed = {
        33: (117, 200), 133: (173, 200), 362: (227, 200), 263: (283, 200), 1: (196, 255), 61: (155, 315),
        291: (245, 315), 13: (200, 315), 14: (200, 315), 152: (200, 400), 105: (145, 166), 334: (255, 166),
        234: (80, 240), 454: (320, 240),
    }  # fmt: skip
    points = tuple((placed[number][0] / 400, placed[number][1] / 480) for _, number in MANUAL_POINTS)
    return image, FaceChoice(points=points)


def carphone(count: int) -> list[Picture]:
    capture = cv2.VideoCapture(str(media.carphone()))
    pictures = [Picture(capture.read()[1]) for _ in range(count)]
    capture.release()
    return pictures


def test_no_face_offers_to_place_points():
    with pytest.raises(TalkingHeadError) as caught:
        open_session([Picture(bgr(media.coffee()))])
    assert caught.value.code is ErrorCode.NO_FACE
    assert caught.value.action is Action.PLACE_POINTS
    assert "14 points" in caught.value.hint


def test_a_face_that_is_not_there_says_how_many_are():
    with pytest.raises(TalkingHeadError) as caught:
        open_session([Picture(bgr(media.astronaut()))], FaceChoice(index=2))
    assert caught.value.code is ErrorCode.NO_FACE
    assert caught.value.action is Action.CHOOSE_FACE
    assert "there is 1 face" in caught.value.message


def test_of_several_faces_the_chosen_one_moves():
    hopper, astronaut = bgr(media.hopper())[:512], bgr(media.astronaut())
    both = np.hstack([hopper, astronaut])
    for index, (first, last) in ((0, (0, 512)), (1, (512, 1024))):
        moved = difference(frame(open_session([Picture(both)], FaceChoice(index)), **TALK).pixels, both)
        assert moved[:, first:last].max() > 50
        moved[:, first:last] = 0
        assert moved.max() == 0


def test_a_small_face_is_animated_with_a_warning():
    small = cv2.resize(bgr(media.astronaut()), (180, 180), interpolation=cv2.INTER_AREA)
    session = open_session([Picture(small)])
    assert any("px wide" in sentence for sentence in session.warnings)
    assert difference(frame(session, jaw_open=1.0).pixels, small).max() > 50
    assert open_session([Picture(bgr(media.astronaut()))]).warnings == []


def test_an_engine_that_was_unloaded_says_so_and_loads_again():
    made = PuppetEngine(threads=1)
    made.load(media.weights())
    made.unload()
    pictures = PictureList([Picture(bgr(media.astronaut()))])
    with pytest.raises(TalkingHeadError, match="not loaded"):
        made.open(pictures, [0], FaceChoice(), {})
    made.load(media.weights())
    session = made.open(pictures, [0], FaceChoice(), {})
    assert difference(frame(session, jaw_open=1.0).pixels, bgr(media.astronaut())).max() > 50
    session.close()


def test_one_thread_and_two_make_the_same_pixels():
    single = PuppetEngine(threads=1)
    single.load(media.weights())
    pictures = PictureList([Picture(bgr(media.hopper()))])
    controls = {**TALK, "head_yaw": 11.0, "eye_open": 0.4}
    first = frame(single.open(pictures, [0], FaceChoice(), {}), **controls)
    second = frame(engine().open(pictures, [0], FaceChoice(), {}), **controls)
    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_settings_are_checked():
    with pytest.raises(TalkingHeadError):
        open_session([Picture(bgr(media.astronaut()))], settings={"spectacles": "maybe"})


def test_the_manual_rig_opens_a_drawn_mouth_where_it_was_placed():
    image, choice = cartoon()
    session = open_session([Picture(image)], choice)
    np.testing.assert_array_equal(frame(session).pixels, image)
    made = frame(session, jaw_open=1.0).pixels
    opened = made[322:340, 185:215].astype(float).mean(axis=2)
    assert np.percentile(opened, 20) < 90, "the inside of the mouth is dark"
    assert difference(made, image)[:150].max() <= 2, "the brows do not move with the jaw"
    assert np.isfinite(made).all()


def test_the_manual_rig_closes_drawn_eyes():
    image, choice = cartoon()
    made = frame(open_session([Picture(image)], choice), eye_open=0.0).pixels
    for x in (145, 255):
        white = (made[188:212, x - 26 : x + 26].min(axis=2) > 235).sum()
        assert white < 0.1 * (image[188:212, x - 26 : x + 26].min(axis=2) > 235).sum()


def test_smoothing_over_seven_pictures_is_the_savitzky_golay_filter():
    impulse = np.zeros((7, 2))
    weights = []
    for place in range(7):
        values = impulse.copy()
        values[place] = 1
        weights.append(smoothed(np.arange(-3, 4), values)[0])
    np.testing.assert_allclose(np.array(weights) * 21, [-2, 3, 6, 7, 6, 3, -2], atol=1e-9)


def test_smoothing_keeps_even_motion_also_at_the_ends():
    for offsets in ([0, 1, 2, 3], [0, 1], [-3, -2, -1, 0, 1], [0]):
        values = 5.0 + 2.0 * np.array(offsets, float)[:, None]
        expected = 5.0 if len(offsets) != 2 else values.mean()
        np.testing.assert_allclose(smoothed(np.array(offsets), values), expected, atol=1e-9)


def test_a_picture_of_a_movie_does_not_depend_on_which_others_were_asked_for():
    pictures = carphone(12)
    alone = frame(open_session(pictures), 6, **TALK).pixels
    session = open_session(pictures)
    requests = [FrameRequest(i, i, pose_from(TALK)) for i in (0, 11, 3, 6)]
    among = dict(session.frames(requests, Quality.FINAL))
    np.testing.assert_array_equal(among[6].pixels, alone)


def test_frames_made_side_by_side_equal_frames_made_alone_and_keep_their_order():
    portrait = [Picture(bgr(media.astronaut()))]
    poses = [pose_from({"head_yaw": 2.0 * i - 8, "jaw_open": 0.1 * i, "eye_open": 1 - 0.1 * i}) for i in range(9)]
    requests = [FrameRequest(10 + i, 0, pose) for i, pose in enumerate(poses)]
    made = list(open_session(portrait).frames(requests, Quality.FINAL))
    assert [index for index, _ in made] == [request.index for request in requests]
    alone = PuppetEngine(threads=1)
    alone.load(media.weights())
    session = alone.open(PictureList(portrait), [0], FaceChoice(), {})
    for (_, picture), (_, expected) in zip(made, session.frames(requests, Quality.FINAL), strict=True):
        np.testing.assert_array_equal(picture.pixels, expected.pixels)


def test_leaving_frames_early_leaves_the_session_usable():
    session = open_session([Picture(bgr(media.astronaut()))])
    requests = [FrameRequest(i, 0, pose_from({"jaw_open": 0.01 * i})) for i in range(1, 50)]
    frames = session.frames(requests, Quality.FINAL)
    assert next(frames)[0] == 1
    frames.close()
    assert frame(session, 0, **TALK).pixels.any()


def test_a_picture_of_a_movie_depends_on_three_neighbours_at_each_side_only():
    pictures = carphone(12)
    reader = PictureList(pictures)
    session = engine().open(reader, range(12), FaceChoice(), {})
    reader.reads.clear()
    frame(session, 6, **TALK)
    assert set(reader.reads) <= {3, 4, 5, 6, 7, 8, 9}


def test_a_constant_pose_does_not_make_a_movie_tremble():
    pictures = carphone(30)
    requests = [FrameRequest(i, i, {**rest_pose(), **TALK}) for i in range(30)]
    made = dict(open_session(pictures).frames(requests, Quality.FINAL))
    chosen = tracker().faces(pictures[0].pixels)[0]
    before = _tremble([picture.pixels for picture in pictures], chosen)
    after = _tremble([made[i].pixels for i in range(30)], chosen)
    print(f"landmark jitter {before:.3f} px in the source, {after:.3f} px in the result")
    assert after <= 1.3 * before


def _tremble(images: list[np.ndarray], chosen) -> float:
    """RMS of the landmarks' second difference over time, in px, scaled to the noise of one picture."""
    found = [tracker().follow(image, chosen) for image in images]
    assert all(face is not None for face in found)
    places = np.stack([face.landmarks[:468, :2] for face in found])  # type: ignore[union-attr]
    return float(np.sqrt((np.diff(places, n=2, axis=0) ** 2).mean() / 6))


def test_pictures_without_the_face_pass_through_with_a_warning():
    pictures = carphone(8)
    blank = Picture(np.full_like(pictures[0].pixels, 90))
    session = open_session([*pictures, blank, blank, blank, blank, blank])
    made = frame(session, 10, jaw_open=1.0)
    np.testing.assert_array_equal(made.pixels, blank.pixels)
    assert any("lost" in sentence for sentence in session.warnings)
    assert difference(frame(session, 7, jaw_open=1.0).pixels, pictures[7].pixels).max() > 30


def test_a_still_has_the_face_that_the_tracker_finds():
    assert face_of(media.hopper()).score > 0.5


def test_a_preview_finds_the_face_about_where_frames_have_it_and_reads_no_neighbours():
    pictures = carphone(6)
    session = open_session(pictures)
    reader = session._pictures
    reader.reads.clear()
    drawn = frame(session, 5, Quality.PREVIEW, **TALK).pixels
    assert set(reader.reads) <= {0, 5}
    final = frame(session, 5, **TALK).pixels
    assert np.mean(difference(drawn, final) > 24) < 0.01


def test_dragging_on_a_picture_of_a_movie_prepares_it_once(monkeypatch):
    made = []
    original = session_module.Portrait.of
    monkeypatch.setattr(session_module.Portrait, "of", lambda *arguments: made.append(1) or original(*arguments))
    session = open_session(carphone(3))
    for index, count in ((1, 1), (1, 2), (1, 2), (2, 3)):  # the first only for its pose, then for any
        frame(session, index, Quality.PREVIEW, **{**TALK, "jaw_open": 0.3 + 0.1 * len(made)})
        assert len(made) == count


def test_a_dragged_preview_of_a_movie_equals_the_first_one():
    session = open_session(carphone(2))
    first = frame(session, 1, Quality.PREVIEW, **TALK).pixels
    again = frame(session, 1, Quality.PREVIEW, **TALK).pixels
    assert difference(first, again).max() <= 2
