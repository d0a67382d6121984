# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from fractions import Fraction

import motion_pickles
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.controls import BY_NAME
from inference.errors import TalkingHeadError
from inference.workflow import expression_editor, keypoints
from inference.workflow.files import read_plan
from inference.workflow.motion_files import expression_plan, head_angles, template_plan
from inference.workflow.plan import Key, Plan

EVERY = {
    "rotate_pitch": 4.0, "rotate_yaw": -7.5, "rotate_roll": 3.5, "blink": -12.0, "eyebrow": 9.0, "wink": 5.0,
    "pupil_x": -6.0, "pupil_y": 4.5, "aaa": 84.0, "eee": -3.2, "woo": 6.4, "smile": 0.55,
}  # fmt: skip


def saved(sliders: dict[str, float], **more: object) -> bytes:
    """What SaveExpData writes for an editor with these sliders."""
    e = keypoints.offsets(sliders).astype(np.float32)[None]
    return motion_pickles.exp_file(e, keypoints.rotation(sliders).astype(np.float32), **more)


def pose(plan: Plan) -> dict[str, float]:
    assert all((key.frame, key.interpolation) == (1, "CONSTANT") for key in plan.keys)
    return {key.control: key.value for key in plan.keys}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_sliders_of_an_expression_come_back(protocol):
    plan = expression_plan(saved(EVERY, protocol=protocol))
    assert pose(plan) == pytest.approx(expression_editor.to_rig(EVERY)[0], abs=1e-5)
    assert (plan.not_understood, plan.frames, plan.strips) == ((), 1, ())


def test_tensors_in_torchs_newer_form():
    e = keypoints.offsets(EVERY).astype(np.float32)[None]
    packed = motion_pickles.tensor(e, motion_pickles.zipped_storage(e))
    content = motion_pickles.exp_file(packed, keypoints.rotation(EVERY).astype(np.float32))
    assert pose(expression_plan(content)) == pytest.approx(expression_editor.to_rig(EVERY)[0], abs=1e-5)


def slider_values() -> st.SearchStrategy[dict[str, float]]:
    """Sliders on their own steps, as users leave them."""
    ranges = {
        slider.name: st.integers(round(slider.minimum * 2), round(slider.maximum * 2)).map(lambda n: n / 2)
        for slider in expression_editor.SLIDERS
        if slider.name != "smile"
    }
    return st.fixed_dictionaries({**ranges, "smile": st.integers(-30, 130).map(lambda n: n / 100)})


@settings(max_examples=60, deadline=None)
@given(slider_values())
def test_any_sliders_come_back_from_the_file(sliders):
    plan = expression_plan(saved(sliders))
    expected, losses = expression_editor.to_rig(sliders)
    found = pose(plan)
    for name in {*expected, *found}:
        rest = BY_NAME[name].rest
        assert found.get(name, rest) == pytest.approx(expected.get(name, rest), abs=2e-4), name
    assert len(plan.not_understood) == len(losses)


@settings(max_examples=30, deadline=None)
@given(st.lists(slider_values(), min_size=1, max_size=4))
def test_a_fit_finds_the_sliders_that_made_offsets(rows):
    wanted = np.stack([keypoints.offsets(row) for row in rows])
    fitted = keypoints.fit(wanted)
    np.testing.assert_allclose(fitted.sliders, [[row[name] for name in keypoints.NAMES] for row in rows], atol=2e-3)
    assert np.abs(fitted.rest).max() <= keypoints.EXACT


def test_offsets_are_those_of_the_published_formulas():
    e = keypoints.offsets({"smile": 1.0, "aaa": 100.0, "pupil_y": 10.0, "blink": -20.0})
    blink = -20.0 - 10.0 / 2
    assert e[20, 1] == pytest.approx(-0.01)
    assert e[19, 1] == pytest.approx(0.1)
    assert e[17, 1] == pytest.approx(0.0065 - 0.01)
    assert e[11, 1] == pytest.approx(-0.01 - 0.001 * blink)
    assert e[16, 1] == pytest.approx(0.0003 * blink - 0.00275)
    assert e[2, 1] == pytest.approx(0.00025 * blink)
    assert keypoints.rotation({"aaa": 100.0, "wink": 20.0, "rotate_yaw": 5.0}) == pytest.approx([-5, -7, -2])


