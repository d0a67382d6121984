# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders measured on the portrait: a puppet stands in for the network, under a random map of weights to sliders."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest
from edtalk_stand_in import NotesInMemory, PuppetModel, StandInModel, frame, open_session
from faces import face, picture, tracker

from inference.controls import pose_from
from inference.engines.edtalk.calibration import MOST_NORM, STEP, Calibration, fitted, steps
from inference.engines.edtalk.calibrator import Calibrator, in_crop
from inference.engines.edtalk.readings import NOISE, READINGS, slider_changes, slider_offsets
from inference.engines.edtalk.session import EdtalkSession
from inference.engines.edtalk.weights import MOUTH, POSE
from inference.engines.engine import Quality
from inference.errors import ErrorCode, TalkingHeadError
from inference.face.face import Face
from inference.face.pose import head_pose
from inference.media.picture import Picture

# About how much of each slider the weights of the stand-in move.
UNITS = {
    "head_pitch": 4.0, "head_yaw": 4.0, "head_roll": 3.0, "head_x": 0.03, "head_y": 0.03, "head_scale": 0.04,
    "jaw_open": 0.5, "mouth_smile": 0.6, "mouth_wide": 0.6,
}  # fmt: skip
ASKED = {
    "head_pitch": 10.0, "head_yaw": 10.0, "head_roll": 10.0, "head_x": 0.1, "head_y": 0.1, "head_scale": 0.15,
    "jaw_open": 0.5, "mouth_smile": 0.5,
}  # fmt: skip
# What may come out besides: degrees, face widths, a factor, amounts.
ALLOWED = {
    "head_pitch": 2.5, "head_yaw": 1.5, "head_roll": 1.0, "head_x": 0.04, "head_y": 0.03, "head_scale": 0.03,
    "jaw_open": 0.4, "mouth_smile": 0.55, "mouth_wide": 0.45,
}  # fmt: skip


def seen(rows: int) -> np.ndarray:
    """Readings of a face that no weight moves."""
    rest = np.ones(len(READINGS))
    return np.tile(rest, (1 + 2 * rows, 1))


def responding(**changes: dict[int, float]) -> np.ndarray:
    """Readings to which some weights of 26 add so much for one unit."""
    readings = seen(26)
    for name, one in changes.items():
        for weight, change in one.items():
            readings[1 + 2 * weight, READINGS.index(name)] += STEP * change
            readings[2 + 2 * weight, READINGS.index(name)] -= STEP * change
    return readings


@cache
def measured(name: str) -> tuple[EdtalkSession, PuppetModel]:
    """A session whose portrait was measured."""
    model = PuppetModel(UNITS, seed=len(name))
    session = open_session([Picture(picture(name))], model=model)
    frame(session, head_yaw=1.0)
    return session, model


def test_each_weight_is_moved_up_and_down_from_the_portraits_own():
    own = np.arange(26.0)
    rows = steps(own)
    assert rows.shape == (53, 26) and np.array_equal(rows[0], own)
    assert rows[7, 3] - 3 == STEP and rows[8, 3] - 3 == -STEP
    assert np.count_nonzero(rows[1:] - own) == 52


def test_a_slider_gets_the_weight_that_moves_it():
    calibration = fitted(responding(yaw={21: 5.0}))
    assert calibration is not None and set(calibration.weights) == {"head_yaw"}
    weights = calibration.weights["head_yaw"]
    assert abs(weights[21] - 0.2) < 0.01
    assert np.abs(np.delete(weights, 21)).max() < 1e-9


def test_what_a_weight_moves_besides_is_taken_back_by_another():
    calibration = fitted(responding(yaw={21: 5.0}, roll={21: 2.0, 22: 3.0}))
    assert calibration is not None
    weights = calibration.weights["head_yaw"]
    assert abs(2.0 * weights[21] + 3.0 * weights[22]) < 0.02


def test_trembling_of_the_tracker_moves_nothing():
    readings = seen(26)
    noise = np.array([NOISE[name] for name in READINGS])
    readings += np.random.default_rng(1).normal(size=readings.shape) * noise
    calibration = fitted(readings)
    assert calibration is not None and not calibration.weights


def test_lips_that_touch_are_measured_on_the_side_on_which_they_open():
    readings = responding(mouth_gap={2: 0.1})
    gap = READINGS.index("mouth_gap")
    readings[:, gap] = np.maximum(readings[:, gap], 1.0)
    calibration = fitted(readings)
    assert calibration is not None
    assert abs(calibration.weights["jaw_open"][2] - 2.15) < 0.1


def test_a_lost_picture_is_taken_for_the_others_mirror_image():
    readings = responding(yaw={21: 5.0})
    readings[44] = np.nan
    calibration = fitted(readings)
    assert calibration is not None and abs(calibration.weights["head_yaw"][21] - 0.2) < 0.01


@pytest.mark.parametrize("lost", [slice(0, 1), slice(10, 30)])
def test_without_faces_there_is_no_calibration(lost):
    readings = responding(yaw={21: 5.0})
    readings[lost] = np.nan
    assert fitted(readings) is None


def test_all_sliders_together_stay_within_sane_weights():
    calibration = Calibration({"head_yaw": np.eye(26)[21] * 0.2, "jaw_open": np.eye(26)[3] * 4})
    small = calibration.offset({"head_yaw": 10.0, "jaw_open": 1.0, "gaze_x": 1.0}, 26)
    assert small[21] == 2.0 and small[3] == 4.0 and np.count_nonzero(small) == 2
    large = calibration.offset({"head_yaw": 60.0, "jaw_open": 1.0}, 26)
    assert math.isclose(np.linalg.norm(large[POSE]), MOST_NORM)
    assert math.isclose(large[21] / large[MOUTH][3], 3.0)


