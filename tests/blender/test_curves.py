# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of sliders: written into the scene's own action, read back as they are, refused where they would not count."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import sequencer
from rendered_jobs import core, shared

NAME = "head_yaw"


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut, name='Miss "A"', start=1, length=100)


def curve_of(strip, name=NAME):
    return core("performance.curves").find(strip, name)


def keys_of(strip, name=NAME):
    points = curve_of(strip, name).keyframe_points
    return [(point.co.x, round(point.co.y, 5), point.interpolation) for point in points]


def sampled(scene, strip, frames, name=NAME):
    performance = core("strips.sampling").sample(scene, strip, frames)
    return performance.values[:, shared("controls").POSE_NAMES.index(name)]


def error():
    return shared("errors").TalkingHeadError


def test_the_numbers_are_blenders():
    properties = bpy.types.Keyframe.bl_rna.properties
    keys = core("performance.curve_keys")
    numbers = {item.identifier: item.value for item in properties["interpolation"].enum_items}
    assert {name: numbers[name] for name in keys.INTERPOLATIONS} == keys.INTERPOLATIONS
    types = {item.identifier: item.value for item in properties["handle_left_type"].enum_items}
    assert (types["ALIGNED"], types["AUTO_CLAMPED"]) == (keys.ALIGNED, keys.AUTO_CLAMPED)


def test_inserted_keys_animate_the_slider(scene, portrait):
    core("performance.curves").insert(portrait, NAME, [(10, 10, "LINEAR"), (1, 1, "LINEAR"), (20, -5, "CONSTANT")])
    assert keys_of(portrait) == [(1, 1, "LINEAR"), (10, 10, "LINEAR"), (20, -5, "CONSTANT")]
    np.testing.assert_allclose(sampled(scene, portrait, [1, 4, 10, 20, 30]), [1, 4, 10, -5, -5], atol=1e-4)
    assert curve_of(portrait).group.name == 'Talking Head: Miss "A"'


def test_inserted_keys_take_the_place_of_those_of_their_frames(scene, portrait):
    core("performance.curves").insert(portrait, NAME, [(1, 1, "LINEAR"), (10, 2, "LINEAR"), (20, 3, "LINEAR")])
    core("performance.curves").insert(portrait, NAME, [(10, 5, "BEZIER"), (10, 6, "BEZIER"), (15, 7, "LINEAR")])
    assert keys_of(portrait) == [(1, 1, "LINEAR"), (10, 6, "BEZIER"), (15, 7, "LINEAR"), (20, 3, "LINEAR")]


def test_smooth_keys_have_automatic_handles(scene, portrait):
    core("performance.curves").insert(portrait, NAME, [(1, 0, "BEZIER"), (21, 10, "BEZIER")])
    by_hand = sequencer.strips().new_image(name="Other", filepath=portrait.directory, channel=5, frame_start=1)
    for frame, value in ((1, 0), (21, 10)):
        by_hand.th_head_yaw = value
        by_hand.keyframe_insert("th_head_yaw", frame=frame)
    frames = range(1, 22)
    np.testing.assert_allclose(sampled(scene, portrait, frames), sampled(scene, by_hand, frames), atol=1e-4)


def test_replaced_range_keeps_what_is_outside(scene, portrait):
    core("performance.curves").insert(portrait, NAME, [(frame, frame / 10, "LINEAR") for frame in (1, 10, 15, 20, 30)])
    key = shared("motion.key_reduction").Key
    new = [key(10.0, 5.0, (7, 5), (13, 5)), key(20.0, 8.0, (17, 8), (23, 8))]
    core("performance.curves").replace(portrait, NAME, new)
    assert keys_of(portrait) == [
        (1, 0.1, "LINEAR"), (10, 5, "BEZIER"), (20, 8, "BEZIER"), (30, 3, "LINEAR")
    ]  # fmt: skip


def test_handles_stay_as_written(scene, portrait):
    values = np.sin(np.arange(60) / 6) * 20
    keys = shared("motion.key_reduction").reduced(values, 5, 0.1)
    core("performance.curves").replace(portrait, NAME, keys)
    points = curve_of(portrait).keyframe_points
    for key, point in zip(keys, points, strict=True):
        assert (point.handle_left_type, point.handle_right_type) == ("ALIGNED", "ALIGNED")
        np.testing.assert_allclose([*point.handle_left, *point.handle_right], [*key.left, *key.right], atol=1e-4)
    np.testing.assert_allclose(sampled(scene, portrait, range(5, 65)), values, atol=0.1001)


def test_what_is_read_can_be_written(scene, portrait):
    for frame, value in ((1, 0), (7, 20), (30, -3)):
        portrait.th_head_yaw = value
        portrait.keyframe_insert("th_head_yaw", frame=frame)
    point = curve_of(portrait).keyframe_points[1]
    point.interpolation, point.easing, point.amplitude, point.period = "ELASTIC", "EASE_IN", 2.5, 3.0
    point.type = "EXTREME"
    curve_of(portrait).keyframe_points[0].handle_right_type = "FREE"
    curve_of(portrait).keyframe_points[0].handle_right = (4, 12)
    curve_of(portrait).update()
    before = sampled(scene, portrait, range(1, 40))
    keys = core("performance.curves").read(portrait, NAME)
    core("performance.curves").write(portrait, NAME, keys)
    again = core("performance.curves").read(portrait, NAME)
    for name in keys.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(keys, name))
    np.testing.assert_array_equal(sampled(scene, portrait, range(1, 40)), before)


