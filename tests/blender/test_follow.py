# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results follow their sources. The timer and undo, which background has not, are imitated."""

from __future__ import annotations

from typing import Any

import bpy
import numbered
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, number_of


@pytest.fixture
def still(scene, saved_file, tmp_path) -> Any:
    """A still on frames 10 to 29, channel 1."""
    path = numbered.write_png(tmp_path / "portrait.png", numbered.picture(7))
    return sequencer.add_image(path, "Face", start=10, length=20)


@pytest.fixture(params=["still", "sequence", "movie"])
def source(request, scene, saved_file, tmp_path) -> Any:
    """A source that shows 20 frames from frame 10 on, channel 1."""
    if request.param == "still":
        return request.getfixturevalue("still")
    if request.param == "sequence":
        strip = numbered.add_sequence(scene, numbered.sequence(tmp_path / "pictures", 20), "Face", start=10)
    else:
        strip = sequencer.add_movie(numbered.movie(tmp_path / "movie.mp4", 20), "Face", start=10)
    sequencer.select(strip)
    return strip


def rendered(scene, source) -> Any:
    """The result of a source, whose curves and place have been looked at."""
    result = rendered_jobs.render(scene, source).strip
    update()
    return result


def update() -> None:
    """What happens after each edit in the window: handlers note it, the timer does what is to be done."""
    bpy.context.view_layer.update()
    core("jobs.follow_watch").beat()


def look_now() -> None:
    """What the timer does when it is time to look, because Blender tells no handler of some edits."""
    watch = core("jobs.follow_watch")
    watch._noted.next_look_s = 0.0
    watch.beat()


def place_of(strip) -> tuple[int, int]:
    return core("compat").left(strip), core("compat").right(strip)


def set_place(strip, left: int, right: int) -> None:
    core("compat").set_left(strip, left)
    core("compat").set_right(strip, right)


def shift(strip, frames: int) -> None:
    compat = core("compat")
    compat.set_content_start(strip, compat.content_start(strip) + frames)


def slide(strip, frames: int, channels: int = 0) -> None:
    sequencer.select(strip)
    with sequencer.override():
        bpy.ops.transform.seq_slide(value=(frames, channels))
    update()


def split(frame: int, *strips) -> None:
    sequencer.select(*strips)
    with sequencer.override():
        bpy.ops.sequencer.split("EXEC_DEFAULT", frame=frame, channel=1, type="SOFT", side="NO_CHANGE")
    look_now()


def by_role(role: str) -> list[Any]:
    strips = [strip for strip in sequencer.all_strips() if strip.th_role == role]
    return sorted(strips, key=lambda strip: core("compat").left(strip))


def contents_at(scene, frames: range, tmp_path) -> list[int]:
    return numbered.shown_numbers(scene, frames, tmp_path)


def numbers(contents) -> list[int]:
    return [number_of(content) for content in contents]


def curve_of(strip, path: str) -> Any | None:
    full = f"{strip.path_from_id()}.{path}"
    return next((curve for curve in core("compat").fcurves_of(strip.id_data) if curve.data_path == full), None)


def keys_of(strip, path: str) -> list[tuple[float, float]]:
    curve = curve_of(strip, path)
    return [] if curve is None else [(key.co.x, key.co.y) for key in curve.keyframe_points]


# --- time


def test_moved_by_an_operator(scene, source, tmp_path):
    result = rendered(scene, source)
    slide(source, 15)
    assert place_of(source) == place_of(result) == (25, 45)
    assert contents_at(scene, range(24, 46), tmp_path) == [-1, *numbers(range(20)), -1]


def test_moved_by_a_script(scene, source, tmp_path):
    result = rendered(scene, source)
    shift(source, -5)
    update()
    assert place_of(result) == (5, 25)
    assert contents_at(scene, range(5, 7), tmp_path) == numbers([0, 1])


def test_moved_again_and_again(scene, source):
    result = rendered(scene, source)
    for frames in (3, 40, -20, 1):
        slide(source, frames)
    assert place_of(source) == place_of(result) == (34, 54)
    assert len(sequencer.all_strips()) == 2


def test_moved_to_another_channel_leaves_the_result_in_its_own(scene, still):
    result = rendered(scene, still)
    slide(still, 5, 4)
    assert (still.channel, result.channel) == (5, 2)
    assert place_of(result) == (15, 35)


