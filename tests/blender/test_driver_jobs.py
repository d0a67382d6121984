# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers with the real worker: a clip acts, a sound speaks, and what is rendered, previewed and reported."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import driving
import media
import motion_pickles
import numpy as np
import pytest
import recording_layout
import sequencer
import talking

LENGTH = 6


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    talking.core("drivers.driver_tracks").forget_all()
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, saved_file, hopper):
    return talking.animated(hopper, length=LENGTH)


@pytest.fixture
def actor(scene, portrait, tmp_path):
    clip = Path(shutil.copy(media.carphone(), tmp_path / "carphone.mp4"))
    strip = sequencer.add_movie(clip, name="Actor", channel=5)
    driving.act(portrait, strip)
    sequencer.select(portrait)
    return strip


@pytest.fixture
def voice(scene, portrait, tmp_path):
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender was built without sound")
    path = driving.write_vowels(tmp_path / "vowels.wav")
    strip = sequencer.strips().new_sound(name="Voice", filepath=str(path), channel=6, frame_start=1)
    driving.speak(portrait, strip)
    sequencer.select(portrait)
    return strip


def panel(name):
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


def job_state():
    return talking.core("jobs.service").runner.state


def test_actor_moves_the_portrait(portrait, actor, hopper):
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    files = talking.frame_files(portrait)
    assert len(set(files)) == LENGTH
    assert any(not np.array_equal(talking.pixels(file), talking.pixels(hopper)) for file in files)
    assert "pictures tracked" in panel("acting").text
    bpy.ops.talkinghead.render_frames()
    assert "none had to be rendered" in job_state().text


def test_only_frames_whose_pose_changes_are_rendered_again(portrait, actor):
    bpy.ops.talkinghead.render_frames()
    before = talking.frame_files(portrait)
    for strength in ("head", "eyes", "brows", "mouth"):
        talking.key(portrait, f"strength_{strength}", 3, 1.0)
        talking.key(portrait, f"strength_{strength}", 4, 0.0)
    for curve in talking.core("compat").fcurves_of(portrait.id_data):
        for key in curve.keyframe_points:
            key.interpolation = "CONSTANT"
    bpy.ops.talkinghead.render_frames()
    after = talking.frame_files(portrait)
    assert after[:3] == before[:3]
    assert len(set(after[3:])) == 1
    assert job_state().text == "3 of 6 frames rendered, 3 reused"


def test_read_driver_reports_and_the_preview_shows_it(scene, portrait, actor):
    assert "Not read yet" in panel("acting").text
    scene.frame_set(5)
    with pytest.raises(RuntimeError, match="has not been read yet"):
        bpy.ops.talkinghead.preview_frame()
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    drawn = panel("acting")
    assert "120 pictures tracked" in drawn.text
    assert "Neutral picture:" in drawn.text
    assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
    shown = talking.core("preview.preview").picture_of(scene, portrait)
    assert not np.array_equal(shown.pixels[::-1], talking.pixels(talking.frame_files(portrait)[0]))


def test_preview_waits_for_the_driver_with_the_button_that_reads_it(scene, portrait, actor):
    preview = talking.core("preview.preview")
    preview.start(scene, portrait)
    drawn = panel("main")
    assert "The driver has not been read yet. Press Read Driver." in drawn.text
    assert "talkinghead.read_drivers" in drawn.of("operator")
    assert not talking.core("worker.worker").client().busy
    bpy.ops.talkinghead.read_drivers()
    preview.watch()
    preview._current.changed_s = 0.0  # nothing was touched for a while
    assert preview.watch()
    preview.wait()
    assert preview.error() is None
    assert preview.picture_of(scene, portrait) is not None


def test_exact_motion_is_rendered(portrait, actor):
    bpy.ops.talkinghead.render_frames()
    before = talking.frame_files(portrait)
    portrait.th_acting_exact = True
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert not set(before[1:]) & set(talking.frame_files(portrait)[1:])


def test_exact_motion_is_previewed(scene, portrait, actor):
    bpy.ops.talkinghead.read_drivers()
    scene.frame_set(5)
    pixels = []
    for portrait.th_acting_exact in (False, True):
        assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
        pixels.append(talking.core("preview.preview").picture_of(scene, portrait).pixels)
    assert not np.array_equal(*pixels)


