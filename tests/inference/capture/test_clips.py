# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips as people have them: cuts, faces out of sight, several faces, flashes, no face at all."""

from __future__ import annotations

import acting_clips
import cv2
import media
import numpy as np
import pytest
from acting_clips import RATE, agreement, carphone, column

from inference.acting import CaptureSpec
from inference.capture.read import captured
from inference.errors import ErrorCode, TalkingHeadError
from inference.source import FaceChoice, Source, SourceKind

HEAD = ("head_yaw", "head_pitch", "head_roll")


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    """Captures a clip made of pictures."""
    folder = tmp_path_factory.mktemp("clips")
    sessions = acting_clips.sessions(folder / "cache")
    made = {}

    def run(name, pictures, **options):
        if name not in made:
            made[name] = acting_clips.movie(folder / f"{name}.mp4", pictures())
        return captured(CaptureSpec(made[name], **options), sessions, acting_clips.task())

    return run


def plain():
    return carphone()[:70]


def hidden():
    """The face is behind something grey in pictures 41 to 55, counted from 1."""
    pictures = [picture.copy() for picture in plain()]
    for picture in pictures[40:55]:
        picture[20:120, 40:115] = 128
    return pictures


def cut():
    """30 pictures of the driver, then 25 of Hopper, who stands elsewhere."""
    other = np.full((144, 176, 3), (140, 110, 90), np.uint8)
    face = acting_clips.still(media.hopper(), 120)
    other[24:144, 70 : 70 + face.shape[1]] = face
    return [*carphone()[:30], *[other] * 25]


def two():
    """The driver at the left, Hopper, who is larger and still, at the right."""
    face = acting_clips.still(media.hopper(), 288)[40:184, 60:200]
    return [acting_clips.beside(picture, face) for picture in plain()]


def flash():
    pictures = [picture.copy() for picture in plain()[:40]]
    for picture in pictures[20:22]:
        picture[:] = 250
    return pictures


def kinds(capture):
    return [finding.kind for finding in capture.track.findings]


def test_a_lost_face_is_held_and_reported(watch):
    holed = watch("hidden", hidden, neutral=14).track
    (finding,) = holed.findings
    assert (finding.kind, finding.first, finding.last) == ("lost", 40, 54)
    assert finding.text == "The face was lost in pictures 41 to 55; its last pose is held there."
    assert not holed.breaks
    held = holed.values[40:50]
    np.testing.assert_allclose(held, np.tile(holed.values[39], (10, 1)), atol=1e-9)


def test_a_lost_face_is_eased_in_before_it_is_found(watch):
    track = watch("hidden", hidden, neutral=14).track
    gap = np.abs(track.values[55] - track.values[39])
    steps = np.abs(np.diff(track.values[39:56], axis=0))
    moved = gap > 0.05
    assert moved.any()
    assert (steps.max(axis=0)[moved] < 0.45 * gap[moved]).all()
    order = np.sign(track.values[55] - track.values[39]) * np.diff(track.values[39:56], axis=0)
    assert (order[:, moved] >= -1e-9).all()


def test_found_pictures_hardly_change_beside_a_lost_span(watch):
    whole, holed = watch("plain", plain, neutral=14).track, watch("hidden", hidden, neutral=14).track
    beside = [*range(5, 40), *range(57, 70)]
    for name, most in (("head_yaw", 1.0), ("head_pitch", 1.5), ("head_roll", 0.7), ("jaw_open", 0.12)):
        assert np.abs(column(whole.values - holed.values, name)[beside]).max() < most, name


def test_a_cut_breaks_the_track(watch):
    capture = watch("cut", cut)
    track = capture.track
    assert track.breaks == (30,)
    assert kinds(capture) == ["cut"]
    assert track.findings[0].text.startswith("Another shot begins with picture 31;")
    between = track.at([29, 29.5, 30])
    np.testing.assert_array_equal(between[1], between[0])
    assert np.abs(between[2] - between[0]).max() > 0.1
    np.testing.assert_array_equal(capture.motion(29.75), capture.motion(29))
    # Nothing of the other shot reaches across: the still face of the second one is still from its first picture on.
    assert np.ptp(track.values[32:], axis=0).max() < 0.6