def test_moved_together_moves_once(scene, source, tmp_path):
    result = rendered(scene, source)
    sequencer.select(source, result)
    with sequencer.override():
        bpy.ops.transform.seq_slide(value=(15, 0))
    update()
    assert place_of(source) == place_of(result) == (25, 45)
    slide(source, 5)  # and follows again from there
    assert place_of(result) == (30, 50)
    assert contents_at(scene, range(30, 32), tmp_path) == numbers([0, 1])


def test_meta_around_both_moves_once(scene, source):
    result = rendered(scene, source)
    sequencer.select(source, result)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    update()
    slide(source.parent_meta(), 15)
    assert place_of(source) == place_of(result) == (25, 45)


def test_meta_around_the_source_takes_the_result_along(scene, source):
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    update()
    slide(source.parent_meta(), 15)
    assert place_of(source) == place_of(result) == (25, 45)
    assert result.parent_meta() is None


def test_trimmed_at_both_ends(scene, source, tmp_path):
    result = rendered(scene, source)
    set_place(source, 13, 26)
    update()
    assert place_of(result) == (13, 26)
    assert contents_at(scene, range(12, 27), tmp_path) == [-1, *numbers(range(3, 16)), -1]
    set_place(source, 10, 30)
    update()
    assert place_of(result) == (10, 30)
    assert contents_at(scene, range(10, 30), tmp_path) == numbers(range(20))


def test_trimmed_then_moved(scene, source, tmp_path):
    result = rendered(scene, source)
    core("compat").set_left(source, 14)
    update()
    slide(source, 100)
    assert place_of(source) == place_of(result) == (114, 130)
    assert contents_at(scene, range(114, 116), tmp_path) == numbers([4, 5])


def test_grown_beyond_what_was_rendered_shows_the_nearest_picture(scene, still, tmp_path):
    result = rendered(scene, still)
    set_place(still, 7, 33)
    update()
    assert place_of(result) == (7, 33)
    shown = contents_at(scene, range(7, 33), tmp_path)
    assert shown == numbers([0, 0, 0, *range(20), 19, 19, 19])
    again = rendered_jobs.render(scene, still)
    assert again.result == result.name
    assert again.prepared.content == (-3, 23)
    assert contents_at(scene, range(7, 33), tmp_path) == numbers(range(-3, 23))


def test_frames_that_are_missing_are_told(scene, still):
    stale = core("strips.stale")
    rendered(scene, still)
    core("compat").set_right(still, 33)
    update()
    assert stale.reason(still) != ""


def test_a_trim_of_the_result_itself_stays(scene, source, tmp_path):
    result = rendered(scene, source)
    set_place(result, 14, 24)
    update()
    slide(source, 10)
    assert place_of(result) == (24, 34)
    core("compat").set_left(source, 22)
    update()
    assert place_of(result) == (24, 34)
    assert contents_at(scene, range(24, 26), tmp_path) == numbers([4, 5])


def test_a_trimmed_result_never_outlasts_the_source(scene, source):
    result = rendered(scene, source)
    set_place(result, 14, 24)
    update()
    core("compat").set_right(source, 20)
    update()
    assert place_of(result) == (14, 20)


def test_a_result_that_was_put_elsewhere_keeps_its_distance(scene, source, tmp_path):
    result = rendered(scene, source)
    shift(result, 100)
    update()
    assert place_of(source) == (10, 30)
    slide(source, 5)
    assert place_of(result) == (115, 135)
    core("compat").set_right(source, 25)
    update()
    assert place_of(result) == (115, 125)
    assert contents_at(scene, range(115, 117), tmp_path) == numbers([0, 1])


def test_slipped(scene, saved_file, tmp_path):
    source = numbered.add_sequence(scene, numbered.sequence(tmp_path / "pictures", 60), "Face", start=1)
    set_place(source, 10, 30)
    result = rendered(scene, source)
    assert contents_at(scene, range(10, 12), tmp_path) == numbers([9, 10])
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.slip(offset=-4)
    look_now()
    assert place_of(source) == place_of(result) == (10, 30)
    moved = core("strips.lookup").facts_of(source).anchor - 1
    assert abs(moved) == 4
    kept = range(10, 26) if moved < 0 else range(14, 30)
    assert contents_at(scene, kept, tmp_path) == numbers(frame - 1 - moved for frame in kept)


