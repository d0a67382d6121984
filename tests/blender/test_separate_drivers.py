# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Head, or eyes and brows, from clips of their own, and sounds that engines listen to themselves."""

from __future__ import annotations

from fractions import Fraction

import bpy
import driving
import numbered
import numpy as np
import pytest
import sequencer
import talking

COUNT = 40
FIRST = 21
FRAME = 30
INDEX = FRAME - 1  # of the portrait's frames
PLACE = FRAME - FIRST  # in the clips
# What each clip's track says at FRAME: enough to tell whose it is.
ACTOR = {"head_yaw": 0.25, "eye_open": 0.01, "brow": 0.02, "jaw_open": 0.02}
HEAD = {"head_yaw": -0.5, "eye_open": 0.02, "brow": -0.02, "jaw_open": 0.01}
EXPRESSION = {"head_yaw": 1.0, "eye_open": 0.03, "brow": -0.01, "jaw_open": 0.015}


@pytest.fixture
def portrait(scene, astronaut):
    strip = sequencer.add_image(astronaut, length=120)
    strip.th_role = "SOURCE"
    return strip


def add_clip(portrait, tmp_path, part, name, channel):
    movie = numbered.movie(tmp_path / f"{name}.mp4", COUNT, 24, 1.0)
    strip = sequencer.add_movie(movie, name=name, channel=channel, start=FIRST)
    setattr(portrait, f"th_{part}", name)
    portrait.th_acting_on = True
    return strip


def ramps(slopes) -> dict[str, np.ndarray]:
    return {name: slope * np.arange(COUNT) for name, slope in slopes.items()}


@pytest.fixture
def clips(portrait, tmp_path):
    """Movie strips Actor, Head and Expression at frame 21; what each does grows from picture to picture."""
    strips = {}
    for channel, (part, name, slopes) in enumerate(
        (("acting", "Actor", ACTOR), ("acting_head", "Head", HEAD), ("acting_expression", "Eyes", EXPRESSION)), 2
    ):
        strips[part] = add_clip(portrait, tmp_path, part, name, channel)
        driving.remember(portrait, part, ramps(slopes))
    return strips


@pytest.fixture
def voice(portrait, tmp_path):
    """A sound strip from frame 21 on: its jaw opens as time passes, 0.1 a second, while all is spoken."""
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender was built without sound")
    path = driving.write_vowels(tmp_path / "vowels.wav")
    strip = sequencer.strips().new_sound(name="Voice", filepath=str(path), channel=6, frame_start=FIRST)
    driving.speak(portrait, strip)
    hear(portrait)
    return strip


def hear(portrait):
    driving.remember(portrait, "speech", driving.ramp("jaw_open", 0.001, 250), Fraction(100), activity=np.ones(250))


def job_of(portrait):
    return talking.core("jobs.builder").prepare(portrait.id_data, portrait, "STRIP").job


def pose_at(job) -> dict[str, float]:
    return job.performance.pose(INDEX)


def said(slopes, name: str) -> float:
    return pytest.approx(slopes[name] * PLACE, abs=1e-4)


def strengths(exact) -> list[float]:
    return [getattr(exact, name)[INDEX] for name in ("head", "eyes", "brows", "mouth")]


def error_of(call) -> object:
    with pytest.raises(talking.shared("errors").TalkingHeadError) as caught:
        call()
    assert caught.value.hint
    return caught.value


def test_sliders_follow_three_clips(portrait, clips):
    pose = pose_at(job_of(portrait))
    assert pose["head_yaw"] == said(HEAD, "head_yaw")
    assert (pose["eye_open"], pose["brow"]) == (said(EXPRESSION, "eye_open"), said(EXPRESSION, "brow"))
    assert pose["jaw_open"] == said(ACTOR, "jaw_open")


def test_strengths_are_of_the_part_of_the_face(portrait, clips):
    portrait.th_strength_head, portrait.th_strength_brows = 0.5, 0.0
    pose = pose_at(job_of(portrait))
    assert pose["head_yaw"] == pytest.approx(0.5 * HEAD["head_yaw"] * PLACE)
    assert pose["brow"] == 0.0


def test_without_a_clip_of_its_own_it_is_the_actors(portrait, clips):
    portrait.th_acting_head = ""
    pose = pose_at(job_of(portrait))
    assert (pose["head_yaw"], pose["brow"]) == (said(ACTOR, "head_yaw"), said(EXPRESSION, "brow"))


