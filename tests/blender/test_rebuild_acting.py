# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A saved job with exact motion becomes a strip with its clip again, and finds its frames."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bpy
import driving
import media
import pytest
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
    strip = talking.animated(hopper, length=LENGTH)
    talking.key(strip, "strength_mouth", 1, 1.0)
    talking.key(strip, "strength_mouth", 6, 1.5)
    return strip


@pytest.fixture
def actor(scene, portrait, tmp_path):
    clip = Path(shutil.copy(media.carphone(), tmp_path / "carphone.mp4"))
    strip = sequencer.add_movie(clip, name="Actor", channel=5, start=-9)
    driving.act(portrait, strip, acting_exact=True)
    sequencer.select(portrait)
    return strip


def rendered(portrait) -> tuple[list[Path], Path]:
    """The frames of a portrait, and its saved job; all its strips are gone afterwards."""
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    files = talking.frame_files(portrait)
    for strip in list(sequencer.strips()):
        sequencer.strips().remove(strip)
    return files, next(files[0].parent.glob("*.job.json"))


def test_frames_of_an_exact_job_are_found_again(scene, portrait, actor):
    files, job = rendered(portrait)
    scene.frame_set(1)
    assert bpy.ops.talkinghead.rebuild_job(filepath=str(job)) == {"FINISHED"}
    rebuilt = scene.sequence_editor.active_strip
    driver = talking.core("drivers.driver_strips").find(rebuilt, talking.core("drivers.driver_strips").Part.ACTING)
    assert driver.mute and rebuilt.th_acting_exact
    curves = talking.core("compat").fcurves_of(scene)
    own = [curve for curve in curves if curve.data_path.startswith(rebuilt.path_from_id())]
    assert {curve.group.name for curve in own} == {f"Talking Head: {rebuilt.name}"}
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert talking.frame_files(rebuilt) == files
    assert "none had to be rendered" in talking.core("jobs.service").runner.state.text


def test_a_clip_that_is_gone_is_told(scene, portrait, actor, tmp_path):
    _, job = rendered(portrait)
    (tmp_path / "carphone.mp4").unlink()
    assert bpy.ops.talkinghead.rebuild_job(filepath=str(job)) == {"FINISHED"}
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, job, 40)
    assert "carphone.mp4 does not exist" in missing
    assert not rebuilt.th_acting_on


def test_a_clip_at_another_speed_is_told(scene, portrait, actor):
    _, path = rendered(portrait)
    job = json.loads(path.read_text(encoding="utf-8"))
    job["exact"]["positions"] = [2.0 * position for position in job["exact"]["positions"]]
    path.write_text(json.dumps(job), encoding="utf-8")
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, path, 1)
    assert "another speed" in missing
    assert not rebuilt.th_acting_on
    assert [strip.name for strip in sequencer.all_strips(scene)] == [rebuilt.name]


def prepared_and_forgotten(portrait, path) -> object:
    """The job of a portrait, saved; all its strips are gone afterwards."""
    prepared = talking.core("jobs.builder").prepare(portrait.id_data, portrait, "STRIP")
    talking.shared("job").save(prepared.job, path)
    for strip in list(sequencer.strips()):
        sequencer.strips().remove(strip)
    return prepared.job


def same_motion(one, other) -> bool:
    regions = ("positions", "head", "eyes", "brows", "mouth")
    return all(getattr(one.exact, name) == pytest.approx(getattr(other.exact, name)) for name in regions)


@pytest.mark.parametrize("spoken", [False, True])
def test_an_engine_that_follows_the_clip_follows_it_again(scene, portrait, actor, tmp_path, spoken):
    portrait.th_engine, portrait.th_strength_head, portrait.th_strength_eyes = "liveportrait", 1.5, 0.5
    portrait.th_liveportrait_region, portrait.th_liveportrait_crop_scale = "exp", 3.2
    portrait.th_head_pitch = 4.0
    yaw = driving.ramp("head_yaw", 0.5, 120)
    driving.remember(portrait, "acting", yaw)
    if spoken:
        portrait.th_speech_file, portrait.th_speech_on = str(driving.write_vowels(tmp_path / "vowels.wav")), True
        driving.remember(portrait, "speech", driving.ramp("jaw_open", 0.01, 100))
    job = prepared_and_forgotten(portrait, tmp_path / "a.job.json")
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, tmp_path / "a.job.json", 1)
    assert missing == ""
    driving.remember(rebuilt, "acting", yaw)
    again = talking.core("jobs.builder").prepare(scene, rebuilt, "STRIP").job
    assert again.settings == job.settings and again.engine == "liveportrait"
    assert same_motion(again, job)
    assert again.performance.values == pytest.approx(job.performance.values, abs=1e-4)
    assert again.exact.mouth[0] == (0.0 if spoken else 1.0)


def test_a_motion_template_acts_again(scene, portrait, tmp_path):
    template = tmp_path / "motion.pkl"
    template.write_bytes(b"read by the worker")
    portrait.th_engine, portrait.th_acting_exact = "liveportrait", True
    portrait.th_acting_file, portrait.th_acting_on = str(template), True
    driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.5, 4))
    job = prepared_and_forgotten(portrait, tmp_path / "a.job.json")
    rebuilt, missing = talking.core("strips.rebuild").rebuild(scene, tmp_path / "a.job.json", 1)
    assert (missing, rebuilt.th_acting_file) == ("", str(template))
    driving.remember(rebuilt, "acting", driving.ramp("head_yaw", 0.5, 4))
    assert same_motion(talking.core("jobs.builder").prepare(scene, rebuilt, "STRIP").job, job)