def test_retimed_to_another_length(scene, saved_file, tmp_path):
    source = sequencer.add_movie(numbered.movie(tmp_path / "movie.mp4", 20), "Face", start=10)
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.retiming_segment_speed_set("EXEC_DEFAULT", speed=50.0)
    update()
    left, right = place_of(source)
    assert right - left > 30
    assert place_of(result) == (left, right)
    again = rendered_jobs.render(scene, source)
    assert place_of(again.strip) == (left, right)
    assert contents_at(scene, range(right - 2, right), tmp_path) == numbers(range(right - left - 2, right - left))


def test_cut_of_the_source_cuts_the_result(scene, source, tmp_path):
    rendered(scene, source)
    split(20, source)
    sources, results = by_role("SOURCE"), by_role("RESULT")
    assert [place_of(strip) for strip in sources] == [place_of(strip) for strip in results] == [(10, 20), (20, 30)]
    lookup = core("strips.lookup")
    assert [lookup.results_of(strip) for strip in sources] == [[result] for result in results]
    slide(sources[1], 50)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (70, 80)]
    assert contents_at(scene, range(18, 22), tmp_path) == [*numbers([8, 9]), -1, -1]
    assert contents_at(scene, range(70, 72), tmp_path) == numbers([10, 11])


def test_cut_twice(scene, source, tmp_path):
    rendered(scene, source)
    split(20, source)
    split(25, by_role("SOURCE")[1])
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (25, 30)]
    sequencer.strips().remove(by_role("SOURCE")[1])
    update()
    assert len(by_role("RESULT")) == 3
    slide(by_role("SOURCE")[1], -5)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (20, 25)]


def test_cut_twice_before_anything_looks(scene, source):
    rendered(scene, source)
    right = source.split(frame=20, split_method="SOFT")
    right.split(frame=25, split_method="SOFT")
    update()
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (25, 30)]


def test_cut_of_both_needs_nothing(scene, source, tmp_path):
    result = rendered(scene, source)
    split(20, source, result)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 30)]
    slide(by_role("SOURCE")[1], 50)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (70, 80)]
    assert contents_at(scene, range(70, 72), tmp_path) == numbers([10, 11])


def test_halves_are_updated_each_by_its_own_job(scene, still, tmp_path):
    rendered(scene, still)
    split(20, still)
    right = by_role("SOURCE")[1]
    right.th_brow = 0.5
    done = rendered_jobs.render(scene, right)
    assert done.strip == by_role("RESULT")[1]
    assert len(sequencer.all_strips()) == 4
    assert contents_at(scene, range(10, 30), tmp_path) == numbers(range(20))


def test_deleted_source_leaves_its_result(scene, source):
    result = rendered(scene, source)
    sequencer.strips().remove(source)
    update()
    assert [strip.name for strip in sequencer.all_strips()] == [result.name]
    assert place_of(result) == (10, 30)


def test_duplicate_makes_no_result_and_does_not_hold_the_original(scene, source):
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    update()
    (copy,) = [strip for strip in by_role("SOURCE") if strip != source]
    slide(copy, 0, 3)
    slide(source, 50)
    assert len(by_role("RESULT")) == 1
    assert place_of(result) == place_of(source) == (60, 80)
    slide(copy, 7)
    assert place_of(result) == (60, 80)


def test_duplicates_of_both_follow_their_own(scene, source):
    result = rendered(scene, source)
    sequencer.select(source, result)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    copies = [strip for strip in sequencer.all_strips() if strip not in (source, result)]
    for strip in copies:
        strip.channel += 5
    update()
    (copy,) = [strip for strip in copies if strip.th_role == "SOURCE"]
    (copied,) = [strip for strip in copies if strip.th_role == "RESULT"]
    slide(copy, 100)
    assert (place_of(result), place_of(copied)) == ((10, 30), (110, 130))
    slide(source, 5)
    assert (place_of(result), place_of(copied)) == ((15, 35), (110, 130))


def test_copy_survives_its_original(scene, source):
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    (copy,) = [strip for strip in by_role("SOURCE") if strip != source]
    copy.channel = 6
    shift(copy, 100)
    update()
    sequencer.strips().remove(source)
    update()
    assert place_of(result) == (10, 30)


