# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact: what engines take from the driving clip itself leaves the sliders and goes into the job."""

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
YAW_A_PICTURE = 0.25


@pytest.fixture
def portrait(scene, astronaut):
    strip = sequencer.add_image(astronaut, length=120)
    strip.th_role = "SOURCE"
    return strip


@pytest.fixture
def actor(portrait, tmp_path):
    """A movie strip at frame 21 whose track turns the head a little further at each picture."""
    movie = numbered.movie(tmp_path / "actor.mp4", COUNT, 24, 1.0)
    strip = sequencer.add_movie(movie, name="Actor", channel=2, start=21)
    driving.act(portrait, strip)
    driving.remember(portrait, "acting", ramp())
    return strip


@pytest.fixture
def voice(portrait, tmp_path):
    """A sound file from frame 1 on: its jaw opens as time passes, 0.1 a second, while all is spoken."""
    portrait.th_speech_file, portrait.th_speech_on = str(driving.write_vowels(tmp_path / "vowels.wav")), True
    jaw = driving.ramp("jaw_open", 0.001, 250)
    driving.remember(portrait, "speech", jaw, Fraction(100), activity=np.ones(250))


def ramp():
    return driving.ramp("head_yaw", YAW_A_PICTURE, COUNT)


def test_exact_goes_into_the_job(scene, portrait, actor):
    driving.remember(portrait, "acting", {**ramp(), "jaw_open": np.full(COUNT, 0.9)})
    portrait.th_acting_exact = True
    portrait.th_jaw_open, portrait.th_strength_mouth = 0.25, 0.5
    prepared = talking.core("jobs.builder").prepare(scene, portrait, "STRIP")
    exact, first = prepared.job.exact, prepared.first_frame
    assert prepared.job.performance.pose(30 - first)["jaw_open"] == 0.25
    assert prepared.job.performance.pose(30 - first)["head_yaw"] == pytest.approx(9 * YAW_A_PICTURE)
    assert (exact.positions[30 - first], exact.mouth[30 - first], exact.brows[30 - first]) == (9.0, 0.5, 1.0)
    assert exact.positions[0] is None
    assert exact.mouth[64 - first] == pytest.approx(0.25)  # half way out
    assert exact.capture.source.files == (bpy.path.abspath(actor.filepath),)


def test_exact_leaves_the_mouth_to_speech(portrait, actor, voice):
    portrait.th_acting_exact = True
    driven = talking.core("drivers.drivers").performance_of(portrait.id_data, portrait, [33])
    assert (driven.exact.mouth, driven.exact.brows) == ((0.0,), (1.0,))


def test_engine_that_follows_clips_takes_the_whole_face(scene, portrait, actor):
    driving.remember(portrait, "acting", {**ramp(), "jaw_open": np.full(COUNT, 0.9), "eye_open": np.full(COUNT, 0.5)})
    portrait.th_engine, portrait.th_acting_exact = "liveportrait", True
    portrait.th_head_yaw, portrait.th_strength_head, portrait.th_strength_eyes = 3.0, 1.5, 0.5
    prepared = talking.core("jobs.builder").prepare(scene, portrait, "STRIP")
    exact, index = prepared.job.exact, 30 - prepared.first_frame
    pose = prepared.job.performance.pose(index)
    assert (pose["head_yaw"], pose["jaw_open"], pose["eye_open"]) == (3.0, 0.0, 1.0)
    regions = ("head", "eyes", "brows", "mouth")
    assert [getattr(exact, name)[index] for name in regions] == [1.5, 0.5, 1.0, 1.0]
    assert exact.positions[index] == 9.0
    assert exact.head[64 - prepared.first_frame] == pytest.approx(0.75)  # half way out
    assert exact.positions[0] is None and exact.head[0] == 0.0


def test_other_engine_takes_what_it_can_of_the_clip(portrait, actor):
    portrait.th_acting_exact = True
    performance_of = talking.core("drivers.drivers").performance_of
    found = {}
    for portrait.th_engine in ("liveportrait", "puppet", "liveportrait"):
        driven = performance_of(portrait.id_data, portrait, [30])
        found[portrait.th_engine] = (driven.exact.head, driven.performance.pose(0)["head_yaw"])
    assert found == {"liveportrait": ((1.0,), 0.0), "puppet": ((0.0,), pytest.approx(9 * YAW_A_PICTURE))}


def test_speech_has_the_mouth_of_an_engine_that_follows_clips(portrait, actor, voice):
    portrait.th_engine, portrait.th_acting_exact = "liveportrait", True
    driven = talking.core("drivers.drivers").performance_of(portrait.id_data, portrait, [33])
    assert (driven.exact.mouth, driven.exact.brows, driven.exact.head) == ((0.0,), (1.0,), (1.0,))
    assert driven.performance.pose(0)["jaw_open"] == pytest.approx(0.133, abs=1e-3)


@pytest.mark.parametrize("engine, exact", [("liveportrait", True), ("puppet", False)])
def test_template_acts_as_a_file(scene, portrait, tmp_path, engine, exact):
    """A driving template has no pictures: engines that need their points use it by the sliders."""
    template = tmp_path / "motion.PKL"
    template.write_bytes(b"read by the worker")
    portrait.th_acting_file, portrait.th_acting_on = str(template), True
    portrait.th_engine, portrait.th_acting_exact = engine, True
    driving.remember(portrait, "acting", ramp())
    driven = talking.core("drivers.drivers").performance_of(scene, portrait, [1, 9])
    assert (driven.exact is not None) == exact
    if driven.exact is not None:
        assert driven.exact.capture.is_template
        assert driven.exact.positions == (0.0, 8.0)
    moved = driven.performance.pose(1)["head_yaw"]
    assert moved == (0.0 if exact else pytest.approx(8 * YAW_A_PICTURE))


def test_job_without_drivers_has_no_exact_motion(scene, portrait):
    portrait.th_acting_exact = True
    assert talking.core("jobs.builder").prepare(scene, portrait, "STRIP").job.exact is None
