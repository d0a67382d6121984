# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Result strips in the sequencer, and what the edit then shows: frames are numbered pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numbered
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import PLACEHOLDER_NUMBER, core, number_of, shared


@pytest.fixture
def portrait(scene, saved_file, tmp_path) -> Any:
    """A still on frames 10 to 29, channel 1."""
    path = numbered.write_png(tmp_path / "portrait.png", numbered.picture(7))
    return sequencer.add_image(path, start=10, length=20)


def names_of(strip) -> list[str]:
    return [element.filename for element in strip.elements]


def files_of(strip) -> list[Path]:
    return [Path(bpy.path.abspath(strip.directory)) / name for name in names_of(strip)]


def test_the_edit_shows_the_frames(scene, portrait, tmp_path):
    done = rendered_jobs.render(scene, portrait)
    assert done.result == "Portrait Talking Head"
    assert done.strip.channel == 2
    assert (done.strip.frame_final_start, done.strip.frame_final_end) == (10, 30)
    assert names_of(done.strip) == done.files
    shown = numbered.shown_numbers(scene, range(10, 30), tmp_path)
    assert shown == [number_of(content) for content in range(20)]
    assert numbered.shown_numbers(scene, range(9, 10), tmp_path) == [-1]


def test_no_element_ever_names_a_missing_file(scene, portrait, tmp_path):
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    results = core("strips.results")
    files = rendered_jobs.plan(prepared)
    name = results.show_plan(prepared, files, rendered_jobs.PLACEHOLDER)
    strip = sequencer.all_strips()[name]
    assert all(path.is_file() for path in files_of(strip))
    assert numbered.shown_numbers(scene, range(10, 11), tmp_path) == [PLACEHOLDER_NUMBER]
    assert results.show_frames(prepared, {3: files[3]})  # not written yet: must not be shown
    assert all(path.is_file() for path in files_of(strip))
    rendered_jobs.write_frame(prepared, files, 0)
    assert results.show_frames(prepared, {0: files[0]})
    assert all(path.is_file() for path in files_of(strip))
    shown = numbered.shown_numbers(scene, range(10, 12), tmp_path)
    assert shown == [number_of(0), PLACEHOLDER_NUMBER]


def test_placeholder_must_exist(scene, portrait):
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    files = rendered_jobs.plan(prepared)
    with pytest.raises(shared("errors").TalkingHeadError):
        core("strips.results").show_plan(prepared, files, "0" * 32 + ".png")
    assert len(sequencer.all_strips()) == 1


def test_second_job_updates_the_same_strip(scene, portrait, tmp_path):
    first = rendered_jobs.render(scene, portrait)
    portrait.th_head_yaw = 10.0
    second = rendered_jobs.render(scene, portrait)
    assert second.result == first.result
    assert len(sequencer.all_strips()) == 2
    assert not set(first.files) & set(second.files)
    assert names_of(second.strip) == second.files


def test_until_a_frame_is_new_the_old_one_shows(scene, portrait):
    first = rendered_jobs.render(scene, portrait)
    portrait.th_head_yaw = 10.0
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    files = rendered_jobs.plan(prepared)
    core("strips.results").show_plan(prepared, files, rendered_jobs.PLACEHOLDER)
    assert names_of(first.strip) == first.files


def test_inserting_never_changes_the_scene(scene, portrait):
    scene.render.fps, scene.render.fps_base = 30, 1.001
    scene.render.resolution_x, scene.render.resolution_y = 1234, 567
    scene.view_settings.view_transform = "AgX"
    scene.frame_start, scene.frame_end = 3, 77
    before = _settings(scene)
    rendered_jobs.render(scene, portrait)
    portrait.frame_final_end = 40
    rendered_jobs.render(scene, portrait)
    assert _settings(scene) == before


def _settings(scene) -> tuple:
    render, view = scene.render, scene.view_settings
    return (
        render.fps, render.fps_base, render.resolution_x, render.resolution_y, render.resolution_percentage,
        view.view_transform, view.look, view.exposure, view.gamma,
        scene.frame_start, scene.frame_end, scene.frame_current,
    )  # fmt: skip


