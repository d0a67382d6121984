# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses on strips: apply, blend, groups, keys, clipboard."""

from __future__ import annotations

import types

import bpy
import installed_extension
import pose_session
import pytest
import sequencer
import talking
from pose_session import supplied


@pytest.fixture(autouse=True)
def clean(addon, monkeypatch):
    pose_session.start(monkeypatch)
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut)


def sliders(strip) -> dict[str, float]:
    return {name: getattr(strip, f"th_{name}") for name in talking.shared("controls").POSE_NAMES}


def curves(strip) -> dict[str, list[tuple[float, float]]]:
    found = {}
    for curve in talking.core("compat").fcurves_of(strip.id_data):
        name = curve.data_path.rpartition(".th_")[2]
        found[name] = [(key.co.x, key.co.y) for key in curve.keyframe_points]
    return found


def test_every_supplied_pose_reaches_the_sliders(portrait):
    for pose in talking.shared("motion.poses").SUPPLIED:
        assert bpy.ops.talkinghead.apply_pose(pose=pose.name) == {"FINISHED"}
        now = sliders(portrait)
        assert {name: now[name] for name in pose.values} == pytest.approx(dict(pose.values), abs=1e-6)


def test_pose_leaves_other_sliders_alone(portrait):
    portrait.th_head_yaw, portrait.th_mouth_smile = 12.0, 0.5
    bpy.ops.talkinghead.apply_pose(pose="Oo")
    assert (portrait.th_head_yaw, portrait.th_mouth_smile) == (12.0, 0.5)


def test_blend_goes_part_of_the_way(portrait):
    portrait.th_brow = -0.5
    bpy.ops.talkinghead.apply_pose(pose="Surprised", blend=0.5)
    assert portrait.th_brow == pytest.approx(0.25)
    assert portrait.th_jaw_open == pytest.approx(supplied("Surprised").values["jaw_open"] / 2)