def test_what_no_slider_makes_is_told_with_its_place():
    e = keypoints.offsets({"smile": 0.5})
    e[8, 2] += 0.02
    plan = expression_plan(motion_pickles.exp_file(e.astype(np.float32)[None], np.zeros(3, np.float32)))
    assert pose(plan) == pytest.approx({"mouth_smile": 0.5}, abs=1e-4)
    (problem,) = plan.not_understood
    assert "no combination of the ExpressionEditor's sliders" in problem.reason
    assert "key points 8" in problem.reason


def test_sliders_stay_within_the_rig_where_they_only_come_near():
    generator = np.random.default_rng(1)
    wanted = generator.normal(0, 0.05, (40, 21, 3))
    fitted = keypoints.fit(wanted)
    for row in fitted.sliders:
        assert expression_editor.to_rig(dict(zip(keypoints.NAMES, np.round(row, 9), strict=True)))[1] == []
    nothing = np.square(wanted).sum()
    assert np.square(fitted.rest).sum() < nothing


def test_a_scale_becomes_head_scale():
    assert pose(expression_plan(saved({}, s=np.float32(0.125).item())))["head_scale"] == 1.125


def moved(exp: list[dict[str, float]], angles: list[tuple[float, float, float]], **more: object) -> bytes:
    frames = [
        motion_pickles.frame(motion_pickles.rotation(*angle), keypoints.offsets(sliders) + 0.01)
        for sliders, angle in zip(exp, angles, strict=True)
    ]
    return motion_pickles.template(frames, **more)


def curve(plan: Plan, control: str) -> list[float]:
    keys = [key for key in plan.keys if key.control == control]
    assert [(key.frame, key.interpolation) for key in keys] == [(i, "LINEAR") for i in range(1, len(keys) + 1)]
    return [key.value for key in keys]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_template_becomes_keys_at_every_frame(protocol):
    exp = [{"aaa": 0.0}, {"aaa": 60.0}, {"aaa": 120.0, "smile": 0.5}]
    angles = [(2.0, -3.0, 1.0), (2.0, -3.0, 6.0), (2.0, -3.0, -9.0)]
    plan = template_plan(moved(exp, angles, protocol=protocol, fps=np.float64(29.97)))
    assert (plan.frames, plan.rate) == (3, Fraction("29.97"))
    assert curve(plan, "jaw_open") == pytest.approx([0, 0.5, 1], abs=1e-4)
    assert curve(plan, "mouth_smile") == pytest.approx([0, 0, 0.5], abs=1e-4)
    assert plan.not_understood == ()


def test_rotations_of_a_template_from_a_frontal_first_frame():
    angles = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 30.0), (5.0, -7.0, 9.0)]
    plan = template_plan(moved([{}] * 5, angles))
    assert curve(plan, "head_pitch") == pytest.approx([0, -10, 0, 0, -5], abs=1e-4)
    assert curve(plan, "head_yaw") == pytest.approx([0, 0, -20, 0, 7], abs=1e-4)
    assert curve(plan, "head_roll") == pytest.approx([0, 0, 0, 30, 9], abs=1e-4)


@given(st.tuples(*[st.floats(-60, 60)] * 3))
def test_angles_come_back_from_rotations(angles):
    turn = motion_pickles.rotation(*angles)[None]
    np.testing.assert_allclose(head_angles(turn)[0], angles, atol=1e-9)


def test_scale_and_place_of_a_template():
    still = np.zeros((21, 3))
    frames = [
        motion_pickles.frame(np.eye(3), still, scale=1.5, t=(0.1, 0.2, 5)),
        motion_pickles.frame(np.eye(3), still, scale=1.65, t=(0.2, 0.1, 9)),
    ]
    plan = template_plan(motion_pickles.template(frames))
    assert curve(plan, "head_scale") == pytest.approx([1, 1.1])
    assert curve(plan, "head_x") == pytest.approx([0, 0.11], abs=1e-6)
    assert curve(plan, "head_y") == pytest.approx([0, 0.11], abs=1e-6)


def test_what_a_template_cannot_carry_is_listed():
    frames = [motion_pickles.frame(motion_pickles.rotation(0, yaw, 0), np.zeros((21, 3))) for yaw in (0, 60)]
    frames[1]["R_d"] = frames[1].pop("R")  # an older name
    lists = {"c_eyes_lst": [np.ones((1, 2), np.float32)], "mood": "happy"}
    plan = template_plan(motion_pickles.template(frames, fps=None, **lists))
    assert curve(plan, "head_yaw") == pytest.approx([0, -45], abs=1e-5)
    assert plan.rate == 25
    assert [item.what for item in plan.not_understood] == ["c_eyes_lst", "'mood'", "head_yaw", "output_fps = None"]


