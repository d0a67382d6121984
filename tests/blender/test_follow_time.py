# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results follow when their sources are moved, trimmed, slipped and retimed. The timer is imitated."""

from __future__ import annotations

from typing import Any

import bpy
import following
import numbered
import pytest
import rendered_jobs
import sequencer
from following import contents_at, keys_of, look_now, numbers, place_of, rendered, set_place, shift, slide, update
from rendered_jobs import core


@pytest.fixture
def still(scene, saved_file, tmp_path) -> Any:
    return following.add_still(tmp_path)


@pytest.fixture(params=["still", "sequence", "movie"])
def source(request, scene, saved_file, tmp_path) -> Any:
    return following.add_source(request.param, scene, tmp_path)


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


def test_moved_right_after_a_job_that_made_the_result_longer(scene, still):
    scene.frame_end = 19
    result = rendered_jobs.render(scene, still, "SCENE").strip
    update()
    rendered_jobs.render(scene, still)
    assert place_of(result) == (10, 30)
    shift(still, 10)  # as a script does, and saves then; nothing has looked since
    update()
    assert place_of(result) == place_of(still) == (20, 40)


def test_keys_of_the_result_move_with_it_and_not_when_it_is_trimmed(scene, still):
    result = rendered(scene, still)
    result.keyframe_insert("color_saturation", frame=12)
    update()
    core("compat").set_left(still, 11)
    update()
    assert keys_of(result, "color_saturation") == [(12.0, 1.0)]
    slide(still, 30)
    assert keys_of(result, "color_saturation") == [(42.0, 1.0)]