def test_free_channel_is_found_above(scene, portrait, tmp_path):
    path = numbered.write_png(tmp_path / "other.png", numbered.picture(1))
    sequencer.add_image(path, "In the way", channel=2, start=25, length=50)
    sequencer.add_image(path, "Not in the way", channel=3, start=30, length=50)
    assert rendered_jobs.render(scene, portrait).strip.channel == 3


def test_locked_channel_is_left_alone(scene, portrait):
    sequencer.make_editor().channels[2].lock = True
    assert rendered_jobs.render(scene, portrait).strip.channel == 3


def test_no_free_channel(scene, portrait):
    portrait.channel = 128
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    files = rendered_jobs.plan(prepared)
    with pytest.raises(shared("errors").TalkingHeadError, match="no free channel"):
        core("strips.results").show_plan(prepared, files, rendered_jobs.PLACEHOLDER)


def test_look_is_copied(scene, portrait):
    portrait.transform.scale_x, portrait.transform.offset_y, portrait.transform.rotation = 0.5, 20.0, 0.3
    portrait.transform.origin = (0.25, 0.75)
    portrait.crop.min_x, portrait.crop.max_y = 4, 6
    portrait.blend_type, portrait.blend_alpha = "MULTIPLY", 0.25
    portrait.alpha_mode, portrait.use_flip_x = "PREMUL", True
    portrait.color_saturation, portrait.color_multiply = 0.5, 1.5
    portrait.colorspace_settings.name = "Non-Color"
    portrait.mute = True
    strip = rendered_jobs.render(scene, portrait).strip
    assert (strip.transform.scale_x, strip.transform.offset_y) == (0.5, 20.0)
    assert strip.transform.rotation == pytest.approx(0.3)
    assert tuple(strip.transform.origin) == (0.25, 0.75)
    assert (strip.crop.min_x, strip.crop.max_y) == (4, 6)
    assert (strip.blend_type, strip.blend_alpha) == ("MULTIPLY", 0.25)
    assert (strip.alpha_mode, strip.use_flip_x) == ("STRAIGHT", True)  # frames in PNG files are straight
    assert (strip.color_saturation, strip.color_multiply) == (0.5, 1.5)
    assert strip.colorspace_settings.name == "Non-Color"
    assert strip.mute


def test_the_user_may_change_the_result(scene, portrait):
    strip = rendered_jobs.render(scene, portrait).strip
    strip.transform.scale_x = 0.125
    strip.channel = 9
    portrait.th_head_yaw = 5.0
    strip = rendered_jobs.render(scene, portrait).strip
    assert (strip.transform.scale_x, strip.channel) == (0.125, 9)


def test_part_of_the_range_changes_only_those_frames(scene, portrait):
    first = rendered_jobs.render(scene, portrait)
    portrait.th_head_yaw = 10.0
    scene.frame_start, scene.frame_end = 15, 18
    part = rendered_jobs.render(scene, portrait, "SCENE")
    assert part.result == first.result
    expected = list(first.files)
    expected[5:9] = part.files
    assert names_of(part.strip) == expected


def test_result_grows_at_both_ends(scene, portrait, tmp_path):
    scene.frame_start, scene.frame_end = 15, 18
    strip = rendered_jobs.render(scene, portrait, "SCENE").strip
    assert (strip.frame_final_start, strip.frame_final_end) == (15, 19)
    whole = rendered_jobs.render(scene, portrait)
    assert (whole.strip.frame_final_start, whole.strip.frame_final_end) == (10, 30)
    assert names_of(whole.strip) == whole.files
    assert numbered.shown_numbers(scene, range(10, 30), tmp_path) == [number_of(content) for content in range(20)]


def test_growing_does_not_move_keys_of_the_result(scene, portrait):
    scene.frame_start, scene.frame_end = 15, 18
    strip = rendered_jobs.render(scene, portrait, "SCENE").strip
    strip.blend_alpha = 0.5
    strip.keyframe_insert("blend_alpha", frame=16)
    rendered_jobs.render(scene, portrait)
    (curve,) = core("compat").fcurves_of(scene)
    assert [key.co.x for key in curve.keyframe_points] == [16.0]