def test_each_strip_has_its_own_group_and_curves(scene, portrait, hopper):
    other = sequencer.add_image(hopper, name="Other", channel=3)
    for strip in (portrait, other):
        core("performance.curves").insert(strip, NAME, [(1, 3, "LINEAR")])
        core("performance.curves").insert(strip, "jaw_open", [(1, 0.5, "LINEAR")])
    groups = {curve.group.name for curve in core("compat").fcurves_of(scene)}
    assert groups == {'Talking Head: Miss "A"', "Talking Head: Other"}
    assert len(core("compat").fcurves_of(scene)) == 4
    assert core("performance.curves").animated(other, ["jaw_open", "brow", NAME]) == ("jaw_open", NAME)
    core("performance.curves").remove(other, NAME)
    assert core("performance.curves").animated(other, [NAME]) == ()
    assert core("performance.curves").animated(portrait, [NAME]) == (NAME,)
    core("performance.curves").remove(other, NAME)


def test_long_names_share_one_group(scene, portrait):
    portrait.name = "ü" * 40
    core("performance.curves").insert(portrait, NAME, [(1, 3, "LINEAR")])
    core("performance.curves").insert(portrait, "jaw_open", [(1, 0.5, "LINEAR")])
    groups = {curve.group.name for curve in core("compat").fcurves_of(scene)}
    assert len(groups) == 1
    assert next(iter(groups)).startswith("Talking Head: üü")


def test_keys_of_an_action_that_is_there_already(scene, portrait):
    scene.keyframe_insert("audio_volume", frame=1)
    core("performance.curves").insert(portrait, NAME, [(1, 3, "LINEAR")])
    assert len(core("compat").fcurves_of(scene)) == 2
    assert len(bpy.data.actions) == 1


def test_scenes_that_share_an_action_keep_their_own_curves(scene, portrait, astronaut):
    core("performance.curves").insert(portrait, NAME, [(1, 3, "LINEAR")])
    if not hasattr(scene.animation_data, "action_slot"):
        pytest.skip("actions have no slots before Blender 4.4")
    other = bpy.data.scenes.new("Other")
    other.sequence_editor_create()
    other.animation_data_create().action = scene.animation_data.action
    strip = other.sequence_editor.strips.new_image("Miss", str(astronaut), 1, 1)
    core("performance.curves").insert(strip, NAME, [(1, 7, "LINEAR")])
    assert other.animation_data.action_slot != scene.animation_data.action_slot
    assert [c.keyframe_points[0].co.y for c in core("compat").fcurves_of(other)] == [7]
    assert [c.keyframe_points[0].co.y for c in core("compat").fcurves_of(scene)] == [3]


def test_strip_in_a_meta_strip_of_another_scene(scene, portrait):
    sequencer.select(portrait)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    core("performance.curves").insert(portrait, NAME, [(1, 0, "LINEAR"), (11, 10, "LINEAR")])
    np.testing.assert_allclose(sampled(scene, portrait, [1, 6, 11]), [0, 5, 10], atol=1e-4)


def spoil_with_driver(scene, strip):
    strip.driver_add("th_head_yaw")


def spoil_with_lock(scene, strip):
    curve_of(strip).lock = True


def spoil_with_group_lock(scene, strip):
    curve_of(strip).group.lock = True


def spoil_with_mute(scene, strip):
    curve_of(strip).mute = True


def spoil_with_modifier(scene, strip):
    curve_of(strip).modifiers.new("NOISE")


def spoil_with_samples(scene, strip):
    curve_of(strip).convert_to_samples(1, 10)


def spoil_with_blending(scene, strip):
    scene.animation_data.nla_tracks.new()
    scene.animation_data.action_influence = 0.5


def spoil_with_solo_track(scene, strip):
    scene.animation_data.nla_tracks.new().is_solo = True


SPOILERS = {
    "Delete Driver": spoil_with_driver,
    "is locked": spoil_with_lock,
    "locked. Unlock": spoil_with_group_lock,
    "muted": spoil_with_mute,
    "modifiers": spoil_with_modifier,
    "samples": spoil_with_samples,
    "NLA tracks": spoil_with_blending,
    "plays solo": spoil_with_solo_track,
}


@pytest.mark.parametrize("text", SPOILERS)
def test_keys_that_would_not_count_are_refused(scene, portrait, text):
    core("performance.curves").insert(portrait, NAME, [(1, 3, "LINEAR")])
    SPOILERS[text](scene, portrait)
    with pytest.raises(error(), match=text):
        core("performance.curves").insert(portrait, NAME, [(1, 4, "LINEAR")])
    with pytest.raises(error(), match=text):
        core("performance.curves").require_writable(portrait, ["jaw_open", NAME])
    if text not in ("NLA tracks", "plays solo"):
        core("performance.curves").require_writable(portrait, ["jaw_open"])


def test_linked_scene_is_refused(scene, portrait, tmp_path):
    core("performance.curves").insert(portrait, NAME, [(1, 3, "LINEAR")])
    scene.name = "Linked"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.scenes = ["Linked"]
    strip = core("compat").all_strips(bpy.data.scenes["Linked"])[0]
    with pytest.raises(error(), match="linked from another file"):
        core("performance.curves").insert(strip, NAME, [(1, 4, "LINEAR")])


def test_stretched_keys(scene, portrait):
    core("performance.curves").insert(portrait, NAME, [(11, 0, "BEZIER"), (21, 10, "BEZIER"), (22, 11, "BEZIER")])
    keys = core("performance.curves").read(portrait, NAME)
    half = keys.stretched(11, 0.5)
    assert half.frames.tolist() == [11, 16, 16.5]
    np.testing.assert_allclose(half.handle_right - half.co, (keys.handle_right - keys.co) * [0.5, 1])
    assert keys.stretched(11, 0.3, whole_frames=True).frames.tolist() == [11, 14]
    assert keys.stretched(11, 0.3, whole_frames=True).co[:, 1].tolist() == [0, 11]
