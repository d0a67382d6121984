# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that make video, as panels and operators know them; nothing is drawn here."""

from __future__ import annotations

import shutil

import bpy
import driving
import media
import numbered
import pytest
import recording_layout
import sequencer
import talking

LENGTH = 100


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def figure(scene, saved_file, astronaut):
    """A strip of 100 frames from frame 11 on, animated by Wan-Animate."""
    strip = sequencer.add_image(astronaut, length=LENGTH, start=11)
    strip.th_role, strip.th_id, strip.th_engine = "SOURCE", "3f", "wananimate"
    sequencer.select(strip)
    return strip


@pytest.fixture
def speaker(figure):
    figure.th_engine = "omniavatar"
    return figure


def draw(name: str) -> recording_layout.RecordingLayout:
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


def settings(source) -> dict[str, object]:
    return talking.core("properties").settings_of(source)


def shown_settings() -> set[str]:
    panels = ("engine", "engine_prompt", "engine_driving", "engine_picture", "engine_sampling", "engine_mask",
              "engine_stages")  # fmt: skip
    names = [name for panel in panels for name in draw(panel).of("prop")]
    assert len(names) == len(set(names))
    return {name.removeprefix("th_wananimate_") for name in names if name.startswith("th_wananimate_")}


def pictures(folder, *names: str):
    folder.mkdir(exist_ok=True)
    return [shutil.copy(media.hopper(), folder / name) for name in names]


def sequence(scene, files, start=11, name="Corrected"):
    return numbered.add_sequence(scene, files, name, channel=6, start=start)


def last_report(operator, **values) -> str:
    with pytest.raises(RuntimeError) as raised:
        operator(**values)
    return str(raised.value)


def test_settings_are_shown_where_they_change_something(figure):
    engine = talking.shared("engines").description_of("wananimate")
    of_shots = {"character", "relight", "mask_from", "mask_grow", "mask_columns", "mask_rows", "keep_background",
                "mask_pictures"}  # fmt: skip
    # Points are placed in the picture, and what they are written as is not shown.
    everything = {setting.name for setting in engine.settings} - {"mask_points"}
    assert shown_settings() == everything - of_shots
    assert not draw("engine_mask").drawn
    figure.th_wananimate_mode = "replace"
    assert shown_settings() == everything - {"retarget"}
    assert "talkinghead.use_as_character" in draw("engine").of("operator")
    assert {"talkinghead.place_mask_points", "talkinghead.clear_mask_points"} <= set(draw("engine_mask").of("operator"))
    figure.th_wananimate_mask_from = "matte"
    assert shown_settings() == everything - {"retarget"}
    assert not draw("engine_mask").of("operator")


def test_mode_is_a_switch_at_the_top(figure):
    assert draw("engine").of("prop")[:2] == ["th_engine", "th_wananimate_mode"]
    assert draw("engine").of("prop").count("th_wananimate_mode") == 1


def test_stages_depend_on_the_mode(figure):
    names = talking.core("strips.helpers").stages_of
    assert [stage.name for stage in names(figure)] == ["pose", "face"]
    figure.th_wananimate_mode = "replace"
    assert [stage.name for stage in names(figure)] == ["pose", "face", "mask", "background"]
    assert draw("engine_stages").of("operator").count("talkinghead.add_helper_strip") == 4
    assert draw("engine_stages").of("operator").count("talkinghead.use_helper_strip") == 3
    figure.th_engine = "puppet"
    assert not draw("engine_stages").drawn
    assert not bpy.ops.talkinghead.add_helper_strip.poll()


def test_models_of_chosen_values_are_needed_as_well(figure):
    states = talking.core("worker.models").models_states
    engine = talking.shared("engines").description_of("wananimate")
    named = lambda: [state.weights.name for state in states(engine, settings(figure))]  # noqa: E731
    assert named() == ["wananimate_official", "wan_tracking"]
    figure.th_wananimate_mode, figure.th_wananimate_model = "replace", "q4"
    assert named() == ["wananimate_q4", "wan_tracking", "wan_masks"]
    figure.th_wananimate_tracking, figure.th_wananimate_mask_from = "light", "matte"
    assert named() == ["wananimate_q4"]


