# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses as data: the supplied set, files, mirror, blend."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.controls import BY_NAME, POSE_CONTROLS, POSE_NAMES, Group, checked_value, rest_pose
from inference.errors import TalkingHeadError
from inference.motion.poses import ENGINE_EXPRESSIONS, EXPRESSIONS, GROUPS, Pose, blended, checked_name, mirrored_pose

values = st.fixed_dictionaries({}, optional={c.name: st.floats(c.minimum, c.maximum) for c in POSE_CONTROLS})


def test_the_supplied_set_is_complete_and_in_range():
    names = [pose.name for pose in EXPRESSIONS]
    assert names == [
        "Neutral", "Smile", "Laugh", "Sad", "Angry", "Surprised", "Afraid", "Disgusted", "Wink", "Sleepy",
    ]  # fmt: skip
    for pose in EXPRESSIONS:
        for name, value in pose.values.items():
            assert checked_value(name, value) == value


def test_neutral_is_rest_of_everything():
    assert dict(EXPRESSIONS[0].values) == rest_pose()


def test_every_expression_sets_the_whole_face_so_that_nothing_of_the_last_one_stays():
    rig = {c.name for c in POSE_CONTROLS if not c.engine and c.group is not Group.HEAD}
    face = rig | {"head_pitch", "head_roll"} | set(ENGINE_EXPRESSIONS)
    for pose in EXPRESSIONS[1:]:
        assert set(pose.values) == face, pose.name
        assert dict(pose.values) != {name: BY_NAME[name].rest for name in face}


def test_expressions_differ():
    assert len({tuple(sorted(pose.values.items())) for pose in EXPRESSIONS}) == len(EXPRESSIONS)


def test_mirror_exchanges_the_sides():
    pose = {"wink_l": 1.0, "brow_r": -0.5, "head_yaw": 10.0, "head_roll": -3.0, "head_x": 0.1, "gaze_x": 0.4,
            "head_pitch": 5.0, "mouth_smile": 0.7, "liveportrait_pout": 0.2, "liveportrait_lip_open": 0.3}  # fmt: skip
    assert mirrored_pose(pose) == {
        "wink_r": 1.0, "brow_l": -0.5, "head_yaw": -10.0, "head_roll": 3.0, "head_x": -0.1, "gaze_x": -0.4,
        "head_pitch": 5.0, "mouth_smile": 0.7, "liveportrait_pout": -0.2, "liveportrait_lip_open": 0.3,
    }  # fmt: skip


@given(values)
def test_mirror_twice_is_the_pose_itself(pose):
    assert mirrored_pose(mirrored_pose(pose)) == pose


@given(values)
def test_mirrored_poses_stay_in_range(pose):
    for name, value in mirrored_pose(pose).items():
        checked_value(name, value)


def test_every_sided_control_changes_when_mirrored():
    """A new control whose name says left or right must not be forgotten in the table of mirror pairs."""
    for name in POSE_NAMES:
        if name.endswith(("_l", "_r")):
            assert set(mirrored_pose({name: 0.5})) == {name[:-1] + ("r" if name.endswith("l") else "l")}


def test_blend_goes_from_the_sliders_to_the_pose():
    current = {**rest_pose(), "jaw_open": 0.2, "head_yaw": 12.0}
    pose = {"jaw_open": 1.0, "eye_open": 0.0}
    assert blended(current, pose, 0.0) == {"jaw_open": 0.2, "eye_open": 1.0}
    assert blended(current, pose, 1.0) == pose
    assert blended(current, pose, 0.25) == pytest.approx({"jaw_open": 0.4, "eye_open": 0.75})


def test_blend_keeps_to_its_groups():
    pose = {name: BY_NAME[name].maximum for name in POSE_NAMES}
    for group in GROUPS:
        changed = blended(rest_pose(), pose, 1.0, {group})
        assert changed
        assert {BY_NAME[name].group for name in changed} == {group}


@given(values.filter(bool), st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60))
def test_text_brings_the_pose_back(pose, name):
    again = Pose.from_text(Pose(name, pose).to_text())
    assert again.name == name
    assert again.values == pytest.approx(pose, abs=1e-6)


def test_text_is_for_people():
    text = Pose("Größer", {"jaw_open": 0.1 + 0.2, "head_yaw": 3}).to_text()
    assert json.loads(text)["controls"] == {"head_yaw": 3, "jaw_open": 0.3}
    assert "Größer" in text


def good(**changes):
    return {"format": "talkinghead-pose", "version": 1, "name": "Grin", "controls": {"jaw_open": 0.5}, **changes}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "not a Talking Head pose"),
        ("[" * 100_000, "not a Talking Head pose"),
        ("[1, 2]", "not a Talking Head pose"),
        (good(format="something"), "not a Talking Head pose"),
        (good(version=2), "version 2"),
        (good(name=""), "name"),
        (good(name=5), "name"),
        (good(name="a\nb"), "name"),
        (good(name="x" * 61), "name"),
        (good(controls={}), "no slider"),
        (good(controls=[1]), "no slider"),
        (good(controls={"jaw_open": True}), "not a number"),
        (good(controls={"jaw_open": "1"}), "not a number"),
        (good(controls={"jaw_open": 3}), "outside"),
        (good(controls={"jaw_open": float("nan")}), "outside"),
        (good(controls={"ears": 1}), "no control named 'ears'"),
        (good(controls={"strength_head": 1}), "no control named"),
    ],
)
def test_what_is_no_pose_is_told(data, words):
    with pytest.raises(TalkingHeadError, match=words):
        Pose.from_text(data if isinstance(data, str) else json.dumps(data))


def test_names_lose_outer_space():
    assert checked_name("  My Grin ") == "My Grin"
