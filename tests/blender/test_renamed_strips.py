# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animate Portrait keeps to its strip when that is renamed between two steps; jobs without a window say so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import media
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


def start_animate(strip: Any) -> Any:
    jobs, service = talking.core("jobs.jobs"), talking.core("jobs.service")
    target = jobs.Target(strip.id_data.name, strip.name, "STRIP")
    service.runner.start(jobs.ANIMATE_TITLE, lambda control: jobs.animate(target, control), 0.02)
    return service.runner


def rename_while_the_face_is_looked_for(strip: Any) -> Any:
    runner = start_animate(strip)
    talking.step_until(runner, lambda state: state.text == "Finding the face")
    strip.name = "Ärger 名前"
    return runner


def test_a_strip_renamed_during_the_search_is_animated(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut, length=4)
    state = talking.step_to_end(rename_while_the_face_is_looked_for(strip))
    assert (state.phase.value, state.text) == ("done", "Ready, move the sliders")
    assert strip.th_role == "SOURCE"
    assert len(talking.core("preview.faces").of(strip).faces) == 1
    assert talking.result_of(strip) is not None


def test_a_strip_renamed_before_the_search_fails_is_no_source(scene, saved_file):
    strip = sequencer.add_image(media.cat(), length=4)
    before = talking.snapshot(scene)
    state = talking.step_to_end(rename_while_the_face_is_looked_for(strip))
    assert state.phase.value == "failed"
    assert "Ärger 名前" in state.text
    assert strip.th_role == "NONE" and strip.th_id == ""
    strip.name = before[0][0]
    assert talking.snapshot(scene) == before


def test_a_strip_that_took_the_name_is_left_alone(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut, name="Portrait", length=4)
    runner = rename_while_the_face_is_looked_for(strip)
    other = sequencer.add_image(media.cat(), name="Portrait", length=4, channel=5)
    assert talking.step_to_end(runner).phase.value == "done"
    assert (strip.th_role, other.th_role) == ("SOURCE", "NONE")
    assert talking.core("preview.faces").of(other) is None


def test_a_strip_deleted_during_the_search_is_told(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut, name="Portrait", length=4)
    runner = start_animate(strip)
    talking.step_until(runner, lambda state: state.text == "Finding the face")
    sequencer.strips(scene).remove(strip)
    state = talking.step_to_end(runner)
    assert state.phase.value == "failed"
    assert "Portrait" in state.text and "gone" in state.text


def test_a_job_without_a_window_says_so(scene, saved_file, astronaut, monkeypatch):
    strip = sequencer.add_image(astronaut, length=4)
    before = talking.snapshot(scene)
    steps = talking.core("jobs.job_steps")
    windowless = SimpleNamespace(window=None, window_manager=SimpleNamespace(windows=[]))
    monkeypatch.setattr(steps, "bpy", SimpleNamespace(context=windowless, data=steps.bpy.data))
    state = talking.step_to_end(start_animate(strip))
    assert state.phase.value == "failed"
    assert "no window" in state.text
    assert talking.snapshot(scene) == before
