# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender renders results that are up to date: what its own render in background shows, pixel by pixel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import bpy
import driving
import installed_extension
import media
import numpy as np
import pytest
import recording_layout
import sequencer
import talking
from edit_renders import FRAMES, animation, fresh_animation, reason, render, same

VARIABLE = "TALKINGHEAD_BEFORE_RENDER"


@pytest.fixture(autouse=True)
def worker(addon, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    talking.fresh_start()
    talking.core("preferences").preferences().before_render = "UPDATE"
    yield
    talking.fresh_start()


@pytest.fixture
def source(scene, saved_file, astronaut):
    """A portrait with open mouth, rendered; the scene is as long as it is."""
    strip = talking.animated(astronaut, "Bob", length=FRAMES)
    strip.th_jaw_open = 0.2
    render(strip)
    scene.frame_end = FRAMES
    return strip


def test_stale_result_is_updated_before_the_first_frame(scene, source, tmp_path, capfd):
    old = animation(scene, tmp_path / "old")
    assert "bringing" not in capfd.readouterr().out
    source.th_jaw_open = 1.0
    rendered = animation(scene, tmp_path / "rendered")
    out = capfd.readouterr().out
    assert "Talking Head: bringing results up to date before rendering: Bob (sliders have changed since" in out
    assert "1 result is up to date." in out
    assert reason(source) == ""
    assert same(rendered, fresh_animation(scene, source, tmp_path / "fresh"))
    assert not same(rendered, old)


def test_keys_are_rendered_as_they_are(scene, source, tmp_path):
    talking.key(source, "head_yaw", 1, -10.0)
    talking.key(source, "head_yaw", FRAMES, 10.0)
    rendered = animation(scene, tmp_path / "rendered")
    assert same(rendered, fresh_animation(scene, source, tmp_path / "fresh"))
    assert not np.array_equal(rendered[0], rendered[-1])


def test_still_image_is_updated(scene, source, tmp_path):
    source.th_jaw_open = 1.0
    still = talking.pixels(sequencer.render_frame(tmp_path / "still.png", 2))
    render(source)
    assert np.array_equal(still, talking.pixels(sequencer.render_frame(tmp_path / "fresh.png", 2)))
    assert reason(source) == ""


@pytest.mark.parametrize("by", ["preference", "variable"])
def test_warning_changes_nothing(scene, source, tmp_path, capfd, monkeypatch, by):
    old = animation(scene, tmp_path / "old")
    if by == "variable":
        monkeypatch.setenv(VARIABLE, "warn")
    else:
        talking.core("preferences").preferences().before_render = "WARN"
    source.th_jaw_open = 1.0
    assert same(animation(scene, tmp_path / "rendered"), old)
    assert "warning: out of date and rendered as they are: Bob (sliders have changed" in capfd.readouterr().err
    assert "Sliders" in reason(source)


def test_nothing_is_said_if_nothing_is_wanted(scene, source, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv(VARIABLE, "nothing")
    source.th_jaw_open = 1.0
    animation(scene, tmp_path)
    out, err = capfd.readouterr()
    assert "Talking Head" not in out + err
    assert "Sliders" in reason(source)


def test_variable_that_means_nothing_is_told(scene, source, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv(VARIABLE, "sometimes")
    animation(scene, tmp_path)
    err = capfd.readouterr().err
    assert f"{VARIABLE} cannot be 'sometimes'" in err
    assert "rendered as they are" in err


def test_only_frames_that_are_rendered_are_computed(scene, source, tmp_path):
    scene.frame_start = scene.frame_end = scene.frame_current = 3
    source.th_jaw_open = 1.0
    before = talking.rendered_frames(talking.frame_files(source)[0].parent)
    animation(scene, tmp_path)
    files = talking.frame_files(source)
    assert len(talking.rendered_frames(files[0].parent) - before) == 1
    assert talking.core("strips.stale").reason(source, range(3, 4)) == ""
    assert reason(source) == f"{FRAMES - 1} frames have not been rendered yet"


@pytest.mark.parametrize("hide", ["mute", "channel", "removed", "elsewhere"])
def test_what_is_not_seen_is_left_alone(scene, source, tmp_path, hide, capfd):
    result = talking.result_of(source)
    source.th_jaw_open = 1.0
    if hide == "mute":
        result.mute = True
    elif hide == "channel":
        scene.sequence_editor.channels[result.channel].mute = True
    elif hide == "removed":
        sequencer.strips(scene).remove(result)
    else:
        scene.frame_start, scene.frame_end, scene.frame_current = 50, 51, 50
    before = talking.snapshot(scene)
    animation(scene, tmp_path)
    assert talking.snapshot(scene) == before
    assert "bringing" not in capfd.readouterr().out


def test_scene_strip_is_updated_as_well(scene, source, tmp_path):
    outer = bpy.data.scenes.new("Outer")
    outer.render.resolution_x = outer.render.resolution_y = 512
    outer.view_settings.view_transform = "Standard"
    outer.frame_end = FRAMES
    sequencer.make_editor(outer)
    strip = sequencer.strips(outer).new_scene(name="Inner", scene=scene, channel=1, frame_start=1)
    strip.scene_input = "SEQUENCER"
    source.th_jaw_open = 1.0
    rendered = animation(outer, tmp_path / "rendered")
    assert reason(source) == ""
    assert same(rendered, animation(outer, tmp_path / "again"))
    assert not same(rendered, [np.zeros_like(rendered[0])] * FRAMES)


def test_source_that_blender_renders_is_planned_again(scene, source, tmp_path):
    source.th_as_seen = True
    render(source)
    assert reason(source) == ""
    modifier = source.modifiers.new("Fade", "CURVES")
    render(source)
    names = [element.filename for element in talking.result_of(source).elements]
    curve = modifier.curve_mapping.curves[3]
    curve.points[1].location = (1.0, 0.6)
    modifier.curve_mapping.update()
    assert reason(source) == ""  # a quick look does not see the points of a curve
    animation(scene, tmp_path)
    assert [element.filename for element in talking.result_of(source).elements] != names


def test_failure_is_told_and_old_frames_are_rendered(scene, source, astronaut, tmp_path, capfd):
    source.th_jaw_open = 1.0
    astronaut.unlink()
    assert len(animation(scene, tmp_path / "out")) == FRAMES
    err = capfd.readouterr().err
    assert "error: Bob could not be brought up to date" in err
    assert "does not exist" in err
    assert "frames that are out of date are rendered as they are" in err
    assert reason(source) != ""


def test_missing_consent_is_told(scene, source, tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)
    talking.core("preferences").preferences().consent = False
    source.th_jaw_open = 1.0
    animation(scene, tmp_path)
    assert "Bob could not be brought up to date" in capfd.readouterr().err


def test_strict_ends_blender_instead(source, astronaut, saved_file, tmp_path):
    source.th_jaw_open = 1.0
    bpy.ops.wm.save_mainfile()
    astronaut.unlink()
    session = (
        "import sys, bpy; sys.path.insert(0, sys.argv[1]); import installed_extension;"
        "installed_extension.enable();"
        f"bpy.ops.wm.open_mainfile(filepath={str(saved_file)!r});"
        f"bpy.context.scene.render.filepath = {str(tmp_path / 'out' / 'frame_')!r};"
        "bpy.ops.render.render(animation=True)"
    )
    support = Path(installed_extension.__file__).parent
    variables = {**os.environ, VARIABLE: "strict", "TALKINGHEAD_CONSENT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", session, str(support)], env=variables, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stderr
    assert "nothing is rendered" in done.stderr
    assert not (tmp_path / "out").exists()


def test_graphics_memory_is_free_before_the_first_frame(scene, source, tmp_path, monkeypatch):
    events = []
    client = talking.core("worker.worker").client()
    submit, notify = client.submit, client.notify
    monkeypatch.setattr(client, "submit", lambda type_, *rest: (events.append(type_), submit(type_, *rest))[1])
    monkeypatch.setattr(client, "notify", lambda type_, *rest: (events.append(type_), notify(type_, *rest))[1])
    bpy.app.handlers.render_pre.append(begins := lambda *_: events.append("frame"))
    try:
        source.th_jaw_open = 1.0
        animation(scene, tmp_path)
    finally:
        bpy.app.handlers.render_pre.remove(begins)
    first = events.index("frame")
    assert "run" in events[:first]
    assert "unload" in events[events.index("run") : first]
    assert "run" not in events[first:]
    assert not client.busy


def test_handlers_in_blenders_render_thread_change_nothing(scene, source):
    source.th_jaw_open = 1.0
    before = talking.snapshot(scene)
    handlers = list(bpy.app.handlers.render_init)
    thread = threading.Thread(target=lambda: [handler(scene, None) for handler in handlers])
    thread.start()
    thread.join()
    assert talking.snapshot(scene) == before


def test_update_and_render_in_one_go(scene, source, tmp_path):
    source.th_jaw_open = 1.0
    scene.render.filepath = str(tmp_path / "out" / "frame_")
    scene.render.resolution_percentage = 25
    sequencer.select(source)
    assert bpy.ops.talkinghead.render_animation() == {"FINISHED"}
    assert reason(source) == ""
    rendered = [talking.pixels(path) for path in sorted((tmp_path / "out").glob("frame_*.png"))]
    assert same(rendered, animation(scene, tmp_path / "fresh"))


def test_update_and_render_image_computes_one_frame(scene, source, tmp_path):
    source.th_jaw_open = 1.0
    scene.frame_set(2)
    scene.render.filepath = str(tmp_path / "image.png")
    talking.core("preferences").preferences().before_render = "NOTHING"
    assert bpy.ops.talkinghead.render_image() == {"FINISHED"}
    assert (tmp_path / "image.png").is_file()
    assert talking.core("strips.stale").reason(source, range(2, 3)) == ""
    assert reason(source) == f"{FRAMES - 1} frames have not been rendered yet"


def test_frames_named_on_the_command_line(addon):
    frames_of = talking.core("jobs.before_background_render").frames_of
    assert frames_of(["blender", "-b", "edit.blend", "-f", "7"]) == range(7, 8)
    assert frames_of(["blender", "-b", "edit.blend", "-f", "3,5..10", "--render-frame", "12"]) == range(3, 13)
    for arguments in (["-a"], ["-f", "7", "-a"], ["-f", "+1"], ["-P", "x.py", "-f", "2"], ["--", "-f", "7"], []):
        assert frames_of(["blender", "-b", "edit.blend", *arguments]) is None


def test_jobs_wait_inside_of_a_frame(scene, source):
    """A scene strip's render lies inside of a frame of another scene; only its end is the end."""
    render_state = talking.core("jobs.blender_render")
    service = talking.core("jobs.service")
    seen = []
    handlers = bpy.app.handlers
    handlers.render_pre.append(look := lambda *_: seen.append(service.blender_renders()))
    try:
        bpy.ops.render.render()
    finally:
        handlers.render_pre.remove(look)
    assert seen == [True]
    assert not service.blender_renders()
    inner = bpy.data.scenes.new("Inner")
    for event, shown, inside in (
        ("pre", scene, True), ("pre", inner, True), ("post", inner, True), ("complete", inner, True),
        ("cancel", scene, False), ("complete", scene, False),
    ):  # fmt: skip
        for handler in [h for h in getattr(handlers, f"render_{event}") if h.__module__ == render_state.__name__]:
            handler(shown, None)
        assert service.blender_renders() is inside


def test_running_job_changes_no_strip_while_blender_renders(scene, source, monkeypatch):
    talking.key(source, "head_yaw", 1, -10.0)
    talking.key(source, "head_yaw", FRAMES, 10.0)
    runner = talking.start_render(source)
    talking.step_until(runner, lambda state: state.done >= 1)
    monkeypatch.setattr(talking.core("jobs.blender_render"), "in_progress", lambda: True)
    before = talking.snapshot(scene)
    names = [element.filename for element in talking.result_of(source).elements]
    for _ in range(200):
        runner.step()
    assert runner.running
    assert runner.state.phase.value == "waiting"
    assert talking.snapshot(scene) == before
    assert [element.filename for element in talking.result_of(source).elements] == names
    monkeypatch.undo()
    assert talking.step_to_end(runner).phase.value == "done"
    assert len({element.filename for element in talking.result_of(source).elements}) == FRAMES


def test_job_that_has_read_its_driver_waits_for_blender(scene, source, tmp_path, monkeypatch):
    """Reading takes long, so a render may have begun meanwhile."""
    rendering = [False]
    monkeypatch.setattr(talking.core("jobs.blender_render"), "in_progress", lambda: rendering[0])
    source.th_speech_file, source.th_speech_on = str(driving.write_vowels(tmp_path / "vowels.wav")), True
    remember = talking.core("drivers.driver_tracks").remember

    def render_begins(*arguments):
        rendering[0] = True
        return remember(*arguments)

    monkeypatch.setattr(talking.core("drivers.driver_tracks"), "remember", render_begins)
    runner = talking.start_render(source)
    before = talking.snapshot(scene)
    talking.step_until(runner, lambda state: state.phase.value == "waiting")
    for _ in range(50):
        runner.step()
    assert rendering == [True]
    assert runner.state.phase.value == "waiting"
    assert talking.snapshot(scene) == before
    rendering[0] = False
    assert talking.step_to_end(runner).phase.value == "done"


def test_failed_animation_leaves_the_strip_alone_until_blender_has_rendered(scene, saved_file, tmp_path, monkeypatch):
    cat = Path(shutil.copy(media.cat(), tmp_path / "cat.png"))
    strip = sequencer.add_image(cat)
    jobs, runner = talking.core("jobs.jobs"), talking.core("jobs.service").runner
    rendering = [False]
    monkeypatch.setattr(talking.core("jobs.blender_render"), "in_progress", lambda: rendering[0])
    monkeypatch.setattr(jobs.faces, "remember", lambda *_: rendering.__setitem__(0, True))
    target = jobs.Target(scene.name, strip.name, "STRIP")
    runner.start(jobs.ANIMATE_TITLE, lambda control: jobs.animate(target, control), 0.02)
    talking.step_until(runner, lambda state: state.phase.value == "waiting")
    before = talking.snapshot(scene)
    for _ in range(20):
        runner.step()
    assert talking.snapshot(scene) == before
    assert strip.th_role == "SOURCE"
    rendering[0] = False
    assert talking.step_to_end(runner).phase.value == "failed"
    assert strip.th_role == "NONE"


def test_add_on_that_is_enabled_for_one_session_has_default_preferences(extension_zip, scene):
    """``blender --addons``, as on a render farm, enables it without an entry in the preferences."""
    installed_extension.disable()
    assert installed_extension.MODULE not in bpy.context.preferences.addons
    import addon_utils

    assert addon_utils.enable(installed_extension.MODULE, default_set=False) is not None
    assert talking.core("jobs.before_render").choice().value == "UPDATE"
    assert hasattr(bpy.types, "TALKINGHEAD_PT_main")


def test_window_is_told_once_what_is_rendered_out_of_date(scene, source):
    """What the timer does after a render of the window has begun, called here as it would be."""
    watch = talking.core("jobs.stale_watch")
    source.th_jaw_open = 1.0
    watch.look()
    assert watch.note(source).startswith("Sliders have changed")
    for handler in [h for h in bpy.app.handlers.render_init if h.__module__ == watch.__name__]:
        handler(scene, None)
    watch.beat()
    assert [item.target.strip for item in watch.rendered_stale()] == ["Bob"]
    layout = recording_layout.draw(bpy.types.TALKINGHEAD_PT_main)
    assert "talkinghead.render_animation" in layout.of("operator")
    assert "Sliders have changed since the last render" in layout.text
    render(source)
    watch.look()
    assert watch.rendered_stale() == ()
    assert watch.note(source) == ""


def test_notice_ends_when_what_was_rendered_is_up_to_date(scene, source, astronaut):
    other = talking.animated(astronaut, "Not Rendered", length=FRAMES, channel=4)
    watch = talking.core("jobs.stale_watch")
    talking.result_of(other).mute = True
    source.th_jaw_open = 1.0
    watch._watch.began = scene.name
    watch.beat()
    assert [item.target.strip for item in watch.rendered_stale()] == ["Bob"]
    render(source)
    watch.look()
    assert watch.note(other) == "Not rendered yet"
    assert watch.rendered_stale() == ()


def test_our_own_renders_are_no_renders_of_the_user(scene, source):
    watch = talking.core("jobs.stale_watch")
    watch._watch.began = ""
    source.th_as_seen = True
    render(source)
    assert watch._watch.began == ""


def test_menu_offers_it(scene, source):
    drawn = recording_layout.draw(bpy.types.TALKINGHEAD_MT_strip)
    assert {"talkinghead.render_animation", "talkinghead.render_image"} <= set(drawn.of("operator"))
    names = {function.__module__.rpartition(".")[2] for function in bpy.types.TOPBAR_MT_render._dyn_ui_initialize()}
    assert "update_and_render" in names
