# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results know whether they are up to date: after edits of any kind, undo, saving, moving, splitting and copying."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import bpy
import driving
import media
import pytest
import sequencer
import talking

SLIDERS = "Sliders have changed since the last render"
FRAMES = 10


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def source(scene, saved_file, astronaut):
    """A rendered portrait that opens its mouth."""
    strip = talking.animated(astronaut, "Bob", length=FRAMES)
    talking.key(strip, "jaw_open", 1, 0.0)
    talking.key(strip, "jaw_open", FRAMES, 1.0)
    render(strip)
    return strip


def render(strip) -> None:
    sequencer.select(strip)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}


def reason(strip, frames=None) -> str:
    return talking.core("strips.stale").reason(strip, frames)


def rename(strip, name):
    strip.name = name
    return strip


def key_of(strip, control):
    path = strip.path_from_id(f"th_{control}")
    return next(c for c in talking.core("compat").fcurves_of(strip.id_data) if c.data_path == path)


def test_animated_portrait_is_not_rendered_yet(scene, saved_file, astronaut):
    strip = talking.animated(astronaut)
    assert reason(strip) == "Not rendered yet"
    assert talking.core("strips.stale").stale_sources(scene) == [(strip, "Not rendered yet")]
    render(strip)
    assert reason(strip) == ""
    assert talking.core("strips.stale").stale_sources(scene) == []


def test_plain_strip_is_never_stale(scene, astronaut):
    assert reason(sequencer.add_image(astronaut)) == ""


@pytest.mark.parametrize(
    "edit",
    [
        lambda strip: setattr(strip, "th_head_yaw", 5.0),
        lambda strip: talking.key(strip, "jaw_open", 5, 0.9),
        lambda strip: setattr(key_of(strip, "jaw_open").keyframe_points[0], "interpolation", "CONSTANT"),
        lambda strip: setattr(key_of(strip, "jaw_open"), "mute", True),
        lambda strip: key_of(strip, "jaw_open").modifiers.new("NOISE"),
        lambda strip: strip.keyframe_insert("th_brow", frame=3),
        lambda strip: setattr(strip.driver_add("th_gaze_x").driver, "expression", "frame / 10"),
    ],
    ids=["value", "key", "interpolation", "mute", "modifier", "first key", "driver"],
)
def test_sliders_make_it_stale_until_the_next_render(source, edit):
    edit(source)
    assert reason(source) == SLIDERS
    render(source)
    assert reason(source) == ""


def test_taking_an_edit_back_makes_it_fresh_again(source):
    source.th_head_yaw = 5.0
    assert reason(source) == SLIDERS
    source.th_head_yaw = 0.0
    assert reason(source) == ""


def test_unused_properties_do_not_matter(source):
    source.th_strength_head = 0.5  # without a driver there is nothing to scale
    source.mute = True
    source.color_tag = "COLOR_02"
    rename(source, "Robert")
    assert reason(source) == ""


def test_engine_setting_and_face(source):
    source.th_puppet_cut_out = True
    assert "engine or its settings" in reason(source)
    source.th_puppet_cut_out = False
    assert reason(source) == ""
    source.th_face_index = 1
    assert "choice of face" in reason(source)


def test_exchanged_file_is_noticed_and_a_copied_one_is_not(source, astronaut, tmp_path):
    stamp = astronaut.stat().st_mtime + 100
    os.utime(astronaut, (stamp, stamp))
    assert reason(source) == ""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(astronaut, elsewhere / "renamed.png")
    source.directory, source.elements[0].filename = str(elsewhere), "renamed.png"
    assert reason(source) == ""
    shutil.copy(media.hopper(), elsewhere / "renamed.png")
    assert reason(source) == "The source has changed since the last render"


def test_moving_the_pair_changes_nothing(source):
    result = talking.result_of(source)
    compat = talking.core("compat")
    for strip in (source, result):
        compat.set_content_start(strip, compat.content_start(strip) + 37)
    assert compat.left(source) == 38
    assert reason(source) == ""


def test_splitting_leaves_both_halves_fresh(source):
    sequencer.select(source, talking.result_of(source))
    with sequencer.override():
        bpy.ops.sequencer.split(frame=6, type="SOFT", side="BOTH")
    sources = [strip for strip in sequencer.all_strips() if strip.th_role == "SOURCE"]
    assert len(sources) == 2
    assert [reason(strip) for strip in sources] == ["", ""]
    sources[0].th_mouth_smile = 0.5
    assert [reason(strip) for strip in sources] == [SLIDERS, ""]


def test_trimming_is_fresh_and_lengthening_is_not(source):
    compat = talking.core("compat")
    compat.set_right(source, 7)
    assert reason(source) == ""
    compat.set_right(source, FRAMES + 4)
    assert reason(source) == "3 frames have not been rendered yet"