def test_what_a_clip_does_is_told(figure, tmp_path):
    exact = talking.core("drivers.exact")
    figure.th_acting_on, figure.th_acting_file = True, str(tmp_path / "actor.mp4")
    assert "by the sliders, unseen, and Wan-Animate redraws that" in draw("acting").text
    figure.th_acting_exact = True
    assert "Wan-Animate performs the clip itself: body, hands and face. What you set" in draw("acting").text
    assert exact.follows_clip(figure)
    figure.th_wananimate_faces = "body"
    assert "No face is looked for" in draw("acting").text
    assert "Wan-Animate needs no face while Driven By is Body." in draw("face").text
    figure.th_wananimate_mode = "replace"
    assert not exact.follows_clip(figure) and "The shot itself acts" in draw("acting").text
    figure.th_wananimate_faces = "person"
    assert "what a clip's face does is added by the sliders" in draw("acting").text


def test_bodies_heed_no_sliders(figure):
    heeded = talking.core("drivers.driver_strips").sliders_of
    assert "head_yaw" in heeded(figure)
    figure.th_wananimate_faces = "body"
    assert not heeded(figure)


def test_engine_without_sliders_shows_none(speaker):
    panels = ("head", "eyes", "brows", "mouth", "poses", "performance", "acting")
    assert not any(draw(name).drawn for name in panels)
    assert draw("speech").drawn and draw("engine").drawn
    speaker.th_engine = "wananimate"
    assert all(draw(name).drawn for name in panels)


def test_engine_that_only_listens_says_what_it_needs(speaker, scene):
    assert "OmniAvatar speaks what a sound says" in draw("engine").text
    builder = talking.core("jobs.builder")
    with pytest.raises(talking.shared("errors").TalkingHeadError) as raised:
        builder.prepare(scene, speaker, "STRIP")
    assert "'Portrait' has none" in raised.value.message and "Speech" in raised.value.hint
    assert builder.prepare(scene, speaker, "STRIP", with_drivers=False).job.engine == "omniavatar"


def test_engine_that_only_listens_always_does(speaker, scene, tmp_path):
    path = driving.write_vowels(tmp_path / "vowels.wav")
    speaker.th_speech_on, speaker.th_speech_file, speaker.th_speech_exact = True, str(path), False
    speaker.th_acting_on = True  # switched on for another engine: no clip can drive this one
    exact, strips = talking.core("drivers.exact"), talking.core("drivers.driver_strips")
    assert exact.hears(speaker) and not strips.is_on(speaker, strips.Part.ACTING)
    assert "speaks what a sound says" not in draw("engine").text
    drawn = draw("speech")
    assert "th_speech_exact" not in drawn.of("prop") and "th_idle_seed" not in drawn.of("prop")
    assert "Mouth Strength says how much" in drawn.text
    assert draw("strength").of("prop") == ["th_strength_mouth"]


def test_engine_without_sliders_asks_for_no_face(speaker, scene):
    jobs, states = talking.core("jobs.jobs"), talking.core("jobs.runner")
    prepared = talking.core("jobs.builder").prepare(scene, speaker, "STRIP", with_drivers=False)
    assert not list(jobs._check_face(prepared, states.JobState("Test"), states.JobControl()))


def test_preview_of_what_only_listens_is_the_portrait(speaker, monkeypatch):
    monkeypatch.setattr(talking.core("preview.preview"), "active", lambda: True)
    assert "shows the portrait. OmniAvatar moves it" in draw("main").text


def test_preview_of_what_follows_a_clip_is_the_clip(figure, monkeypatch):
    figure.th_engine = "wananimate2"
    monkeypatch.setattr(talking.core("preview.preview"), "active", lambda: True)
    assert "shows the clip that acts. Wan-Animate 2 has the portrait do that" in draw("main").text


def test_first_section_of_a_chain_is_its_beginning(figure, scene):
    target = talking.core("jobs.job_steps").Target(scene.name, figure.name, "STRIP", first_section=True)
    laid_out = talking.core("jobs.film_jobs").target_in_film
    assert laid_out(target).only == range(11, 88)
    figure.th_wananimate_frames_at_once = 20
    assert laid_out(target).only == range(11, 28)


def test_character_is_taken_from_the_other_selected_strip(figure, scene, hopper):
    other = sequencer.add_image(hopper, name="Hopper", channel=4, start=11)
    for active in (figure, other):
        figure.th_wananimate_character, figure.th_wananimate_mode = "", "animate"
        sequencer.select(active, figure, other)
        assert bpy.ops.talkinghead.use_as_character() == {"FINISHED"}
        assert settings(figure)["character"] == str(hopper) and figure.th_wananimate_mode == "replace"