def test_groups_limit_what_is_set(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Surprised", groups={"brows"})
    assert portrait.th_brow == 1.0
    assert portrait.th_jaw_open == 0.0
    with pytest.raises(RuntimeError, match="no slider of the chosen groups"):
        bpy.ops.talkinghead.apply_pose(pose="Oo", groups={"head", "eyes"})


def test_mirrored_wink_closes_the_other_eye(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Wink", mirrored=True)
    assert (portrait.th_wink_l, portrait.th_wink_r) == (0.0, 1.0)
    assert portrait.th_head_roll == pytest.approx(-supplied("Wink").values["head_roll"])


def test_unknown_pose_is_told(portrait):
    with pytest.raises(RuntimeError, match="no pose named 'Nobody'"):
        bpy.ops.talkinghead.apply_pose(pose="Nobody")


def test_without_a_pose_the_selected_one_is_taken(portrait):
    bpy.context.window_manager.th_pose = "EXPRESSIONS:Sleepy"
    bpy.ops.talkinghead.apply_pose()
    assert portrait.th_eye_open == pytest.approx(supplied("Sleepy").values["eye_open"])


@pytest.mark.parametrize(("told", "blend"), [(set(), 0.5), ({"blend"}, 1.0)])
def test_button_takes_the_settings_of_the_panel_unless_it_is_told(portrait, told, blend):
    """Background Blender never invokes operators, so a stand-in is invoked here."""
    manager = bpy.context.window_manager
    manager.th_pose_blend, manager.th_pose_groups, manager.th_pose_key = 0.5, {"brows"}, True
    operator = installed_extension.module("operators.poses").TALKINGHEAD_OT_apply_pose
    stand_in = types.SimpleNamespace(
        from_panel=operator.from_panel,
        properties=types.SimpleNamespace(is_property_set=lambda name: name in told),
        blend=1.0,
        execute=lambda context: {"FINISHED"},
    )
    try:
        assert operator.invoke(stand_in, bpy.context, None) == {"FINISHED"}
        assert (stand_in.blend, stand_in.groups, stand_in.key) == (blend, {"brows"}, True)
    finally:
        manager.th_pose_groups = talking.core("poses.pose_gallery").ALL_GROUPS


def test_no_pose_operator_remembers_its_last_call():
    for name in ("apply_pose", "paste_pose", "paste_pose_mirrored", "mirror_pose"):
        properties = getattr(bpy.ops.talkinghead, name).get_rna_type().properties
        assert all(prop.is_skip_save for prop in properties if prop.identifier != "rna_type"), name


def test_key_inserts_keys_for_what_changes_and_for_what_is_animated(scene, portrait):
    talking.key(portrait, "gaze_x", 1, 0.0)
    talking.key(portrait, "gaze_x", 20, 0.0)
    talking.key(portrait, "head_yaw", 1, 5.0)
    scene.frame_set(7)
    bpy.ops.talkinghead.apply_pose(pose="Smile", key=True)
    keyed = curves(portrait)
    rest = talking.shared("controls").rest_pose()
    pose = supplied("Smile").values
    changed = {name for name, value in pose.items() if value != rest[name]}
    assert {name for name, keys in keyed.items() if any(frame == 7 for frame, _ in keys)} == changed | {"gaze_x"}
    assert keyed["mouth_smile"] == [(7.0, pytest.approx(pose["mouth_smile"]))]
    assert keyed["head_yaw"] == [(1.0, 5.0)]  # the pose does not name it


def test_without_key_auto_keying_decides(scene, portrait):
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert curves(portrait) == {}
    scene.tool_settings.use_keyframe_insert_auto = True
    try:
        bpy.ops.talkinghead.apply_pose(pose="Wink")
        assert "wink_l" in curves(portrait)
    finally:
        scene.tool_settings.use_keyframe_insert_auto = False


def test_auto_keying_of_available_curves_only(scene, portrait):
    talking.key(portrait, "wink_l", 1, 0.0)
    scene.frame_set(5)
    bpy.context.preferences.edit.use_keyframe_insert_available = True
    scene.tool_settings.use_keyframe_insert_auto = True
    try:
        bpy.ops.talkinghead.apply_pose(pose="Wink")
    finally:
        scene.tool_settings.use_keyframe_insert_auto = False
    assert set(curves(portrait)) == {"wink_l"}
    assert len(curves(portrait)["wink_l"]) == 2


def test_keys_go_into_the_group_of_the_add_on(portrait):
    bpy.ops.talkinghead.apply_pose(pose="Wink", key=True)
    names = {curve.group.name for curve in talking.core("compat").fcurves_of(portrait.id_data)}
    assert names == {talking.core("performance.curves").group_name(portrait)}


def test_locked_curve_is_told_before_anything_moves(portrait):
    talking.key(portrait, "wink_l", 1, 0.0)
    talking.core("performance.curves").find(portrait, "wink_l").lock = True
    before = sliders(portrait)
    with pytest.raises(RuntimeError, match="is locked"):
        bpy.ops.talkinghead.apply_pose(pose="Wink", key=True)
    assert sliders(portrait) == before


def test_copy_and_paste_between_strips(scene, portrait, astronaut):
    bpy.ops.talkinghead.apply_pose(pose="Angry")
    portrait.th_head_yaw = 9.0
    assert bpy.ops.talkinghead.copy_pose() == {"FINISHED"}
    other = sequencer.add_image(astronaut, "Other", channel=3)
    other.th_wink_l = 1.0
    assert bpy.ops.talkinghead.paste_pose() == {"FINISHED"}
    assert sliders(other) == pytest.approx(sliders(portrait), abs=1e-5)
    assert bpy.ops.talkinghead.paste_pose_mirrored() == {"FINISHED"}
    assert other.th_head_yaw == pytest.approx(-9.0)


@pytest.mark.parametrize("name", ["   ", "two\tparts", "x" * 59 + " y", "名" * 20])
def test_pose_of_a_strip_of_any_name_can_be_pasted(portrait, name):
    portrait.name, portrait.th_jaw_open = name, 0.4
    assert bpy.ops.talkinghead.copy_pose() == {"FINISHED"}
    portrait.th_jaw_open = 0.0
    assert bpy.ops.talkinghead.paste_pose() == {"FINISHED"}
    assert portrait.th_jaw_open == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["", "Hello", '{"format": "talkinghead-performance"}', '{"a": 1'])
def test_paste_of_something_else_says_so_and_moves_nothing(portrait, text):
    talking.core("poses.poses").write_clipboard(text)
    before = sliders(portrait)
    with pytest.raises(RuntimeError, match="clipboard holds no usable pose"):
        bpy.ops.talkinghead.paste_pose()
    assert sliders(portrait) == before


def test_mirror_exchanges_the_sides_of_the_sliders(portrait):
    portrait.th_brow_l, portrait.th_brow_r, portrait.th_gaze_x, portrait.th_head_yaw = 0.5, -0.25, 0.4, 10.0
    bpy.ops.talkinghead.mirror_pose(groups={"brows", "eyes"})
    assert (portrait.th_brow_l, portrait.th_brow_r) == (-0.25, 0.5)
    assert portrait.th_gaze_x == pytest.approx(-0.4)
    assert portrait.th_head_yaw == 10.0
    with pytest.raises(RuntimeError, match="No group"):
        bpy.ops.talkinghead.mirror_pose(groups=set())


def test_poses_act_on_the_source_of_a_selected_result(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    sequencer.select(talking.result_of(source))
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert source.th_mouth_smile > 0.5
    assert talking.result_of(source).th_mouth_smile == 0.0