def test_sliders_are_read_as_distances_from_their_rest():
    assert slider_offsets(pose_from({"head_scale": 1.2, "eye_open": 0.5, "edtalk_happy": 1.0})) == {
        "head_scale": pytest.approx(0.2), "eye_open": -0.5
    }  # fmt: skip
    assert set(slider_changes(np.ones(len(READINGS)))) >= set(ASKED)


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_sliders_come_back_through_a_random_map(name):
    session, model = measured(name)
    calibration = session._rig._calibration
    assert calibration is not None and set(ASKED) <= set(calibration.weights)
    for slider, asked in ASKED.items():
        drawn = model.sliders(calibration.offset({slider: asked}, 26))
        print(name, slider, asked, {other: round(value, 3) for other, value in drawn.items()})
        for other, value in drawn.items():
            assert abs(value - (asked if other == slider else 0.0)) <= ALLOWED[other], (slider, other, value)


def test_a_head_turns_by_the_degrees_of_the_slider():
    session, _ = measured("hopper")
    angles = [_pose_of(frame(session, head_yaw=yaw, head_pitch=pitch)) for yaw, pitch in ((0, 0), (12, 0), (0, -8))]
    yaw, pitch = angles[1].yaw_deg - angles[0].yaw_deg, angles[2].pitch_deg - angles[0].pitch_deg
    print("seen", yaw, pitch)
    assert abs(yaw - 12) < 2.5 and abs(pitch + 8) < 2.5


def test_what_the_portrait_cannot_do_is_told_once():
    session, _ = measured("hopper")
    for amount in (0.3, 0.8):
        made = frame(session, gaze_x=amount)
        assert np.array_equal(made.pixels, picture("hopper"))
    told = [sentence for sentence in session.warnings if "cannot move" in sentence]
    assert len(told) == 1 and "Gaze X" in told[0] and "Head Yaw" not in told[0]


def test_a_portrait_is_measured_once_and_by_content():
    notes, models = NotesInMemory(), [PuppetModel(UNITS), PuppetModel(UNITS)]
    made = [
        frame(open_session([Picture(picture("astronaut"))], model=model, notes=notes), head_yaw=6.0) for model in models
    ]
    assert len(models[0].drawn) > 53 and len(models[1].drawn) <= 3
    assert np.array_equal(made[0].pixels, made[1].pixels)
    assert notes.told[-1] == (53, 53) and [done for done, _ in notes.told[:3]] == [0, 1, 2]


def test_a_cancel_is_heard_within_a_picture_and_nothing_is_drawn_twice():
    model, notes = StandInModel(full=False), NotesInMemory(cancel_at=12)
    source = open_session([Picture(picture("astronaut"))], model=model)._faces.of([0], Quality.FINAL)[0]
    calibrator = Calibrator(tracker(), model, "version")
    with pytest.raises(TalkingHeadError) as caught:
        calibrator.of(source, Quality.FINAL, lambda: None, notes, 1)
    assert caught.value.code is ErrorCode.CANCELLED
    assert sum(model.drawn) == 12
    calibrator.of(source, Quality.FINAL, lambda: None, notes, 1)
    assert sum(model.drawn) == 54


def test_a_preview_in_another_size_takes_what_was_measured():
    model = StandInModel(full=False)
    large, small = (Picture(cv2.resize(picture("hopper"), None, fx=f, fy=f)) for f in (1.0, 0.6))
    sources = [open_session([one], model=model)._faces.of([0], Quality.FINAL)[0] for one in (large, small)]
    other = open_session([Picture(picture("astronaut"))], model=model)._faces.of([0], Quality.FINAL)[0]
    calibrator = Calibrator(tracker(), model, "version")
    drawn = []
    for source, quality in ((sources[0], Quality.FINAL), (sources[1], Quality.PREVIEW), (other, Quality.PREVIEW)):
        calibrator.of(source, quality, lambda: None, None, 1)
        drawn.append(sum(model.drawn))
    calibrator.of(sources[1], Quality.FINAL, lambda: None, None, 1)
    assert np.diff([0, *drawn, sum(model.drawn)]).tolist() == [54, 0, 54, 54]


def test_pictures_that_show_no_face_leave_the_sliders_alone():
    model = StandInModel()
    model.picture = lambda code, row, moved: np.full((256, 256, 3), 0.5, np.float32)
    session = open_session([Picture(picture("astronaut"))], {"colour_match": False}, model=model)
    made = frame(session, head_yaw=10.0, jaw_open=0.5)
    assert np.array_equal(made.pixels, picture("astronaut"))
    assert len(model.drawn) == 1
    assert [sentence for sentence in session.warnings if "No face was recognized" in sentence]
    assert not np.array_equal(frame(session, edtalk_happy=1.0).pixels, picture("astronaut"))


def test_without_calibration_the_sliders_say_why_they_rest():
    model = StandInModel()
    session = open_session([Picture(picture("astronaut"))], {"calibrate": False}, model=model)
    assert np.array_equal(frame(session, head_yaw=10.0).pixels, picture("astronaut"))
    assert model.drawn == []
    assert session.warnings == ["The sliders of head, eyes, brows and mouth need Calibrate Sliders, which is off."]


def test_the_face_is_known_in_the_square():
    session = open_session([Picture(picture("astronaut"))], model=StandInModel())
    source = session._faces.of([0], Quality.FINAL)[0]
    found = tracker().faces(np.ascontiguousarray(source.crop[..., ::-1]))[0]
    assert np.abs(in_crop(source).landmarks[:, :2] - found.landmarks[:, :2]).mean() < 1.5


def _pose_of(made: Picture):
    found: Face | None = tracker().follow(made.pixels, face("hopper"))
    assert found is not None
    return head_pose(found.landmarks, tracker().mesh)