def test_renamed_strips_are_followed_on(scene, source):
    result = rendered(scene, source)
    source.name, result.name = "Someone", "Shown"
    update()
    slide(source, 5)
    assert place_of(result) == (15, 35)


def test_result_makes_way_and_comes_to_no_harm(scene, still, tmp_path):
    result = rendered(scene, still)
    path = numbered.write_png(tmp_path / "other.png", numbered.picture(1))
    other = sequencer.add_image(path, "Other", channel=2, start=60, length=20)
    update()
    slide(still, 45)
    assert (result.channel, place_of(result)) == (3, (55, 75))
    assert (other.channel, place_of(other)) == (2, (60, 80))
    assert contents_at(scene, range(55, 57), tmp_path) == numbers([0, 1])


def test_result_passes_over_others_in_its_channel(scene, still, tmp_path):
    result = rendered(scene, still)
    path = numbered.write_png(tmp_path / "other.png", numbered.picture(1))
    sequencer.add_image(path, "Other", channel=2, start=30, length=20)
    update()
    slide(still, 40)
    assert (result.channel, place_of(result)) == (2, (50, 70))


def test_without_a_free_channel_the_result_stays(scene, still, tmp_path):
    result = rendered(scene, still)
    path = numbered.write_png(tmp_path / "other.png", numbered.picture(1))
    sequencer.add_image(path, "Other", channel=2, start=60, length=20)
    for channel in range(3, 129):
        sequencer.make_editor().channels[channel].lock = True
    update()
    shift(still, 45)
    update()
    assert (result.channel, place_of(result)) == (2, (10, 30))


@pytest.mark.parametrize("lock", ["strip", "channel"])
def test_a_locked_result_is_not_touched(scene, still, lock):
    result = rendered(scene, still)
    owner = result if lock == "strip" else sequencer.make_editor().channels[result.channel]
    owner.lock = True
    shift(still, 20)
    still.blend_alpha = 0.5
    update()
    assert (place_of(result), result.blend_alpha) == ((10, 30), 1.0)
    owner.lock = False
    update()
    assert place_of(result) == (10, 30)


def test_following_can_be_switched_off(scene, still):
    result = rendered(scene, still)
    assert result.th_follow
    result.th_follow = False
    shift(still, 20)
    still.transform.offset_x = 5.0
    update()
    assert (place_of(result), result.transform.offset_x) == ((10, 30), 0.0)
    result.th_follow = True
    update()
    assert place_of(result) == (10, 30)
    shift(still, 5)
    update()
    assert place_of(result) == (15, 35)


def test_keys_of_the_result_move_with_it_and_not_when_it_is_trimmed(scene, still):
    result = rendered(scene, still)
    result.keyframe_insert("color_saturation", frame=12)
    update()
    core("compat").set_left(still, 11)
    update()
    assert keys_of(result, "color_saturation") == [(12.0, 1.0)]
    slide(still, 30)
    assert keys_of(result, "color_saturation") == [(42.0, 1.0)]


# --- look


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


# --- keys


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


# --- undo, files, renders


def _state(strip) -> tuple[Any, ...]:
    """What undo brings back of a strip."""
    return core("compat").content_start(strip), *place_of(strip), strip.th_follow_state


def _restore(strip, state) -> None:
    start, left, right, memory = state
    core("compat").set_content_start(strip, start)
    set_place(strip, left, right)
    strip.th_follow_state = memory


def test_redo_brings_a_step_before_the_result_followed(scene, source):
    """Blender's redo step was pushed when the source had moved and the result had not yet."""
    result = rendered(scene, source)
    before = _state(source), _state(result)
    shift(source, 30)
    step = _state(source), before[1]
    core("strips.follow").sync_all()
    assert place_of(result) == (40, 60)
    for states, expected in ((before, (10, 30)), (step, (40, 60)), (before, (10, 30))):
        with core("strips.follow").paused():
            _restore(source, states[0])
            _restore(result, states[1])
        for handler in bpy.app.handlers.redo_post:
            handler(scene)
        update()
        assert place_of(source) == place_of(result) == expected


