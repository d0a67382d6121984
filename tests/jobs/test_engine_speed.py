# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured is told for sources of about that size, and for no others."""

from __future__ import annotations

import json
import os

import pytest
from source_package import source_module

engine_speed = source_module("blender_talkinghead.jobs.engine_speed")
EngineSpeeds = engine_speed.EngineSpeeds


@pytest.fixture
def path(tmp_path):
    return tmp_path / "user" / engine_speed.FILE_NAME


def test_nothing_is_known_at_first(path):
    assert EngineSpeeds(path).seconds_per_frame("puppet", (512, 512)) is None
    assert not path.exists()


def test_what_was_measured_is_known_in_the_next_session(path):
    EngineSpeeds(path).note("puppet", (512, 512), 100, 3.0)
    speeds = EngineSpeeds(path)
    assert speeds.seconds_per_frame("puppet", (512, 512)) == pytest.approx(0.03)
    assert speeds.seconds_per_frame("liveportrait", (512, 512)) is None
    assert speeds.seconds_per_frame("puppet", None) is None
    assert json.loads(path.read_text()) == {"puppet": {"512x512": 0.03}}


def test_the_last_render_counts(path):
    speeds = EngineSpeeds(path)
    speeds.note("puppet", (512, 512), 100, 3.0)
    speeds.note("puppet", (512, 512), 10, 1.0)
    assert speeds.seconds_per_frame("puppet", (512, 512)) == pytest.approx(0.1)


def test_sizes_that_are_nearly_alike_stand_for_each_other(path):
    speeds = EngineSpeeds(path)
    speeds.note("puppet", (500, 500), 100, 3.0)
    speeds.note("puppet", (1000, 1000), 100, 12.0)
    assert speeds.seconds_per_frame("puppet", (512, 520)) == pytest.approx(0.03)
    assert speeds.seconds_per_frame("puppet", (1000, 900)) == pytest.approx(0.12)
    assert speeds.seconds_per_frame("puppet", (700, 700)) is None
    assert speeds.seconds_per_frame("puppet", (4000, 4000)) is None


@pytest.mark.parametrize(("frames", "seconds"), [(0, 1.0), (4, 1.0), (100, 0.0), (100, -1.0)])
def test_a_render_that_says_nothing_is_not_counted(path, frames, seconds):
    speeds = EngineSpeeds(path)
    speeds.note("puppet", (512, 512), frames, seconds)
    assert speeds.seconds_per_frame("puppet", (512, 512)) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"puppet": 3}', '{"puppet": {"big": 1}}', '{"puppet": {"1x1": "a"}}'])
def test_a_broken_file_is_measured_anew(path, text, caplog):
    path.parent.mkdir()
    path.write_text(text)
    speeds = EngineSpeeds(path)
    assert "measured anew" in caplog.text
    speeds.note("puppet", (512, 512), 100, 3.0)
    assert EngineSpeeds(path).seconds_per_frame("puppet", (512, 512)) == pytest.approx(0.03)


def test_a_file_that_cannot_be_written_costs_only_the_memory_of_it(path, monkeypatch, caplog):
    def refused(*_):
        raise PermissionError("no")

    monkeypatch.setattr(os, "replace", refused)
    speeds = EngineSpeeds(path)
    speeds.note("puppet", (512, 512), 100, 3.0)
    assert speeds.seconds_per_frame("puppet", (512, 512)) == pytest.approx(0.03)
    assert "cannot be kept" in caplog.text


def test_starting_does_not_count(path):
    done = {"rendered": 10, "seconds": 9.0, "stages": {"plan": 1.0, "prepare": 3.0, "engine": 4.0, "disk": 2.0}}
    assert engine_speed.seconds_of(done) == pytest.approx(5.0)
    assert engine_speed.seconds_of({"rendered": 0, "seconds": 0.5, "stages": {"plan": 0.4}}) == pytest.approx(0.1)
