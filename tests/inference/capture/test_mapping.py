# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neutral frame, smoothing, eyelids, landmark motion: what is done with a recording."""

from __future__ import annotations

from fractions import Fraction

import acting_clips
import media
import numpy as np
import puppets
import pytest
from acting_clips import column
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.acting import CaptureSpec
from inference.capture.capture import segments_of
from inference.capture.holding import Holding
from inference.capture.lids import Lids, blinks
from inference.capture.read import captured
from inference.capture.smoothing import Reach, smoothed
from inference.errors import ErrorCode, TalkingHeadError
from inference.motion.track import REST
from inference.source import Source, SourceKind

CLIP = Source(SourceKind.MOVIE, (str(media.carphone()),))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Captures the real clip, which is watched once for this module."""
    sessions = acting_clips.sessions(tmp_path_factory.mktemp("desk"))
    return lambda **options: captured(CaptureSpec(CLIP, **options), sessions, acting_clips.task())


def test_the_neutral_picture_rests(desk):
    """Found or chosen: there everything is at rest, up to the noise of lids, which are hardly smoothed."""
    for neutral in (-1, 30):
        track = desk(neutral=neutral).track
        assert neutral in (-1, track.neutral)
        off = np.abs(track.values[track.neutral] - REST)
        assert off.max() < 0.06


def test_the_neutral_picture_found_is_a_calm_one(desk):
    """Mouth nearly closed, eyes open, no blink near by, looking where the clip mostly looks."""
    capture = desk()
    at, track = capture.track.neutral, capture.track
    assert min(abs(at - blink) for blink in (42, 92, 113)) > 3
    assert abs(column(track.values, "head_yaw")).mean() < 6
    assert column(track.values, "jaw_open")[at] < 0.05


def test_another_neutral_picture_shifts_the_head_by_its_own_pose(desk):
    found, chosen = desk(neutral=14).track, desk(neutral=80).track
    for name in ("head_yaw", "head_roll"):
        shift = column(found.values - chosen.values, name)
        assert np.ptp(shift) < 1e-6
        assert shift[0] == pytest.approx(column(found.values, name)[80], abs=1e-6)


def test_a_neutral_picture_without_the_face_is_refused(tmp_path):
    pictures = [*acting_clips.carphone()[:6], *[np.full((144, 176, 3), 60, np.uint8)] * 4]
    clip = acting_clips.sequence(tmp_path / "clip", pictures)
    sessions = acting_clips.sessions(tmp_path / "cache")
    with pytest.raises(TalkingHeadError) as error:
        captured(CaptureSpec(clip, neutral=8), sessions, acting_clips.task())
    assert error.value.code is ErrorCode.NO_FACE
    assert error.value.message == "The face is lost in picture 9, which is to be the neutral one."


def test_a_neutral_picture_after_the_end_is_refused(desk):
    with pytest.raises(TalkingHeadError) as error:
        desk(neutral=100_000)
    assert error.value.code is ErrorCode.INVALID_REQUEST
    assert "Picture 100001 is to be the neutral one" in error.value.message


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 1.0])
def test_blinks_keep_their_depth_at_every_strength(desk, smoothing):
    lids = 1 - column(desk(smoothing=smoothing, neutral=14).track.values, "eye_open")
    found = blinks(lids, 30)
    assert found == pytest.approx([42, 92, 113], abs=1)
    assert (lids[found] > 0.6).all()
    assert (lids[found[:2]] > 0.85).all()


def test_more_smoothing_is_calmer_and_has_no_lag(desk):
    tracks = [desk(smoothing=strength, neutral=14).track.values for strength in (0.0, 0.5, 1.0)]
    for name in ("head_yaw", "head_pitch", "head_roll", "mouth_wide"):
        rough, middle, calm = (np.abs(np.diff(column(values, name), 2)).mean() for values in tracks)
        assert calm < 0.7 * middle < 0.7 * 0.8 * rough, name
    raw, calm = (column(values, "head_yaw") for values in (tracks[0], tracks[2]))
    lags = [np.abs(raw[5:-5] - np.roll(calm, shift)[5:-5]).mean() for shift in range(-4, 5)]
    assert int(np.argmin(lags)) == 4


def test_smoothing_keeps_peaks_of_the_mouth(desk):
    raw, default = (desk(smoothing=strength, neutral=14).track.values for strength in (0.0, 0.5))
    assert column(default, "jaw_open").max() > 0.97 * column(raw, "jaw_open").max()


def test_the_filters_of_a_strength():
    """By default seven pictures for the head, five for the mouth, one for lids; at few pictures a second no filter."""
    for rate in (24, 25, 30):
        assert Reach.of(0.5, Fraction(rate)) == Reach(3, 2, 0)
    assert Reach.of(0.0, Fraction(25)) == Reach(0, 0, 0)
    assert Reach.of(1.0, Fraction(25)) == Reach(7, 4, 2)
    assert Reach.of(0.5, Fraction(50)).head >= 5
    assert Reach.of(0.5, Fraction(10)).head == 0


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.integers(4, 40), st.integers(3, 9))
@settings(max_examples=50, deadline=None)
def test_a_parabola_passes_the_filter_unchanged(factors, length, half):
    time = np.linspace(-1, 1, length)
    values = np.polyval(factors, time)[:, None]
    np.testing.assert_allclose(smoothed(values, [(0, length - 1)], half), values, atol=1e-6)


def test_nothing_is_smoothed_across_a_cut():
    values = np.array([0.0] * 10 + [1.0] * 10)[:, None]
    np.testing.assert_allclose(smoothed(values, segments_of(np.ones(20, bool), (10,)), 3), values, atol=1e-9)


def test_segments_end_at_losses_and_cuts():
    found = np.array([1, 1, 1, 1, 0, 0, 1, 1, 1, 0], bool)
    assert segments_of(found, (2, 5, 7)) == ((0, 1), (2, 3), (6, 6), (7, 8))


def test_a_gap_is_held_then_eased():
    found = np.ones(30, bool)
    found[10:20] = False
    values = np.arange(30.0)[:, None]
    filled = Holding.over(found, Fraction(25)).filled(values)[:, 0]
    np.testing.assert_array_equal(filled[found], values[found, 0])
    np.testing.assert_array_equal(filled[10:15], 9)
    assert (np.diff(filled[14:21]) > 0).all()
    assert filled[19] < 20


def test_gaps_at_the_ends_hold_what_is_known():
    found = np.array([0, 0, 1, 1, 0, 0], bool)
    filled = Holding.over(found, Fraction(25)).filled(np.arange(6.0)[:, None])[:, 0]
    np.testing.assert_array_equal(filled, [2, 2, 2, 3, 3, 3])


def test_one_closed_eye_is_a_wink_and_two_are_a_blink():
    right, left = np.array([0.0, 1.0, 1.0, 0.0, 0.5]), np.array([0.0, 1.0, 0.0, 1.0, 0.4])
    found = Lids(right, left).controls()
    np.testing.assert_allclose(found["eye_open"], [1, 0, 1, 1, 0.55])
    np.testing.assert_allclose(found["wink_r"], [0, 0, 1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(found["wink_l"], [0, 0, 0, 1, 0], atol=1e-9)


def test_motion_is_the_landmarks_displacement(desk):
    capture = desk(neutral=14, smoothing=0.5)
    assert capture.motion(0).shape == (468, 3)
    assert np.abs(capture.motion(14)).max() < 1e-9
    # The shout of picture 60: the lower lip far down, the forehead nearly still.
    shout = capture.motion(59)
    gap = shout[14, 1] - shout[13, 1]
    assert 0.25 < gap < 0.45
    assert shout[152, 1] > 0.1
    np.testing.assert_allclose(shout, capture.motion(59.0))
    np.testing.assert_allclose(capture.motion(59.25), 0.75 * shout + 0.25 * capture.motion(60), atol=1e-9)
    np.testing.assert_array_equal(capture.motion(-3), capture.motion(0))
    np.testing.assert_array_equal(capture.motion(500), capture.motion(119))


def test_motion_and_jaw_tell_the_same(desk):
    capture = desk(neutral=14)
    lips = np.array([(lambda m: m[14, 1] - m[13, 1])(capture.motion(picture)) for picture in range(0, 120, 3)])
    jaw = column(capture.track.values, "jaw_open")[::3]
    assert np.corrcoef(np.clip(lips, 0, 0.215), jaw)[0, 1] > 0.97


def test_winks_and_raised_brows_of_one_side_come_back(tmp_path):
    poses = acting_clips.rows(
        5, {"wink_l": np.array([0, 1, 0, 0, 0.0]), "wink_r": np.array([0, 0, 1, 0, 0.0]),
            "brow_l": np.array([0, 0, 0, 1, 0.0]), "brow_r": np.array([0, 0, 0, 0, 1.0])},
    )  # fmt: skip
    clip = acting_clips.sequence(tmp_path / "clip", acting_clips.acted(media.astronaut(), poses))
    spec = CaptureSpec(clip, neutral=0, smoothing=0.0)
    sessions = acting_clips.sessions(tmp_path / "cache")
    sessions._tracker = puppets.tracker()
    found = captured(spec, sessions, acting_clips.task()).track.values
    assert column(found, "wink_l").argmax() == 1 and column(found, "wink_l")[1] > 0.4
    assert column(found, "wink_r").argmax() == 2 and column(found, "wink_r")[2] > 0.4
    assert column(found, "brow_l").argmax() == 3
    assert column(found, "brow_r").argmax() == 4