def test_a_flash_is_no_cut(watch):
    capture = watch("flash", flash)
    assert capture.track.breaks == ()
    assert "cut" not in kinds(capture)


def test_the_chosen_one_of_several_faces_is_followed(watch):
    alone = watch("plain", plain, neutral=14).track
    large = watch("two", two, neutral=14, face=FaceChoice(0))
    small = watch("two", two, neutral=14, face=FaceChoice(1))
    assert np.ptp(column(large.track.values, "head_roll")) < 1.0
    for name in HEAD:
        corr, slope = agreement(column(alone.values, name), column(small.track.values, name))
        assert corr > 0.97 and 0.9 < slope < 1.1, (name, corr, slope)
    for capture in (large, small):
        assert capture.faces == 2
        assert kinds(capture) == ["several"]
        assert capture.track.findings[0].text.startswith("Up to 2 faces were seen at once;")


def test_a_face_can_be_chosen_on_any_picture(watch):
    """From a picture in the middle the face is followed in both directions."""
    first = watch("plain", plain, neutral=14).track
    middle = watch("plain", plain, neutral=14, face=FaceChoice(0, picture=35)).track
    for name in HEAD:
        corr, slope = agreement(column(first.values, name), column(middle.values, name))
        assert corr > 0.99 and 0.95 < slope < 1.05, (name, corr, slope)
    assert middle.findings == ()


def test_a_cut_is_noticed_backwards_as_well(watch):
    assert watch("cut", cut, face=FaceChoice(0, picture=45)).track.breaks == (30,)


def test_a_face_that_comes_later_is_waited_for(watch):
    def later():
        return [*[np.full((144, 176, 3), 40, np.uint8)] * 10, *carphone()[:20]]

    capture = watch("later", later)
    lost = next(finding for finding in capture.track.findings if finding.kind == "lost")
    assert (lost.first, lost.last) == (0, 9)
    assert lost.text == "The face was lost in pictures 1 to 10; the first pose that was seen is held there."
    np.testing.assert_allclose(capture.track.values[:10], np.tile(capture.track.values[10], (10, 1)), atol=1e-9)


def test_no_face_at_all_is_an_error(watch):
    with pytest.raises(TalkingHeadError) as error:
        watch("nobody", lambda: [cv2.resize(cv2.imread(str(media.coffee())), (176, 144))] * 15)
    assert error.value.code is ErrorCode.NO_FACE
    assert error.value.message == "No face was found in the driving clip."


def test_more_faces_than_there_are_cannot_be_chosen(watch):
    with pytest.raises(TalkingHeadError, match=r"Face 3 was asked for, but there are 2 faces in picture 1"):
        watch("two", two, face=FaceChoice(2))


def test_a_very_small_face_is_reported(watch):
    def small():
        pictures = []
        for picture in carphone()[:12]:
            wide = np.full((288, 352, 3), 90, np.uint8)
            wide[140:230, 120:230] = cv2.resize(picture, (110, 90), interpolation=cv2.INTER_AREA)
            pictures.append(wide)
        return pictures

    capture = watch("small", small)
    (finding,) = [finding for finding in capture.track.findings if finding.kind == "small"]
    assert "very small" in finding.text
    assert (finding.first, finding.last) == (0, 11)


def test_a_still_picture_is_a_clip_of_one(watch, tmp_path):
    source = Source(SourceKind.IMAGE, (str(media.hopper()),))
    capture = captured(CaptureSpec(source), acting_clips.sessions(tmp_path), acting_clips.task())
    assert (len(capture.track), capture.track.rate, capture.track.neutral) == (1, RATE, 0)
    assert np.abs(capture.motion(0)).max() == 0
