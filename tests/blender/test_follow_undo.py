# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results follow after undo, redo and loading, never while Blender renders. Undo, which is off there, is imitated."""

from __future__ import annotations

from typing import Any

import bpy
import following
import numbered
import pytest
import rendered_jobs
import sequencer
from following import (
    contents_at,
    curve_of,
    keys_of,
    look_now,
    numbers,
    place_of,
    rendered,
    set_place,
    shift,
    slide,
    update,
)
from rendered_jobs import core


@pytest.fixture
def still(scene, saved_file, tmp_path) -> Any:
    return following.add_still(tmp_path)


@pytest.fixture(params=["still", "sequence", "movie"])
def source(request, scene, saved_file, tmp_path) -> Any:
    return following.add_source(request.param, scene, tmp_path)


def _state(strip) -> tuple[Any, ...]:
    """What undo brings back of a strip."""
    return core("compat").content_start(strip), *place_of(strip), strip.th_follow_state


def _restore(strip, state) -> None:
    start, left, right, memory = state
    core("compat").set_content_start(strip, start)
    set_place(strip, left, right)
    strip.th_follow_state = memory


def test_redo_brings_a_step_before_the_result_followed(scene, source):
    """Blender's redo step was pushed when the source had moved and the result had not yet."""
    result = rendered(scene, source)
    before = _state(source), _state(result)
    shift(source, 30)
    step = _state(source), before[1]
    core("strips.follow").sync_all()
    assert place_of(result) == (40, 60)
    for states, expected in ((before, (10, 30)), (step, (40, 60)), (before, (10, 30))):
        with core("strips.follow").paused():
            _restore(source, states[0])
            _restore(result, states[1])
        for handler in bpy.app.handlers.redo_post:
            handler(scene)
        update()
        assert place_of(source) == place_of(result) == expected


def test_opened_again_it_follows_on(scene, source, saved_file):
    name = rendered(scene, source).name
    slide(source, 5)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    source, result = sequencer.all_strips()["Face"], sequencer.all_strips()[name]
    assert place_of(source) == place_of(result) == (15, 35)
    shift(source, 5)  # the operator ends 4.2 in background, in a file that was opened
    update()
    assert place_of(source) == place_of(result) == (20, 40)


def test_a_result_of_an_earlier_version_is_taken_as_it_is(scene, still):
    still.keyframe_insert("blend_alpha", frame=12)
    result = rendered(scene, still)
    core("strips.follow_curves").Animation(scene).remove(result, "blend_alpha[0]")
    result.th_follow_state = ""
    with core("strips.follow").paused():
        shift(result, 7)
        still.transform.offset_x = 5.0
        update()
    look_now()
    assert (place_of(result), result.transform.offset_x) == ((17, 37), 0.0)
    assert curve_of(result, "blend_alpha") is None
    slide(still, 10)
    assert place_of(result) == (27, 47)
    rendered_jobs.render(scene, still)
    assert keys_of(result, "blend_alpha") == [(22.0, 1.0)]


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"source": 1}', "null"])
def test_a_damaged_memory_is_made_anew(scene, still, text):
    result = rendered(scene, still)
    result.th_follow_state = text
    look_now()
    slide(still, 10)
    assert place_of(result) == (20, 40)


def test_nothing_is_changed_while_blender_renders(scene, still, tmp_path):
    result = rendered(scene, still)
    seen = []

    def move(*_arguments):
        shift(still, 20)
        core("jobs.follow_watch")._on_change(scene)
        seen.append(place_of(result))

    bpy.app.handlers.render_pre.append(move)
    try:
        numbered.shown_numbers(scene, range(12, 13), tmp_path)
    finally:
        bpy.app.handlers.render_pre.remove(move)
    assert seen == [(10, 30)]
    update()
    assert place_of(result) == (30, 50)


def test_a_job_looks_first(scene, still):
    result = rendered(scene, still)
    with core("strips.follow").paused():
        shift(still, 20)
        update()
    prepared = core("jobs.jobs").prepare(core("jobs.job_steps").Target(scene.name, still.name, "STRIP"))
    assert place_of(result) == (30, 50)
    assert prepared.content == (0, 20)


def test_another_scene_is_followed_too(scene, still):
    result = rendered(scene, still)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    shift(still, 20)
    update()
    assert place_of(result) == (30, 50)


def test_a_script_in_background_needs_no_timer(scene, still, saved_file, tmp_path):
    result = rendered(scene, still)
    shift(still, 20)
    assert contents_at(scene, range(30, 32), tmp_path) == numbers([0, 1])
    assert place_of(result) == (30, 50)
    shift(still, 20)
    bpy.ops.wm.save_mainfile()
    assert place_of(result) == (50, 70)


def test_handlers_of_edits_change_no_strip(scene, still):
    """They are called in the middle of operators, where that can crash Blender."""
    result = rendered(scene, still)
    shift(still, 20)
    bpy.context.view_layer.update()
    assert place_of(result) == (10, 30)


def test_nothing_follows_while_a_strip_is_dragged(scene, still, monkeypatch):
    result = rendered(scene, still)
    watch = core("jobs.follow_watch")
    monkeypatch.setattr(watch, "_dragging", lambda: True)
    shift(still, 20)
    update()
    assert place_of(result) == (10, 30)
    monkeypatch.undo()
    watch.beat()
    assert place_of(result) == (30, 50)


def test_an_edit_of_nothing_costs_no_second_look(scene, still, monkeypatch):
    rendered(scene, still)
    follow = core("strips.follow")
    groups = []
    monkeypatch.setattr(follow, "_sync_group", lambda *arguments: groups.append(arguments))
    still.th_head_yaw = 5.0
    update()
    assert groups == []
    still.crop.max_x = 3
    update()
    assert len(groups) == 1


def test_turned_off_and_on_again(scene, still):
    import installed_extension

    result = rendered(scene, still)
    installed_extension.disable()
    handlers = [h.__name__ for h in bpy.app.handlers.depsgraph_update_post if "follow" in h.__module__]
    assert handlers == []
    installed_extension.enable()
    update()
    slide(still, 5)
    assert place_of(result) == (15, 35)
