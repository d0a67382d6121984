# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results follow the transform, crop, opacity and blending of their sources, and their keys."""

from __future__ import annotations

from typing import Any

import bpy
import following
import numbered
import pytest
import rendered_jobs
import sequencer
from following import curve_of, keys_of, place_of, rendered, shift, slide, update
from rendered_jobs import core


@pytest.fixture
def still(scene, saved_file, tmp_path) -> Any:
    return following.add_still(tmp_path)


def test_look_is_followed(scene, still):
    result = rendered(scene, still)
    still.transform.offset_x, still.transform.scale_y, still.transform.rotation = 12.5, 0.5, 0.3
    still.transform.origin = (0.25, 0.75)
    still.crop.min_x, still.use_flip_y = 6, True
    still.blend_alpha, still.blend_type = 0.25, "SCREEN"
    still.color_multiply, still.color_saturation = 1.5, 0.5
    update()
    for path in core("strips.follow_state").followed_paths(False):
        value_of = core("strips.follow_state").value_of
        assert value_of(result, path) == value_of(still, path), path
    assert result.blend_type == "SCREEN"


def test_the_edit_shows_the_new_transform(scene, still, tmp_path):
    rendered(scene, still)
    still.transform.offset_x = numbered.WIDTH / 2
    update()
    numbered.shown_numbers(scene, range(12, 13), tmp_path)
    pixels = numbered.read(tmp_path / "render_12.png")
    assert pixels[:, : numbered.WIDTH // 2, 3].max() == 0  # neither source nor result lie there any more
    assert pixels[:, numbered.WIDTH // 2 :, 3].min() == 1


def test_what_the_user_set_on_the_result_stays(scene, still):
    result = rendered(scene, still)
    result.blend_alpha, result.transform.offset_x = 0.5, 3.0
    update()
    still.blend_alpha, still.transform.offset_x, still.transform.offset_y = 0.25, 7.0, 9.0
    update()
    assert (result.blend_alpha, result.transform.offset_x, result.transform.offset_y) == (0.5, 3.0, 9.0)
    still.blend_alpha = 0.125
    update()
    assert result.blend_alpha == 0.5


def test_muting_is_not_followed(scene, still):
    result = rendered(scene, still)
    still.mute = True
    update()
    assert not result.mute


def test_cut_out_still_hides_the_source(scene, still):
    still.th_puppet_cut_out = True
    result = rendered(scene, still)
    shift(still, 5)
    update()
    assert still.mute and not result.mute
    assert place_of(result) == (15, 35)


def test_frames_as_seen_take_only_blending(scene, still):
    still.th_as_seen = True
    still.transform.offset_x = 5.0
    result = rendered(scene, still)
    assert result.transform.offset_x == 0.0
    still.transform.offset_x, still.crop.min_x, still.blend_alpha = 9.0, 4, 0.5
    update()
    assert (result.transform.offset_x, result.crop.min_x, result.blend_alpha) == (0.0, 0, 0.5)


def test_as_seen_turned_on_and_off_between_renders(scene, still):
    still.transform.offset_x = 5.0
    result = rendered(scene, still)
    still.th_as_seen = True
    update()
    assert result.transform.offset_x == 5.0  # its frames are those of before
    rendered_jobs.render(scene, still)
    assert result.transform.offset_x == 0.0
    still.th_as_seen = False
    rendered_jobs.render(scene, still)
    assert result.transform.offset_x == 5.0


def test_frame_changes_are_no_edits(scene, still):
    still.transform.offset_x = 1.0
    result = rendered(scene, still)
    result.transform.offset_x = 1.0
    still.keyframe_insert("blend_alpha", frame=10)
    still.blend_alpha = 0.0
    still.keyframe_insert("blend_alpha", frame=29)
    result.th_follow = False  # so that no curve is copied
    update()
    result.th_follow = True
    for frame in (10, 20, 29):
        scene.frame_set(frame)
        still.transform.scale_x = frame / 10
        update()
    assert (result.blend_alpha, result.transform.scale_x) == (1.0, pytest.approx(2.9))


def test_keys_are_copied_and_kept_up_to_date(scene, still):
    result = rendered(scene, still)
    for frame, value in ((10, 0.0), (29, 19.0)):
        still.transform.offset_x = value
        still.transform.keyframe_insert("offset_x", frame=frame)
    update()
    assert keys_of(result, "transform.offset_x") == [(10.0, 0.0), (29.0, 19.0)]
    curve_of(still, "transform.offset_x").keyframe_points[1].co.y = 10.0
    bpy.data.actions[0].update_tag()
    update()
    assert keys_of(result, "transform.offset_x") == [(10.0, 0.0), (29.0, 10.0)]


def test_keys_from_before_the_first_render_are_copied(scene, still, tmp_path):
    for frame, value in ((10, 0.0), (20, float(numbered.WIDTH))):
        still.transform.offset_x = value
        still.transform.keyframe_insert("offset_x", frame=frame)
    for point in curve_of(still, "transform.offset_x").keyframe_points:
        point.interpolation = "LINEAR"
    result = rendered(scene, still)
    assert keys_of(result, "transform.offset_x") == [(10.0, 0.0), (20.0, float(numbered.WIDTH))]
    assert [point.interpolation for point in curve_of(result, "transform.offset_x").keyframe_points] == ["LINEAR"] * 2
    numbered.shown_numbers(scene, range(15, 16), tmp_path)
    pixels = numbered.read(tmp_path / "render_15.png")
    assert pixels[:, : numbered.WIDTH // 2 - 1, 3].max() == 0
    assert pixels[:, numbered.WIDTH // 2 + 1 :, 3].min() == 1


def test_copied_keys_move_with_both(scene, still):
    still.transform.keyframe_insert("offset_x", frame=12)
    result = rendered(scene, still)
    slide(still, 30)
    assert keys_of(still, "transform.offset_x") == keys_of(result, "transform.offset_x") == [(42.0, 0.0)]
    sequencer.select(still, result)
    with sequencer.override():
        bpy.ops.transform.seq_slide(value=(10, 0))
    update()
    assert keys_of(still, "transform.offset_x") == keys_of(result, "transform.offset_x") == [(52.0, 0.0)]


def test_copied_keys_that_the_user_edits_are_the_users(scene, still):
    still.transform.keyframe_insert("offset_x", frame=12)
    result = rendered(scene, still)
    result.transform.offset_x = 4.0
    result.transform.keyframe_insert("offset_x", frame=20)
    update()
    still.transform.offset_x = 8.0
    still.transform.keyframe_insert("offset_x", frame=25)
    update()
    assert keys_of(result, "transform.offset_x") == [(12.0, 0.0), (20.0, 4.0)]


def test_keys_of_the_users_own_stay(scene, still):
    result = rendered(scene, still)
    result.blend_alpha = 0.5
    result.keyframe_insert("blend_alpha", frame=15)
    update()
    still.keyframe_insert("blend_alpha", frame=12)
    update()
    assert keys_of(result, "blend_alpha") == [(15.0, 0.5)]


def test_removed_keys_are_removed_from_the_copy(scene, still):
    still.transform.offset_x = 3.0
    still.transform.keyframe_insert("offset_x", frame=12)
    result = rendered(scene, still)
    still.transform.keyframe_delete("offset_x", frame=12)
    still.transform.offset_x = 6.0
    update()
    assert curve_of(result, "transform.offset_x") is None
    assert result.transform.offset_x == 6.0


def test_modifiers_of_curves_are_copied(scene, still):
    still.transform.keyframe_insert("rotation", frame=12)
    noise = curve_of(still, "transform.rotation").modifiers.new("NOISE")
    noise.strength, noise.scale = 2.5, 7.0
    result = rendered(scene, still)
    (copy,) = curve_of(result, "transform.rotation").modifiers
    assert (copy.type, copy.strength, copy.scale) == ("NOISE", 2.5, 7.0)
    for frame in (11, 17):
        scene.frame_set(frame)
        assert result.transform.rotation == pytest.approx(still.transform.rotation)
        assert result.transform.rotation != 0.0


def test_both_parts_of_an_origin_are_copied(scene, still):
    still.transform.origin = (0.25, 0.75)
    still.transform.keyframe_insert("origin", frame=12)
    result = rendered(scene, still)
    path = f"{result.path_from_id()}.transform.origin"
    copies = {c.array_index: c.evaluate(1) for c in core("compat").fcurves_of(scene) if c.data_path == path}
    assert copies == {0: 0.25, 1: 0.75}


def test_keys_of_a_source_as_seen_are_not_copied(scene, still):
    still.th_as_seen = True
    still.transform.keyframe_insert("offset_x", frame=12)
    still.keyframe_insert("blend_alpha", frame=12)
    result = rendered(scene, still)
    assert curve_of(result, "transform.offset_x") is None
    assert keys_of(result, "blend_alpha") == [(12.0, 1.0)]


def test_driven_values_are_not_followed(scene, still):
    result = rendered(scene, still)
    driver = still.driver_add("blend_alpha").driver
    driver.expression = "frame / 100"
    scene.frame_set(50)
    update()
    scene.frame_set(80)
    still.transform.offset_y = 1.0
    update()
    assert (result.blend_alpha, result.transform.offset_y) == (1.0, 1.0)


def test_values_that_the_nla_animates_are_not_followed(scene, still):
    result = rendered(scene, still)
    result.th_follow = False
    for frame, value in ((10, 1.0), (20, 0.0)):
        still.blend_alpha = value
        still.keyframe_insert("blend_alpha", frame=frame)
    animation = scene.animation_data
    track = animation.nla_tracks.new()
    track.strips.new("Fade", 10, animation.action)
    animation.action = None
    update()
    result.th_follow = True
    scene.frame_set(15)
    still.transform.offset_y = 1.0
    update()
    assert 0.0 < still.blend_alpha < 1.0
    assert (result.blend_alpha, result.transform.offset_y) == (1.0, 1.0)