def test_opened_again_it_follows_on(scene, source, saved_file):
    name = rendered(scene, source).name
    slide(source, 5)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    source, result = sequencer.all_strips()["Face"], sequencer.all_strips()[name]
    assert place_of(source) == place_of(result) == (15, 35)
    shift(source, 5)  # the operator ends 4.2 in background, in a file that was opened
    update()
    assert place_of(source) == place_of(result) == (20, 40)


def test_a_result_of_an_earlier_version_is_taken_as_it_is(scene, still):
    still.keyframe_insert("blend_alpha", frame=12)
    result = rendered(scene, still)
    core("strips.follow_curves").Animation(scene).remove(result, "blend_alpha[0]")
    result.th_follow_state = ""
    with core("strips.follow").paused():
        shift(result, 7)
        still.transform.offset_x = 5.0
        update()
    look_now()
    assert (place_of(result), result.transform.offset_x) == ((17, 37), 0.0)
    assert curve_of(result, "blend_alpha") is None
    slide(still, 10)
    assert place_of(result) == (27, 47)
    rendered_jobs.render(scene, still)
    assert keys_of(result, "blend_alpha") == [(22.0, 1.0)]


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"source": 1}', "null"])
def test_a_damaged_memory_is_made_anew(scene, still, text):
    result = rendered(scene, still)
    result.th_follow_state = text
    look_now()
    slide(still, 10)
    assert place_of(result) == (20, 40)


def test_nothing_is_changed_while_blender_renders(scene, still, tmp_path):
    result = rendered(scene, still)
    seen = []

    def move(*_arguments):
        shift(still, 20)
        core("jobs.follow_watch")._on_change(scene)
        seen.append(place_of(result))

    bpy.app.handlers.render_pre.append(move)
    try:
        numbered.shown_numbers(scene, range(12, 13), tmp_path)
    finally:
        bpy.app.handlers.render_pre.remove(move)
    assert seen == [(10, 30)]
    update()
    assert place_of(result) == (30, 50)


def test_a_job_looks_first(scene, still):
    result = rendered(scene, still)
    with core("strips.follow").paused():
        shift(still, 20)
        update()
    prepared = core("jobs.jobs")._prepare(core("jobs.job_steps").Target(scene.name, still.name, "STRIP"))
    assert place_of(result) == (30, 50)
    assert prepared.content == (0, 20)


def test_another_scene_is_followed_too(scene, still):
    result = rendered(scene, still)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    shift(still, 20)
    update()
    assert place_of(result) == (30, 50)


def test_a_script_in_background_needs_no_timer(scene, still, saved_file, tmp_path):
    result = rendered(scene, still)
    shift(still, 20)
    assert contents_at(scene, range(30, 32), tmp_path) == numbers([0, 1])
    assert place_of(result) == (30, 50)
    shift(still, 20)
    bpy.ops.wm.save_mainfile()
    assert place_of(result) == (50, 70)


def test_handlers_of_edits_change_no_strip(scene, still):
    """They are called in the middle of operators, where that can crash Blender."""
    result = rendered(scene, still)
    shift(still, 20)
    bpy.context.view_layer.update()
    assert place_of(result) == (10, 30)


def test_nothing_follows_while_a_strip_is_dragged(scene, still, monkeypatch):
    result = rendered(scene, still)
    watch = core("jobs.follow_watch")
    monkeypatch.setattr(watch, "_dragging", lambda: True)
    shift(still, 20)
    update()
    assert place_of(result) == (10, 30)
    monkeypatch.undo()
    watch.beat()
    assert place_of(result) == (30, 50)


def test_an_edit_of_nothing_costs_no_second_look(scene, still, monkeypatch):
    rendered(scene, still)
    follow = core("strips.follow")
    groups = []
    monkeypatch.setattr(follow, "_sync_group", lambda *arguments: groups.append(arguments))
    still.th_head_yaw = 5.0
    update()
    assert groups == []
    still.crop.max_x = 3
    update()
    assert len(groups) == 1


def test_turned_off_and_on_again(scene, still):
    import installed_extension

    result = rendered(scene, still)
    installed_extension.disable()
    handlers = [h.__name__ for h in bpy.app.handlers.depsgraph_update_post if "follow" in h.__module__]
    assert handlers == []
    installed_extension.enable()
    update()
    slide(still, 5)
    assert place_of(result) == (15, 35)