def test_motion_template_acts(portrait, tmp_path):
    still = np.zeros((21, 3))
    turns = [motion_pickles.rotation(0.0, 2.0 * number, 0.0) for number in range(10)]
    path = tmp_path / "motion.pkl"
    path.write_bytes(motion_pickles.template([motion_pickles.frame(turn, still) for turn in turns], fps=24))
    portrait.th_acting_file, portrait.th_acting_on, portrait.th_acting_exact = str(path), True, True
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert len(set(talking.frame_files(portrait))) == LENGTH
    assert "10 frames of motion" in panel("acting").text
    assert "Puppet Warp cannot follow a motion template itself" in panel("acting").text
    assert np.ptp(driving.mixed(portrait, range(1, 1 + LENGTH))("head_yaw")) > 5


def test_clip_without_a_face_is_told(scene, portrait, tmp_path):
    import numbered

    driving.act(portrait, sequencer.add_movie(numbered.movie(tmp_path / "bars.mp4", 5, 24, 1.0), channel=5))
    sequencer.select(portrait)
    with pytest.raises(RuntimeError, match=r"[Ff]ace"):
        bpy.ops.talkinghead.render_frames()
    assert job_state().error.code.value == "NO_FACE"


def test_cropped_actor_is_rendered_by_blender_first(scene, portrait, actor, tmp_path):
    scene.render.resolution_x, scene.render.resolution_y = 176, 144
    actor.frame_final_end = 1 + LENGTH
    actor.th_as_seen = True
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    assert f"{LENGTH} pictures tracked" in panel("acting").text
    assert "Blender rendered its pictures" in panel("acting").text
    assert not talking.core("drivers.drivers").pending(scene, portrait)


def test_actor_that_blender_renders_may_be_trimmed_at_its_start(scene, portrait, actor):
    scene.render.resolution_x, scene.render.resolution_y = 176, 144
    actor.frame_final_end = 1 + LENGTH
    talking.core("compat").set_left(actor, 3)
    actor.th_as_seen = True
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    # Pictures keep their numbers, so the first one is counted for those that are trimmed away.
    assert f"{LENGTH} pictures tracked" in panel("acting").text
    assert not talking.core("drivers.drivers").pending(scene, portrait)


def test_meta_strip_acts(scene, portrait, actor):
    scene.render.resolution_x, scene.render.resolution_y = 176, 144
    actor.frame_final_end = 1 + LENGTH
    sequencer.select(actor)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    (meta,) = (strip for strip in sequencer.strips() if strip.type == "META")
    driving.act(portrait, meta)
    sequencer.select(portrait)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert f"{LENGTH} pictures tracked" in panel("acting").text


def test_face_of_the_actor_is_found_and_chosen_on_its_strip(scene, portrait, actor):
    scene.frame_set(4)
    sequencer.select(actor)
    assert bpy.ops.talkinghead.find_faces() == {"FINISHED"}
    assert bpy.ops.talkinghead.choose_face(index=0) == {"FINISHED"}
    assert (actor.th_face_index, actor.th_face_picture, actor.th_role) == (0, 3, "NONE")
    sequencer.select(portrait)
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}


def test_changes_while_a_driver_is_read_are_read_as_well(portrait, actor):
    runner = talking.start_render(portrait)
    talking.step_until(runner, lambda state: "Reading the driver" in state.text)
    portrait.th_acting_smoothing = 0.0
    assert talking.step_to_end(runner).phase.value == "done"


def test_portrait_renamed_while_its_driver_is_read_gets_its_frames(portrait, actor):
    runner = talking.start_render(portrait)
    talking.step_until(runner, lambda state: "Reading the driver" in state.text)
    portrait.name = "Ärger 名前"
    assert talking.step_to_end(runner).phase.value == "done"
    assert len(set(talking.frame_files(portrait))) == LENGTH


def test_voice_of_several_speeds_is_heard_where_blender_can_mix_it(portrait, voice):
    sequencer.select(voice)
    with sequencer.override():
        bpy.ops.sequencer.retiming_key_add("EXEC_DEFAULT", timeline_frame=25)
    assert len(voice.retiming_keys) == 3
    sequencer.select(portrait)
    if bpy.app.version < (5, 0, 0):
        with pytest.raises(RuntimeError, match="several speeds, which can crash"):
            bpy.ops.talkinghead.read_drivers()
        return
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    portrait.frame_final_duration = 60
    jaw = np.array(driving.mixed(portrait, range(1, 61))("jaw_open"))
    assert jaw[:10].max() < 0.05 < 0.3 < jaw[15:24].mean()