def test_a_clip_that_lies_elsewhere_leaves_its_part_at_rest_and_is_told(portrait, clips):
    clips["acting_head"].frame_start = 500
    prepared = talking.core("jobs.builder").prepare(portrait.id_data, portrait, "STRIP")
    assert pose_at(prepared.job)["head_yaw"] == 0.0
    assert "The driver 'Head' does not lie at the same time" in " ".join(prepared.warnings)


def test_a_file_gives_the_head(portrait, clips, tmp_path):
    portrait.th_acting_head = ""
    portrait.th_acting_head_file = str(tmp_path / "Head.mp4")
    driving.remember(portrait, "acting_head", ramps(HEAD))
    assert pose_at(job_of(portrait))["head_yaw"] == pytest.approx(HEAD["head_yaw"] * INDEX, abs=1e-4)


def test_acting_switched_off_switches_all_off(portrait, clips):
    portrait.th_acting_on = False
    assert not talking.core("drivers.drivers").driven(portrait)


def test_puppet_takes_the_mouth_exactly_and_the_rest_by_sliders(portrait, clips):
    portrait.th_acting_exact = True
    job = job_of(portrait)
    assert strengths(job.exact) == [0.0, 0.0, 0.0, 1.0]
    assert (job.exact_head, job.exact_expression) == (None, None)
    pose = pose_at(job)
    assert (pose["brow"], pose["jaw_open"]) == (said(EXPRESSION, "brow"), 0.0)


def test_engine_of_one_clip_takes_the_others_by_sliders(portrait, clips):
    portrait.th_engine, portrait.th_acting_exact = "liveportrait", True
    job = job_of(portrait)
    assert strengths(job.exact) == [0.0, 0.0, 0.0, 1.0]
    assert (job.exact_head, job.exact_expression) == (None, None)
    pose = pose_at(job)
    assert (pose["head_yaw"], pose["jaw_open"]) == (said(HEAD, "head_yaw"), 0.0)
    portrait.th_acting_head = portrait.th_acting_expression = ""
    assert strengths(job_of(portrait).exact) == [1.0] * 4


def test_engine_of_several_clips_is_shown_each(portrait, clips):
    portrait.th_engine, portrait.th_acting_exact = "edtalk", True
    portrait.th_head_yaw, portrait.th_strength_head, portrait.th_strength_eyes = 3.0, 1.5, 0.5
    portrait.th_acting_neutral = 7
    driving.remember(portrait, "acting", ramps(ACTOR))
    clips["acting_expression"].frame_start += 5
    job = job_of(portrait)
    assert strengths(job.exact) == [0.0, 0.0, 0.0, 1.0]
    assert strengths(job.exact_head) == [1.5, 0.0, 0.0, 0.0]
    assert strengths(job.exact_expression) == [0.0, 0.5, 1.0, 0.0]
    places = [one.positions[INDEX] for one in (job.exact, job.exact_head, job.exact_expression)]
    assert places == [PLACE, PLACE, PLACE - 5]
    assert job.exact_head.capture.source.files == (bpy.path.abspath(clips["acting_head"].filepath),)
    assert [one.capture.neutral for one in (job.exact, job.exact_head)] == [7, -1]  # counted in the acting clip
    assert pose_at(job) == {**talking.shared("controls").rest_pose(), "head_yaw": 3.0}


def test_engine_of_several_clips_cannot_be_shown_a_template(portrait, clips, tmp_path):
    template = tmp_path / "motion.pkl"
    template.write_bytes(b"read by the worker")
    portrait.th_engine, portrait.th_acting_exact = "edtalk", True
    portrait.th_acting_head, portrait.th_acting_head_file = "", str(template)
    driving.remember(portrait, "acting_head", ramps(HEAD))
    job = job_of(portrait)
    assert job.exact_head is None and strengths(job.exact) == [0.0, 0.0, 0.0, 1.0]
    assert pose_at(job)["head_yaw"] == pytest.approx(HEAD["head_yaw"] * INDEX, abs=1e-4)