def test_growing_result_makes_way_for_others(scene, portrait, tmp_path):
    scene.frame_start, scene.frame_end = 15, 18
    rendered_jobs.render(scene, portrait, "SCENE")
    path = numbered.write_png(tmp_path / "other.png", numbered.picture(1))
    other = sequencer.add_image(path, "Other", channel=2, start=25, length=50)
    strip = rendered_jobs.render(scene, portrait).strip
    assert strip.channel == 3
    assert (strip.frame_final_start, strip.frame_final_end) == (10, 30)
    assert (other.channel, other.frame_final_start) == (2, 25)


def test_trimmed_result_stays_trimmed(scene, portrait, tmp_path):
    strip = rendered_jobs.render(scene, portrait).strip
    strip.frame_final_start, strip.frame_final_end = 14, 20
    portrait.th_jaw_open = 0.5
    done = rendered_jobs.render(scene, portrait)
    assert (done.strip.frame_final_start, done.strip.frame_final_end) == (14, 20)
    assert numbered.shown_numbers(scene, range(14, 20), tmp_path) == [number_of(content) for content in range(4, 10)]


def test_moved_result_stays_where_it_is(scene, portrait, tmp_path):
    strip = rendered_jobs.render(scene, portrait).strip
    strip.frame_start = 100
    portrait.th_jaw_open = 0.5
    done = rendered_jobs.render(scene, portrait)
    assert (done.strip.frame_final_start, done.strip.frame_final_end) == (100, 120)
    assert names_of(done.strip) == done.files
    assert numbered.shown_numbers(scene, range(105, 107), tmp_path) == [number_of(5), number_of(6)]


def test_split_result_is_updated_in_both_parts(scene, portrait, tmp_path):
    strip = rendered_jobs.render(scene, portrait).strip
    right = strip.split(frame=20, split_method="SOFT")
    portrait.th_jaw_open = 0.5
    rendered_jobs.render(scene, portrait)
    assert len(sequencer.all_strips()) == 3
    assert (right.frame_final_start, right.frame_final_end) == (20, 30)
    assert numbered.shown_numbers(scene, range(10, 30), tmp_path) == [number_of(content) for content in range(20)]


def test_slipped_source_is_followed(scene, saved_file, tmp_path):
    files = numbered.sequence(tmp_path / "pictures", 60)
    source = numbered.add_sequence(scene, files, start=1)
    source.frame_final_start, source.frame_final_end = 10, 30
    strip = rendered_jobs.render(scene, source).strip
    source.frame_start += 4  # slip: content moves, both ends stay
    source.frame_final_start, source.frame_final_end = 10, 30
    done = rendered_jobs.render(scene, source)
    assert done.result == strip.name
    assert (strip.frame_final_start, strip.frame_final_end) == (10, 30)
    shown = numbered.shown_numbers(scene, range(10, 30), tmp_path)
    assert shown == [number_of(content) for content in range(5, 25)]


def test_inside_a_meta_strip(scene, portrait, tmp_path):
    meta = make_meta(portrait)
    assert portrait.parent_meta() == meta
    done = rendered_jobs.render(scene, portrait)
    assert done.strip.parent_meta() == meta
    assert numbered.shown_numbers(scene, range(12, 14), tmp_path) == [number_of(2), number_of(3)]


def make_meta(*strips) -> Any:
    sequencer.select(*strips)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    return strips[0].parent_meta()


def test_single_frame_result_grows(scene, portrait, tmp_path):
    scene.frame_start = scene.frame_end = 20
    strip = rendered_jobs.render(scene, portrait, "SCENE").strip
    assert (strip.frame_final_start, strip.frame_final_end) == (20, 21)
    strip = rendered_jobs.render(scene, portrait).strip
    assert (strip.frame_final_start, strip.frame_final_end) == (10, 30)
    assert numbered.shown_numbers(scene, range(10, 30), tmp_path) == [number_of(content) for content in range(20)]


def test_new_folder_for_an_existing_result(scene, portrait, tmp_path):
    first = rendered_jobs.render(scene, portrait)
    scene.th_output_folder = str(tmp_path / "elsewhere")
    scene.frame_start, scene.frame_end = 15, 18
    part = rendered_jobs.render(scene, portrait, "SCENE")
    assert part.result == first.result
    assert part.prepared.folder.parent == tmp_path / "elsewhere"
    assert all(path.is_file() for path in files_of(part.strip))
    assert names_of(part.strip)[5:9] == part.files