def test_movie_without_sound_is_told(portrait, actor, tmp_path):
    import numbered

    portrait.th_acting_on = False
    silent = sequencer.add_movie(numbered.movie(tmp_path / "silent.mp4", 24, 24, 1.0), name="Silent", channel=7)
    driving.speak(portrait, silent)
    sequencer.select(portrait)
    with pytest.raises(RuntimeError, match="sound"):
        bpy.ops.talkinghead.render_frames()
    assert job_state().error.hint


def test_voice_opens_the_mouth(portrait, voice):
    portrait.frame_final_duration = 60
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    assert "2.5 s of sound heard" in panel("speech").text
    column = driving.mixed(portrait, range(1, 61))
    jaw, wide = np.array(column("jaw_open")), np.array(column("mouth_wide"))
    assert jaw[:10].max() < 0.05 < 0.3 < jaw[15:24].mean()  # silence, then "aaa"
    assert wide[39:46].mean() > 0.3 > wide[15:24].mean()  # "eee"
    assert jaw[28:34].mean() < 0.1


def test_sound_file_without_a_strip_speaks(portrait, tmp_path):
    portrait.th_speech_file = str(driving.write_vowels(tmp_path / "vowels.wav"))
    portrait.th_speech_on = True
    portrait.frame_final_duration = 60
    sequencer.select(portrait)
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    jaw = np.array(driving.mixed(portrait, range(1, 61))("jaw_open"))
    assert jaw[:10].max() < 0.05 < 0.3 < jaw[15:24].mean()


def test_speech_is_rendered(portrait, voice):
    portrait.th_speech_on = True
    talking.core("compat").set_content_start(voice, -11)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert len(set(talking.frame_files(portrait))) == LENGTH


def test_command_line_renders_driven_strips(scene, portrait, actor, saved_file, capsys):
    assert talking.core("jobs.command_line").main(["render", "--strip", "Portrait", "--i-have-the-rights"]) == 0
    assert f"{LENGTH} of {LENGTH} frames rendered" in capsys.readouterr().out


def test_missing_driver_fails_on_the_command_line(scene, portrait, actor, capsys):
    sequencer.strips().remove(actor)
    assert talking.core("jobs.command_line").main(["render", "--i-have-the-rights"]) == 1
    assert "is gone" in capsys.readouterr().err


def test_cancel_while_a_driver_is_read(portrait, actor):
    shutil.rmtree(talking.core("worker.worker").places().user / "cache" / "captures", ignore_errors=True)
    runner = talking.start_render(portrait)
    talking.step_until(runner, lambda state: "Reading the driver" in state.text)
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    assert talking.core("drivers.drivers").pending(portrait.id_data, portrait)


def test_panel_without_a_driver_asks_for_one(portrait, actor):
    portrait.th_acting = ""
    drawn = panel("acting")
    assert "Choose a strip or a file" in drawn.text
    assert "talkinghead.read_drivers" not in drawn.of("operator")
    portrait.th_acting_file = actor.filepath
    assert "Not read yet" in panel("acting").text


def test_panel_says_that_the_driver_is_gone(portrait, actor):
    sequencer.strips().remove(actor)
    drawn = panel("acting")
    assert "The strip 'Actor' is gone" in drawn.text
    assert "Not read yet" not in drawn.text


def test_panels_of_drivers(scene, portrait, actor):
    assert panel("acting").of("prop")[:2] == ["th_acting_on", "th_acting"]
    assert {"talkinghead.read_drivers", "talkinghead.neutral_here"} <= set(panel("acting").of("operator"))
    assert "th_transcript" in panel("speech").of("prop")
    assert "talkinghead.read_drivers" not in panel("speech").of("operator")
    strengths = panel("strength").of("prop")
    assert strengths == [f"th_strength_{name}" for name in ("head", "eyes", "brows", "mouth", "blinks", "sway")]
    portrait.th_acting_on = False
    assert not panel("strength").drawn