def test_engine_that_hears_takes_the_sound_itself(portrait, voice):
    portrait.th_engine, portrait.th_strength_mouth = "edtalk", 0.5
    job = job_of(portrait)
    speech = job.exact_speech
    assert speech.sound == bpy.path.abspath(voice.sound.filepath)
    assert speech.zero == "sound"
    assert (speech.times_s[INDEX], speech.strengths[INDEX]) == (0.375, 0.5)
    assert (speech.times_s[0], speech.strengths[0]) == (None, 0.0)
    assert pose_at(job)["jaw_open"] == 0.0
    eyes = job.performance.values[:, talking.shared("controls").POSE_NAMES.index("eye_open")]
    assert eyes.min() < 0.5  # it still blinks
    portrait.th_speech_exact = False
    job = job_of(portrait)
    assert job.exact_speech is None
    assert pose_at(job)["jaw_open"] == pytest.approx(0.5 * 0.0375, abs=1e-4)


def test_other_engines_take_the_sound_by_sliders(portrait, voice):
    for portrait.th_engine in ("puppet", "liveportrait", "tpsmm"):
        job = job_of(portrait)
        assert job.exact_speech is None
        assert pose_at(job)["jaw_open"] == pytest.approx(0.0375, abs=1e-4)


def test_sound_has_the_mouth_also_where_a_clip_acts(portrait, clips, voice):
    portrait.th_engine = "edtalk"
    for portrait.th_acting_exact in (False, True):
        job = job_of(portrait)
        assert pose_at(job)["jaw_open"] == 0.0
        assert job.exact is None or strengths(job.exact) == [0.0] * 4
        assert job.exact_speech.times_s[INDEX] == 0.375


def test_time_of_a_movies_sound_counts_from_its_first_picture(portrait, clips):
    portrait.th_engine, portrait.th_acting_on = "edtalk", False
    driving.speak(portrait, clips["acting"])
    hear(portrait)
    speech = job_of(portrait).exact_speech
    assert (speech.times_s[INDEX], speech.zero) == (0.375, "picture")


def test_sound_that_blender_mixes_first_is_heard_as_mixed(scene, portrait, voice):
    sequencer.select(voice)
    with sequencer.override():
        bpy.ops.sequencer.retiming_key_add("EXEC_DEFAULT", timeline_frame=35)
    hear(portrait)
    portrait.th_engine = "edtalk"
    part = talking.core("drivers.driver_strips").Part.SPEECH
    medium = talking.core("drivers.driver_tracks").wanted(scene, portrait, part).medium
    speech = job_of(portrait).exact_speech
    assert speech.sound == str(medium.mixdown.path)
    assert (speech.times_s[INDEX], speech.zero) == (0.375, "sound")


def test_renamed_and_copied_clips_are_found(portrait, clips):
    strips = talking.core("drivers.driver_strips")
    clips["acting_head"].name = "Nod"
    assert portrait.th_acting_head == "Nod"
    assert pose_at(job_of(portrait))["head_yaw"] == said(HEAD, "head_yaw")
    sequencer.select(portrait, clips["acting_head"])
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    copies = {strip.type: strip for strip in sequencer.all_strips() if strip.name.endswith(".001")}
    for strip in copies.values():
        strip.channel += 10
        talking.core("compat").set_content_start(strip, talking.core("compat").content_start(strip) + 300)
    assert strips.find(copies["IMAGE"], strips.Part.HEAD) == copies["MOVIE"]
    assert strips.find(portrait, strips.Part.HEAD).name == "Nod"


def test_a_clip_that_is_gone_is_told(portrait, clips):
    sequencer.strips().remove(clips["acting_expression"])
    assert "which drives the expression" in error_of(lambda: job_of(portrait)).message


def test_each_clip_must_be_read(scene, portrait, clips):
    talking.core("drivers.driver_tracks").forget_all()
    pending = talking.core("drivers.drivers").pending(scene, portrait)
    assert [item.medium.name for item in pending] == ["Actor", "Head", "Eyes"]
    assert error_of(lambda: job_of(portrait)).action.value == "READ_DRIVER"