def test_directory_follows_the_preference(scene, portrait):
    preference = bpy.context.preferences.filepaths
    preference.use_relative_paths = False
    assert not rendered_jobs.render(scene, portrait).strip.directory.startswith("//")
    preference.use_relative_paths = True
    portrait.th_id = ""
    portrait.th_role = "NONE"
    assert rendered_jobs.render(scene, portrait).strip.directory.startswith("//talkinghead/")


def _running_job(scene, portrait) -> tuple[Any, list[str]]:
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    files = rendered_jobs.plan(prepared)
    core("strips.results").show_plan(prepared, files, rendered_jobs.PLACEHOLDER)
    rendered_jobs.write_frame(prepared, files, 0)
    return prepared, files


def test_source_deleted_while_the_job_runs(scene, portrait):
    prepared, files = _running_job(scene, portrait)
    sequencer.strips().remove(portrait)
    results = core("strips.results")
    assert results.target_of(prepared) is None
    assert not results.show_frames(prepared, {0: files[0]})
    assert results.finish(prepared) is None
    assert (prepared.folder / files[0]).is_file()


def test_result_deleted_while_the_job_runs(scene, portrait):
    prepared, files = _running_job(scene, portrait)
    sequencer.strips().remove(sequencer.all_strips()["Portrait Talking Head"])
    assert not core("strips.results").show_frames(prepared, {0: files[0]})
    assert [strip.name for strip in sequencer.all_strips()] == ["Portrait"]


def test_strips_and_scene_renamed_while_the_job_runs(scene, portrait):
    prepared, files = _running_job(scene, portrait)
    portrait.name = "Something Else"
    sequencer.all_strips()["Portrait Talking Head"].name = "Shown"
    scene.name = "Edit"
    assert core("strips.results").show_frames(prepared, {0: files[0]})
    assert core("strips.results").finish(prepared) == "Shown"
    assert names_of(sequencer.all_strips()["Shown"])[0] == files[0]


def test_source_duplicated_while_the_job_runs(scene, portrait):
    prepared, _files = _running_job(scene, portrait)
    sequencer.select(portrait)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    (copy,) = [s for s in sequencer.all_strips() if s.th_role == "SOURCE" and s != portrait]
    copy.frame_start += 100
    copy.name = "A Name That Sorts First"
    assert core("strips.results").target_of(prepared).source == portrait


def test_scene_deleted_while_the_job_runs(scene, portrait):
    prepared, files = _running_job(scene, portrait)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(scene)
    assert not core("strips.results").show_frames(prepared, {0: files[0]})


def test_same_file_opened_again_while_the_job_runs(scene, portrait, saved_file):
    prepared, files = _running_job(scene, portrait)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert core("strips.results").target_of(prepared) is None
    assert not core("strips.results").show_frames(prepared, {0: files[0]})


def test_cut_out_hides_the_source_and_takes_it_back(scene, portrait):
    portrait.th_puppet_cut_out = True
    strip = rendered_jobs.render(scene, portrait).strip
    assert portrait.mute and not strip.mute
    rendered_jobs.render(scene, portrait)
    portrait.th_puppet_cut_out = False
    rendered_jobs.render(scene, portrait)
    assert not portrait.mute and not portrait.th_hidden_source


def test_a_source_that_was_muted_stays_muted(scene, portrait):
    portrait.mute = True
    results = core("strips.results")
    results.hide_source(portrait)
    results.hide_source(portrait)
    results.show_source(portrait)
    assert portrait.mute
    results.show_source(portrait)
    assert portrait.mute


def test_result_of_an_inactive_scene(scene, portrait):
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    done = rendered_jobs.render(scene, portrait)
    assert done.result in sequencer_names(scene)
    assert len(done.files) == 20


def sequencer_names(scene) -> list[str]:
    return [strip.name for strip in core("compat").all_strips(scene)]


def test_a_thousand_frames(scene, portrait):
    portrait.frame_final_end = 1010
    prepared = core("jobs.builder").prepare(scene, portrait, "STRIP")
    files = rendered_jobs.plan(prepared)
    results = core("strips.results")
    name = results.show_plan(prepared, files, rendered_jobs.PLACEHOLDER)
    for index in range(len(files)):
        rendered_jobs.write_frame(prepared, files, index)
    assert results.show_frames(prepared, dict(enumerate(files)))
    assert names_of(sequencer.all_strips()[name]) == files
