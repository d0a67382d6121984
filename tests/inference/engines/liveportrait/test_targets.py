# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key points of frames: driver, strengths, sliders, sample picture and settings. The networks are stand-ins."""

from __future__ import annotations

import media
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture
from liveportrait_stand_in import ClipOfPictures, StandInModel, frames, open_session, place

from inference.controls import pose_from
from inference.engines.engine import DrivingPlace, FrameRequest, Quality
from inference.engines.liveportrait.driving_motion import DrivingMotion, TemplateMotion
from inference.engines.liveportrait.keypoints import EYE_ROWS, LIP_ROWS, NECK_ROW
from inference.engines.liveportrait.sliders import Sliders
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Picture

# Without stitching what was asked for shows as it is; without the colours nothing else is drawn.
BARE = {"stitching": False, "colour_match": False}


def acted(requests, settings=None, smoothing=0.0):
    """(x_d - x_s for each request, the session, the model)."""
    model = StandInModel()
    clip = ClipOfPictures(list(carphone()[:24:8]), smoothing)
    session = open_session(
        [Picture(picture("astronaut"))], BARE | (settings or {}), motion=DrivingMotion(clip, model, "v"), model=model
    )
    frames(session, requests)
    (source,) = session._faces.of([0], Quality.FINAL)
    return [wanted - source.x_s[0] for wanted in model.wanted], session, model


def request(driving: DrivingPlace | None = None, index: int = 0, **pose: float) -> FrameRequest:
    return FrameRequest(index, 0, pose_from(pose), driving=driving)


def test_at_the_neutral_picture_the_face_is_redrawn_where_it_is():
    (moved,), _, model = acted([request(place(0.0))])
    assert np.abs(moved).max() < 1e-6
    assert model.drawn == [1]


def test_half_the_strength_is_half_the_expression():
    places = [DrivingPlace(2.0, 0.0, s, s, s) for s in (0.5, 1.0, 2.0)]
    half, whole, double = acted([request(p, n) for n, p in enumerate(places)])[0]
    assert np.abs(whole).max() > 1e-3
    assert np.allclose(half * 2, whole, atol=1e-6) and np.allclose(whole * 2, double, atol=1e-6)


def test_each_region_has_its_strength():
    places = [DrivingPlace(2.0, 1, 0, 0, 0), DrivingPlace(2.0, 0, 1, 0, 0), DrivingPlace(2.0, 0, 0, 0, 1)]
    head, eyes, mouth = acted([request(p, n) for n, p in enumerate(places)])[0]
    assert set(np.flatnonzero(np.abs(eyes).max(axis=1) > 1e-9)) == set(EYE_ROWS)
    assert set(LIP_ROWS) <= set(np.flatnonzero(np.abs(mouth).max(axis=1) > 1e-9))
    assert not np.abs(mouth)[list(EYE_ROWS)].max() > 1e-9
    assert (np.abs(head).max(axis=1) > 1e-6).all()  # a turned head moves all points


def test_a_strength_of_zero_leaves_the_source():
    (moved,), _, _ = acted([request(place(2.0, 0.0))])
    assert np.abs(moved).max() < 1e-9


def test_sliders_come_on_top():
    expression = DrivingPlace(2.0, 0, 1, 1, 1)
    driven, both, slider = acted(
        [request(expression), request(expression, 1, mouth_smile=0.7), request(None, 2, mouth_smile=0.7)]
    )[0]
    assert np.allclose(both, driven + slider, atol=1e-6)
    assert np.abs(slider).max() > 1e-3


def test_the_region_of_the_settings_counts():
    (moved,), _, _ = acted([request(place(2.0))], {"region": "lip"})
    assert set(np.flatnonzero(np.abs(moved).max(axis=1) > 1e-9)) == set(LIP_ROWS)


def test_the_multiplier_counts():
    once, twice = (acted([request(place(2.0))], {"multiplier": factor})[0][0] for factor in (1.0, 2.0))
    assert np.allclose(2 * once, twice, atol=1e-6)


def test_stitching_moves_the_points_only_where_they_moved():
    plain, stitched = (acted([request(place(2.0))], {"stitching": on})[0][0] for on in (False, True))
    assert not np.allclose(plain, stitched, atol=1e-4)
    (rest,), _, _ = acted([request(place(0.0))], {"stitching": True})
    assert np.abs(rest).max() < 1e-6


def test_retargeting_opens_as_far_as_the_actor():
    _, session, model = acted([request(place(1.0))], {"eye_retargeting": True})
    (asked,) = model.eye_ratios
    assert asked.shape == (1, 3) and 0 < asked[0, 2] < 1
    assert session.warnings == []
    _, _, alone = acted([request(None, mouth_smile=0.5)], {"eye_retargeting": True})
    assert alone.eye_ratios == []


def test_a_template_without_openness_is_told():
    _, session, _ = acted([request(place(1.0))], {"lip_retargeting": True})
    motions = [session._targets._motion._at(float(n), Quality.FINAL) for n in range(3)]
    model = StandInModel()
    template = open_session(
        [Picture(picture("astronaut"))],
        BARE | {"lip_retargeting": True},
        motion=TemplateMotion(motions, None, 0),
        model=model,
    )
    frames(template, [request(place(1.5))])
    assert template.warnings == [
        "The motion template does not tell how open eyes and lips are; they are not retargeted."
    ]
    assert len(model.wanted) == 1


def test_the_sample_picture_gives_its_expression():
    sample = {"sample": str(media.hopper())}
    poses = [{"liveportrait_sample_expression": share} for share in (0.5, 1.0)]
    half, whole = acted([request(None, n, **pose) for n, pose in enumerate(poses)], sample)[0]
    assert np.allclose(2 * half, whole, atol=1e-6) and np.abs(whole).max() > 1e-3
    assert np.allclose(whole[NECK_ROW, :2], 0.0)
    (mouth,) = acted([request(None, liveportrait_sample_mouth=1.0)], sample)[0]
    assert np.allclose(mouth[14], whole[14]) and np.allclose(mouth[11], 0.0)


def test_without_a_sample_picture_its_sliders_do_nothing():
    moved, session, _ = acted([request(None, liveportrait_sample_expression=1.0)])
    assert moved == [] and session.warnings == []
    assert Sliders.of({"liveportrait_sample_expression": 1.0}).uses_sample


def test_a_sample_picture_without_a_face_is_told():
    with pytest.raises(TalkingHeadError) as caught:
        acted([request(None, liveportrait_sample_expression=1.0)], {"sample": str(media.coffee())})
    assert caught.value.code is ErrorCode.NO_FACE
    assert "sample picture" in caught.value.message


def test_open_lips_of_the_source_are_closed_on_request():
    (moved,), _, _ = acted([request()], {"normalize_lip": True})
    assert np.abs(moved).max() > 1e-4
    assert acted([request()], {"normalize_lip": False})[0] == []
    (alike,), _, _ = acted([request()], {"normalize_lip": True, "motion": "absolute", "lip_retargeting": True})
    assert np.array_equal(alike, moved)