def test_character_is_taken_from_a_file(figure, tmp_path, hopper):
    assert bpy.ops.talkinghead.use_as_character(filepath=str(hopper)) == {"FINISHED"}
    assert figure.th_wananimate_character == "//hopper.jpg"  # as Blender's preference for paths says
    assert "No picture of the new person" in last_report(bpy.ops.talkinghead.use_as_character)
    missing = str(tmp_path / "nobody.png")
    assert "There is no file" in last_report(bpy.ops.talkinghead.use_as_character, filepath=missing)
    assert "is no picture" in last_report(bpy.ops.talkinghead.use_as_character, filepath=str(media.carphone()))
    assert settings(figure)["character"] == str(hopper)
    figure.th_engine = "puppet"
    assert not bpy.ops.talkinghead.use_as_character.poll()


def test_helper_strip_is_used_and_given_up(figure, scene, tmp_path):
    strip = sequence(scene, pictures(tmp_path / "fixed", "0001.png", "0002.png"))
    sequencer.select(strip, figure)
    assert bpy.ops.talkinghead.use_helper_strip(stage="pose") == {"FINISHED"}
    assert settings(figure)["pose_pictures"] == str(tmp_path / "fixed")
    assert settings(figure)["face_pictures"] == ""
    sequencer.select(figure)
    assert "talkinghead.use_computed" in draw("engine_stages").of("operator")
    assert bpy.ops.talkinghead.use_computed(stage="pose") == {"FINISHED"}
    assert settings(figure)["pose_pictures"] == ""


def test_numbers_say_for_which_frames_pictures_are(figure, scene, tmp_path):
    helpers = talking.core("strips.helpers")
    assert [helpers.number_in(name) for name in ("0012.png", "take2_v3-007.fixed.png", "pose.png")] == [12, 7, None]
    pose = helpers.stage_of(figure, "pose")
    strip = sequence(scene, pictures(tmp_path / "fixed", "p_0003.png", "p_0004.png"), start=13)
    assert helpers.use(figure, pose, strip).endswith("are for the frames 3 to 4 of the film.")
    strip = sequence(scene, pictures(tmp_path / "moved", "0003.png", "0004.png"), start=20)
    assert "the numbers in their names count, though the strip lies at frame 10" in helpers.use(figure, pose, strip)
    strip = sequence(scene, pictures(tmp_path / "unnumbered", "a.png", "b.png"))
    sequencer.select(strip, figure)
    assert "number from 1 to 100" in last_report(bpy.ops.talkinghead.use_helper_strip, stage="pose")
    assert settings(figure)["pose_pictures"] == str(tmp_path / "moved")


def test_movie_strip_is_used_as_helper(figure, tmp_path):
    movie = sequencer.strips().new_movie(name="Faces", filepath=str(media.carphone()), channel=6, frame_start=11)
    sequencer.select(movie, figure)
    assert bpy.ops.talkinghead.use_helper_strip(stage="face") == {"FINISHED"}
    assert settings(figure)["face_pictures"] == str(media.carphone())


def test_stages_that_are_not_there_are_refused(figure, scene, tmp_path):
    strip = sequence(scene, pictures(tmp_path / "fixed", "0001.png"))
    sequencer.select(strip, figure)
    message = last_report(bpy.ops.talkinghead.use_helper_strip, stage="mask")
    assert "makes no Mask pictures" in message and "Pose, Face" in message
    figure.th_wananimate_mode = "replace"
    assert "cannot be given back" in last_report(bpy.ops.talkinghead.use_helper_strip, stage="background")
    sequencer.select(figure)
    assert not bpy.ops.talkinghead.use_helper_strip.poll()


def test_corrected_pictures_put_frames_out_of_date(figure, tmp_path):
    state_of = talking.core("strips.source_state").of
    files = pictures(tmp_path / "fixed", "0001.png", "0002.png")
    seen = [state_of(figure)["engine"]]
    figure.th_wananimate_pose_pictures = str(tmp_path / "fixed")
    seen.append(state_of(figure)["engine"])
    shutil.copy(media.astronaut(), files[1])
    seen.append(state_of(figure)["engine"])
    files[1].rename(files[1].with_name("0003.png"))
    seen.append(state_of(figure)["engine"])
    assert len(set(seen)) == 4
    figure.th_wananimate_pose_pictures = str((tmp_path / "fixed").rename(tmp_path / "elsewhere"))
    assert state_of(figure)["engine"] == seen[-1]