def test_frames_outside_of_the_asked_ones_do_not_matter(scene, source):
    talking.core("compat").set_right(source, FRAMES + 4)
    assert reason(source, range(1, FRAMES + 1)) == ""
    assert reason(source, range(500, 600)) == ""
    assert "not been rendered" in reason(source, range(1, 100))
    scene.frame_end, scene.th_range_mode = FRAMES, "SCENE"
    assert reason(source) == ""


def test_parts_rendered_one_after_the_other_are_joined(source):
    source.th_head_yaw = 4.0
    main = talking.core("jobs.command_line").main
    assert main(["render", "--strip", "Bob", "--frames", "1-4", "--i-have-the-rights", "--quiet"]) == 0
    assert reason(source, range(1, 5)) == ""
    assert reason(source) == f"{FRAMES - 4} frames have not been rendered yet"
    assert main(["render", "--strip", "Bob", "--frames", f"5-{FRAMES}", "--i-have-the-rights", "--quiet"]) == 0
    assert reason(source) == ""


def test_canceled_job_leaves_frames_missing(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=120)
    talking.key(source, "jaw_open", 1, 0.0)
    talking.key(source, "jaw_open", 120, 1.0)
    runner = talking.start_render(source)
    talking.step_until(runner, lambda state: state.done >= 2)
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    missing = 120 - len(talking.rendered_frames(talking.frame_files(source)[0].parent))
    assert 0 < missing < 120
    assert reason(source) == f"{missing} of 120 frames are missing"
    render(source)
    assert reason(source) == ""


def test_slider_moved_during_a_job_makes_its_result_stale(source):
    source.th_head_yaw = 7.0
    runner = talking.start_render(source)
    talking.step_until(runner, lambda state: state.done >= 1)
    source.th_head_yaw = 9.0
    talking.step_to_end(runner)
    assert runner.state.phase.value == "done"
    assert reason(source) == SLIDERS


def test_it_is_known_after_opening_the_file(source, saved_file):
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    strip = sequencer.all_strips()["Bob"]
    assert reason(strip) == ""
    strip.th_head_yaw = 5.0
    assert reason(strip) == SLIDERS


def test_lost_frames_are_known_after_opening_the_file_twice(source, saved_file):
    talking.frame_files(source)[4].unlink()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert "Render Frames makes them again" in reason(sequencer.all_strips()["Bob"])
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert reason(sequencer.all_strips()["Bob"]) == f"1 of {FRAMES} frames are missing"
    render(sequencer.all_strips()["Bob"])
    assert reason(sequencer.all_strips()["Bob"]) == ""


def test_speed_of_a_movie(scene, saved_file, tmp_path):
    shot = sequencer.add_movie(Path(shutil.copy(media.carphone(), tmp_path / "shot.mp4")))
    talking.core("compat").set_right(shot, 5)
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    render(shot)
    assert reason(shot) == ""
    shot.use_reverse_frames = True
    assert "speed" in reason(shot)
    shot.use_reverse_frames = False
    assert reason(shot) == ""
    scene.render.fps = 30
    assert "speed" in reason(shot)


def test_speech(source, tmp_path):
    source.th_speech_file, source.th_speech_on = str(driving.write_vowels(tmp_path / "vowels.wav")), True
    assert reason(source) == "Acting or speech has changed since the last render"
    render(source)
    assert reason(source) == ""
    source.th_strength_mouth = 0.5
    assert "Acting or speech" in reason(source)
    source.th_strength_mouth = 1.0
    assert reason(source) == ""
    source.th_transcript = "hello"
    assert "Acting or speech" in reason(source)


def test_actor_counts_from_the_portrait(source, tmp_path):
    clip = Path(shutil.copy(media.carphone(), tmp_path / "actor.mp4"))
    actor = sequencer.add_movie(clip, name="Actor", channel=5)
    driving.act(source, actor)
    render(source)
    assert reason(source) == ""
    compat = talking.core("compat")
    compat.set_content_start(actor, 3)
    assert "Acting or speech" in reason(source)
    for strip in (source, talking.result_of(source)):
        compat.set_content_start(strip, compat.content_start(strip) + 2)
    assert reason(source) == ""


def test_what_blender_computes_is_uncertain(source):
    uncertain = talking.core("strips.source_state").uncertain
    assert not uncertain(source)
    source.driver_add("th_gaze_x").driver.expression = "frame / 10"
    assert uncertain(source)
    source.driver_remove("th_gaze_x")
    assert not uncertain(source)
    source.th_as_seen = True
    assert uncertain(source)