CHANGES = {
    "no head": lambda portrait, clips: setattr(portrait, "th_acting_head", ""),
    "no expression": lambda portrait, clips: setattr(portrait, "th_acting_expression", ""),
    "the head's clip moved": lambda portrait, clips: setattr(clips["acting_head"], "frame_start", 30),
    "the face in the head's clip": lambda portrait, clips: setattr(clips["acting_head"], "th_face_index", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_noticed_by_preview_and_results(portrait, clips, change):
    states = talking.core("drivers.drivers"), talking.core("strips.source_state")
    before = states[0].state_of(portrait), states[1].of(portrait)["drivers"]
    CHANGES[change](portrait, clips)
    assert states[0].state_of(portrait) != before[0]
    assert states[1].of(portrait)["drivers"] != before[1]


def test_listening_counts_only_where_it_changes_something(portrait, voice):
    state = talking.core("strips.source_state")
    for engine, changes in (("puppet", False), ("edtalk", True)):
        portrait.th_engine, portrait.th_speech_exact = engine, True
        before = state.of(portrait)
        portrait.th_speech_exact = False
        assert (state.of(portrait) != before) == changes


def test_preview_asks_for_another_picture(scene, portrait, clips):
    job, states = talking.core("preview.preview_job"), talking.core("preview.preview_state")
    portrait.th_engine, portrait.th_acting_exact = "edtalk", True
    keys = []
    scene.frame_set(FRAME)
    for clip in (None, "acting_head", "acting_expression"):
        if clip:
            clips[clip].frame_start += 1
        state = states.state_of(scene, portrait, 512)
        wanted = job.wanted(scene, portrait, job.describe(scene, portrait, state), state)
        assert wanted.job.exact_head is not None and wanted.job.exact_expression is not None
        keys.append(wanted.key)
    assert len(set(keys)) == 3


def test_bake_writes_what_every_driver_does(portrait, clips, voice):
    talking.fresh_start()
    for part, slopes in (("acting", ACTOR), ("acting_head", HEAD), ("acting_expression", EXPRESSION)):
        driving.remember(portrait, part, ramps(slopes))
    hear(portrait)
    portrait.th_engine, portrait.th_acting_exact = "edtalk", True
    sequencer.select(portrait)
    assert bpy.ops.talkinghead.bake_performance() == {"FINISHED"}
    assert not (portrait.th_acting_on or portrait.th_speech_on)
    assert portrait.th_acting_exact and portrait.th_speech_exact
    told = " ".join(talking.core("jobs.service").runner.state.warnings)
    assert "followed the clip itself" in told and "listened to the sound itself" in told
    pose = pose_at(job_of(portrait))
    assert pose["head_yaw"] == pytest.approx(HEAD["head_yaw"] * PLACE, abs=0.5)
    assert pose["brow"] == pytest.approx(EXPRESSION["brow"] * PLACE, abs=0.05)
    assert pose["jaw_open"] == pytest.approx(0.0375, abs=0.02)


def saved_and_forgotten(portrait, path) -> object:
    job = job_of(portrait)
    talking.shared("job").save(job, path)
    for strip in list(sequencer.strips()):
        sequencer.strips().remove(strip)
    return job


def test_drivers_of_a_saved_job_are_there_again(scene, portrait, clips, voice, tmp_path):
    portrait.th_engine, portrait.th_acting_exact, portrait.th_strength_head = "edtalk", True, 1.5
    clips["acting_head"].frame_start += 5
    voice.frame_start += 3
    job = saved_and_forgotten(portrait, tmp_path / "a.job.json")
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, tmp_path / "a.job.json", 1)
    assert missing == ""
    for part, slopes in (("acting", ACTOR), ("acting_head", HEAD), ("acting_expression", EXPRESSION)):
        driving.remember(rebuilt, part, ramps(slopes))
    hear(rebuilt)
    again = job_of(rebuilt)
    for name in ("exact", "exact_head", "exact_expression"):
        one, other = getattr(again, name), getattr(job, name)
        assert one.positions[25:60] == pytest.approx(other.positions[25:60])
        for region in ("head", "eyes", "brows", "mouth"):
            assert getattr(one, region)[25:60] == pytest.approx(getattr(other, region)[25:60])
    assert again.exact_speech.times_s[25:60] == pytest.approx(job.exact_speech.times_s[25:60], abs=1e-3)
    assert again.exact_speech.strengths[25:60] == pytest.approx(job.exact_speech.strengths[25:60])
    assert again.performance.values == pytest.approx(job.performance.values, abs=1e-3)


def test_a_sound_that_is_gone_is_told(scene, portrait, voice, tmp_path):
    portrait.th_engine = "edtalk"
    saved_and_forgotten(portrait, tmp_path / "a.job.json")
    (tmp_path / "vowels.wav").unlink()
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, tmp_path / "a.job.json", 1)
    assert "vowels.wav does not exist" in missing
    assert not rebuilt.th_speech_on