def blinking(openness: list[tuple[float, float]], name: str) -> bytes:
    """A motion that no sliders make, with measured eyes (of the image's left and right)."""
    noise = np.random.default_rng(3).normal(0, 0.002, (len(openness), 21, 3))
    lids = [keypoints.offsets({"blink": -14 * (2 - right - left) / 2}) for right, left in openness]
    frames = [motion_pickles.frame(np.eye(3), exp) for exp in np.array(lids) + noise]
    eyes = [np.array([[0.3 * right, 0.3 * left]], np.float32) for right, left in openness]
    return motion_pickles.template(frames, **{name: eyes})


@pytest.mark.parametrize("name", ["c_eyes_lst", "c_d_eyes_lst"])
def test_measured_lids_count_where_sliders_only_come_near(name):
    openness = [(1, 1), (0.5, 0.5), (0, 0), (1, 1), (0, 1), (0, 1), (1, 0), (1.2, 1.2)]
    plan = template_plan(blinking(openness, name))
    assert curve(plan, "eye_open") == pytest.approx([1, 0.5, 0, 1, 1, 1, 1, 1.2], abs=1e-5)
    assert curve(plan, "wink_r") == pytest.approx([0, 0, 0, 0, 1, 1, 0, 0], abs=1e-5)
    assert curve(plan, "wink_l") == pytest.approx([0, 0, 0, 0, 0, 0, 1, 0], abs=1e-5)
    assert name not in " ".join(item.what for item in plan.not_understood)


@pytest.mark.parametrize("openness", [[(0.1, 1), (1, 1)], [(1, 1)] * 3])
def test_lids_that_were_not_measured_from_open_eyes_do_not_count(openness):
    content = blinking(openness, "c_eyes_lst") if len(openness) == 2 else motion_pickles.template(
        [motion_pickles.frame(np.eye(3), exp) for exp in np.random.default_rng(3).normal(0, 0.002, (2, 21, 3))],
        c_eyes_lst=[np.full((1, 2), 0.3, np.float32)] * 3,
    )  # fmt: skip
    plan = template_plan(content)
    assert "wink_l" not in {key.control for key in plan.keys}
    assert plan.not_understood[0].what == "c_eyes_lst"


@pytest.mark.parametrize(
    "content",
    [
        motion_pickles.template([]),
        motion_pickles.template([{"R": np.eye(3)}]),
        motion_pickles.template([motion_pickles.frame(np.eye(3), np.zeros((20, 3)))]),
        motion_pickles.template([motion_pickles.frame(np.full((3, 3), np.nan), np.zeros((21, 3)))]),
        motion_pickles.template([motion_pickles.frame(np.eye(3), np.zeros((21, 3)), scale=0)]),
        motion_pickles.template([5]),  # type: ignore[list-item]
        motion_pickles.exp_file(np.zeros((1, 21, 3), np.float32), np.zeros(3, np.float32)),
        b"",
        b"not a pickle",
    ],
)
def test_templates_without_a_motion_are_refused(content):
    with pytest.raises(TalkingHeadError, match="was not read") as refused:
        template_plan(content)
    assert "Nothing in it was run" in refused.value.hint


@pytest.mark.parametrize(
    "content",
    [
        motion_pickles.exp_file(np.zeros((1, 20, 3), np.float32), np.zeros(3, np.float32)),
        motion_pickles.exp_file(np.zeros((1, 21, 3), np.float32), "zero"),
        motion_pickles.exp_file(np.full((1, 21, 3), np.inf, np.float32), np.zeros(3, np.float32)),
        motion_pickles.template([motion_pickles.frame(np.eye(3), np.zeros((21, 3)))]),
    ],
)
def test_expressions_without_offsets_are_refused(content):
    with pytest.raises(TalkingHeadError, match="was not read"):
        expression_plan(content)


def test_files_are_told_by_their_names(tmp_path):
    (tmp_path / "a.exp").write_bytes(saved({"smile": 0.5}))
    (tmp_path / "b.PKL").write_bytes(moved([{}, {"aaa": 60.0}], [(0, 0, 0)] * 2))
    assert read_plan(tmp_path / "a.exp").keys == (Key("mouth_smile", 1, 0.5, "CONSTANT"),)
    assert read_plan(tmp_path / "b.PKL").frames == 2