def test_presets_leave_out_what_is_about_one_shot(figure, tmp_path, hopper):
    presets = talking.core("engine_presets")
    figure.th_wananimate_mode, figure.th_wananimate_mask_points = "replace", "[[0,0.5,0.5,1]]"
    figure.th_wananimate_character = str(hopper)
    path = tmp_path / "mine.py"
    presets.save(figure, path)
    text = path.read_text(encoding="utf-8")
    assert "th_wananimate_mode = 'replace'" in text
    assert not any(word in text for word in ("mask_points", "character", "pose_pictures"))


def test_folders_and_points_come_back_from_a_saved_job(figure, scene, tmp_path, hopper):
    pictures(tmp_path / "fixed", "0001.png")
    figure.th_wananimate_mode, figure.th_wananimate_mask_points = "replace", "[[0,0.5,0.5,1]]"
    figure.th_wananimate_character, figure.th_wananimate_pose_pictures = "//hopper.jpg", "//fixed/"
    prepared = talking.core("jobs.builder").prepare(scene, figure, "STRIP")
    wanted = dict(prepared.job.settings)
    assert (wanted["character"], wanted["pose_pictures"]) == (str(hopper), str(tmp_path / "fixed"))
    prepared.folder.mkdir(parents=True, exist_ok=True)
    path = prepared.folder / "kept.job.json"
    talking.shared("job").save(prepared.job, path)
    sequencer.strips().remove(figure)
    assert bpy.ops.talkinghead.rebuild_job(filepath=str(path)) == {"FINISHED"}
    assert settings(scene.sequence_editor.active_strip) == wanted


def test_pictures_that_somebody_corrected_are_never_written_over(figure, tmp_path):
    helpers = talking.core("strips.helpers")
    pose = helpers.stage_of(figure, "pose")
    folders = []
    for _ in range(3):
        folders.append(helpers.new_folder(tmp_path, pose))
        folders[-1].mkdir(parents=True)
    assert [folder.name for folder in folders] == ["pose", "pose-2", "pose-3"]


def test_helper_strip_lies_muted_above_the_source(figure, scene, tmp_path):
    helpers = talking.core("strips.helpers")
    files = pictures(tmp_path / "pose", "0003.png", "0004.png", "0005.png")
    names = [file.name for file in files]
    figure.transform.offset_x, figure.transform.rotation = 50, 0.5
    strip = helpers.add(figure, helpers.stage_of(figure, "pose"), tmp_path / "pose", names, 13, baked=False)
    assert (strip.name, strip.mute, strip.channel > figure.channel) == ("Portrait Pose", True, True)
    assert not strip.select  # it is not what the user chose
    assert (strip.transform.offset_x, round(strip.transform.rotation, 3)) == (50, 0.5)
    seen = helpers.add(figure, helpers.stage_of(figure, "pose"), tmp_path / "pose", names, 13, baked=True)
    assert (seen.transform.offset_x, seen.transform.rotation) == (0, 0)  # its pictures are as the scene shows them
    compat = talking.core("compat")
    assert (compat.left(strip), compat.right(strip)) == (13, 16)
    shown = [strip.strip_elem_from_frame(frame).filename for frame in (13, 14, 15)]
    assert shown == [file.name for file in files]


def test_strips_in_a_closed_meta_strip_are_not_meant(figure, scene, hopper, astronaut):
    inside = sequencer.add_image(hopper, name="Inside", channel=6, start=11)
    meta = sequencer.strips().new_meta(name="Meta", channel=7, frame_start=11)
    inside.move_to_meta(meta)
    other = sequencer.add_image(astronaut, name="Other", channel=4, start=11)
    sequencer.select(figure, other)
    inside.select, meta.select = True, False
    assert bpy.ops.talkinghead.use_as_character() == {"FINISHED"}
    assert settings(figure)["character"] == str(astronaut)


def test_pictures_to_paint_in_do_not_go_to_a_temporary_folder(figure, scene, monkeypatch):
    folders = talking.core("strips.folders")
    place = folders.place_for
    monkeypatch.setattr(folders, "place_for", lambda *given: folders.Place(place(*given).path, temporary=True))
    with pytest.raises(RuntimeError, match="temporary folder that Blender empties"):
        bpy.ops.talkinghead.add_helper_strip(stage="pose")


def test_estimate_counts_the_chain(figure):
    film = talking.core("jobs.film_estimates").of_range(figure)
    assert film is not None and film.frames == 101  # one frame of the first section begins the second one
    assert film.passes == (77 + 25) * figure.th_wananimate_steps  # 24 frames are drawn as 25
    assert "2 sections" in draw("engine").text
