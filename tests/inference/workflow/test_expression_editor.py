# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.controls import BY_NAME
from inference.workflow import expression_editor as editor

ENDS = [
    ("rotate_pitch", 10, "head_pitch", -10),
    ("rotate_pitch", -20, "head_pitch", 20),
    ("rotate_yaw", 20, "head_yaw", 20),
    ("rotate_roll", 7.5, "head_roll", 7.5),
    ("blink", -20, "eye_open", 0),
    ("blink", -5, "eye_open", 0.75),
    ("blink", 5, "eye_open", 1.5),
    ("eyebrow", 15, "brow", 1),
    ("eyebrow", -10, "brow", -1),
    ("eyebrow", -5, "brow", -0.5),
    ("wink", 25, "wink_r", 1),
    ("pupil_x", 15, "gaze_x", 1),
    ("pupil_y", -7.5, "gaze_y", -0.5),
    ("aaa", 120, "jaw_open", 1),
    ("aaa", -30, "mouth_close", 1),
    ("eee", 15, "mouth_wide", 1),
    ("woo", -7.5, "mouth_pucker", -0.5),
    ("smile", 1, "mouth_smile", 1),
    ("smile", -0.3, "mouth_smile", -0.3),
]


@pytest.mark.parametrize(("slider", "value", "control", "expected"), ENDS)
def test_one_slider_moves_one_control(slider, value, control, expected):
    values, losses = editor.to_rig({slider: value})
    assert values == pytest.approx({control: expected})
    assert losses == []


def test_resting_sliders_move_nothing():
    assert editor.to_rig(dict.fromkeys(editor.NAMES, 0.0)) == ({}, [])


def matrix(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Rz(roll) Ry(yaw) Rx(pitch), angles in degrees: how LivePortrait turns a point (x right, y down, z inwards)."""
    p, y, r = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


NOSE, FOREHEAD = np.array([0, 0, -1.0]), np.array([0, -1.0, 0])


@pytest.mark.parametrize("slider", [-12.0, 12.0])
def test_rotations_move_the_nose_as_the_rig_says(slider):
    pitch = editor.to_rig({"rotate_pitch": slider})[0]["head_pitch"]
    assert np.sign(pitch) == -np.sign((matrix(slider, 0, 0) @ NOSE)[1]), "up is towards smaller y"
    yaw = editor.to_rig({"rotate_yaw": slider})[0]["head_yaw"]
    assert np.sign(yaw) == np.sign((matrix(0, -slider, 0) @ NOSE)[0]), "the node negates its yaw slider"
    roll = editor.to_rig({"rotate_roll": slider})[0]["head_roll"]
    assert np.sign(roll) == np.sign((matrix(0, 0, slider) @ FOREHEAD)[0]), "clockwise takes the forehead right"


def in_rig(slider: editor.Slider) -> st.SearchStrategy[float]:
    """Positions of a slider that the rig can hold."""
    ends = []
    for side in (slider.above, slider.below):
        control = BY_NAME[side.control]
        ends += [side.to_slider(control.minimum), side.to_slider(control.maximum)]
    low = max(slider.minimum, min(ends)) if slider.above is slider.below else slider.minimum
    high = min(slider.maximum, max(ends)) if slider.above is slider.below else slider.maximum
    return st.floats(low, high)


@given(st.fixed_dictionaries({slider.name: in_rig(slider) for slider in editor.SLIDERS}))
def test_nothing_is_lost_on_the_way_to_the_rig_and_back(sliders):
    values, losses = editor.to_rig(sliders)
    assert losses == []
    back = editor.from_rig(values)
    assert back == pytest.approx(sliders, abs=1e-12)
    assert editor.to_rig(back)[0] == pytest.approx(values, abs=1e-12)


@given(st.sampled_from(editor.CONTROLS), st.floats(0, 1))
def test_every_control_of_the_editor_comes_back_from_its_sliders(name, part):
    control = BY_NAME[name]
    value = control.minimum + part * (control.maximum - control.minimum)
    values, losses = editor.to_rig(editor.from_rig({name: value}))
    assert losses == []
    assert values.get(name, control.rest) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("slider", "value", "control", "given_value"),
    [("smile", 1.3, "mouth_smile", 1), ("eee", -20, "mouth_wide", -1), ("wink", -3, "wink_r", 0)],
)
def test_what_the_rig_cannot_hold_is_told(slider, value, control, given_value):
    values, losses = editor.to_rig({slider: value})
    assert values.get(control, BY_NAME[control].rest) == given_value
    (loss,) = losses
    assert (loss.slider, loss.slider_value, loss.control, loss.given) == (slider, value, control, given_value)
    assert loss.wanted != loss.given
