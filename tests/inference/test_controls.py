# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of controls."""

from __future__ import annotations

import math

import pytest

from inference.controls import (
    BY_NAME,
    CONTROLS,
    POSE_NAMES,
    RIG_NAMES,
    Group,
    checked_value,
    controls_in,
    names_for,
    pose_from,
    rest_pose,
)
from inference.errors import ErrorCode, TalkingHeadError

# These names are F-curve paths in users' files. A name may be added at the end of its group, never changed or removed.
NAMES = """head_pitch head_yaw head_roll head_x head_y head_scale
eye_open wink_l wink_r gaze_x gaze_y brow brow_l brow_r
jaw_open mouth_wide mouth_pucker mouth_smile mouth_close strength_head strength_eyes strength_brows strength_mouth
strength_blinks strength_sway liveportrait_pout liveportrait_purse liveportrait_grin liveportrait_lip_open
liveportrait_eye_ratio liveportrait_lip_ratio liveportrait_source_ratio liveportrait_sample_expression
liveportrait_sample_rotation liveportrait_sample_mouth liveportrait_sample_eyes
tpsmm_move_x tpsmm_move_y tpsmm_turn tpsmm_scale tpsmm_gain
edtalk_angry edtalk_contempt edtalk_disgusted edtalk_fear edtalk_happy edtalk_sad edtalk_surprised edtalk_neutral"""
NUMBERED = {"mouth": 20, "pose": 6, "expression": 10}


def test_names_are_those_of_users_files():
    weights = [f"edtalk_{what}_{number:02d}" for what, count in NUMBERED.items() for number in range(1, count + 1)]
    assert [control.name for control in CONTROLS] == [*NAMES.split(), *weights]
    assert BY_NAME["head_yaw"].property_name == "th_head_yaw"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_limits_and_texts(control):
    low, high = control.soft_range
    assert control.minimum <= low <= control.rest <= high <= control.maximum
    assert control.label.istitle()
    assert control.description[0].isupper()
    assert not control.description.endswith(".")


def test_groups_cover_the_table_in_order():
    assert [control for group in Group for control in controls_in(group)] == list(CONTROLS)
    assert "strength_head" not in POSE_NAMES


def test_the_rig_comes_first_and_an_engines_own_controls_follow():
    # Tracks and frames that were made before an engine came keep their meaning.
    assert POSE_NAMES[: len(RIG_NAMES)] == RIG_NAMES
    assert names_for("puppet") == RIG_NAMES
    groups = {
        "liveportrait": (Group.LIVEPORTRAIT,),
        "tpsmm": (Group.TPSMM,),
        "edtalk": (Group.EMOTION, Group.EDTALK_WEIGHTS),
    }
    for engine, of_engine in groups.items():
        own = names_for(engine)[len(RIG_NAMES) :]
        assert own == tuple(control.name for group in of_engine for control in controls_in(group))
        assert all(name.startswith(f"{engine}_") for name in own)


def test_pose_from_fills_with_rest():
    assert pose_from({"head_yaw": 15}) == {**rest_pose(), "head_yaw": 15.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nose", 1), ("strength_head", 1), ("head_yaw", 46), ("head_yaw", -46), ("head_yaw", math.nan),
        ("head_yaw", math.inf), ("head_yaw", "much"), ("head_yaw", None), ("head_yaw", 10**400),
    ],
)  # fmt: skip
def test_what_is_refused(name, value):
    with pytest.raises(TalkingHeadError) as caught:
        checked_value(name, value)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert name in caught.value.message
