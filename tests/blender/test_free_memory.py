# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker lets go of its memory before Blender renders and on request, and says what it computes on."""

from __future__ import annotations

import threading

import bpy
import installed_extension
import pytest
import recording_layout
import sequencer
import talking


@pytest.fixture
def worker(addon):
    """No worker runs, and none at the end."""
    talking.fresh_start()
    yield talking.core("worker.worker")
    talking.fresh_start()


@pytest.fixture
def sent(worker, monkeypatch):
    """A running worker, and what is sent to it without waiting for an answer."""
    notes = []
    worker.client().wait(worker.client().submit("ping"))
    notify = worker.client().notify

    def note(type_, fields=None):
        notes.append((type_, fields, threading.current_thread() is threading.main_thread()))
        notify(type_, fields)

    monkeypatch.setattr(worker.client(), "notify", note)
    return notes


def test_handler_is_there_once_and_goes_with_the_add_on(worker):
    handlers = bpy.app.handlers.render_init
    name = "bl_ext.user_default.talkinghead.blender_talkinghead.worker.memory"
    assert [handler.__module__ for handler in handlers].count(name) == 1
    installed_extension.disable()
    assert not [handler for handler in handlers if "talkinghead" in handler.__module__]
    installed_extension.enable()
    assert [handler.__module__ for handler in handlers].count(name) == 1


def test_handler_outlives_another_file(worker):
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    handlers = bpy.app.handlers.render_init
    assert [h for h in handlers if h.__module__.startswith("bl_ext.user_default.talkinghead.")]


def fire(scene):
    for handler in list(bpy.app.handlers.render_init):
        handler(scene, None)


def test_render_of_blender_frees_large_engines(scene, sent, worker):
    fire(scene)
    assert sent == [("unload", {"large": True}, True)]
    client = worker.client()
    assert client.wait(client.submit("ping")).type == "done"


def test_render_starts_no_worker(scene, worker):
    fire(scene)
    assert worker.running_client() is None


def test_render_in_blenders_own_thread_is_safe(scene, sent, worker):
    thread = threading.Thread(target=fire, args=(scene,))
    thread.start()
    thread.join()
    assert [entry[:2] for entry in sent] == [("unload", {"large": True})]
    assert not sent[0][2]
    client = worker.client()
    assert client.wait(client.submit("ping")).type == "done"


def test_render_during_a_job_takes_nothing_from_it(scene, sent):
    runner = talking.core("jobs.service").runner
    state = talking.core("jobs.runner").JobState("Test")

    def job(control):
        yield state
        fire(scene)
        yield state

    runner.start("Test", job)
    talking.step_to_end(runner)
    assert sent == []


def test_preview_of_a_strip_that_blender_renders_takes_nothing_from_it(scene, saved_file, astronaut, sent, tmp_path):
    portrait = sequencer.add_image(astronaut, length=2)
    sequencer.select(portrait)
    with sequencer.override(scene):
        bpy.ops.sequencer.meta_make()
    meta = talking.core("compat").active_strip(bpy.context)
    job = talking.core("preview.preview").job_at(scene, meta, 1)
    assert job.source.files[0].endswith(".png") and "rendered-" in job.source.files[0]
    assert sent == []
    fire(scene)
    assert len(sent) == 1


def test_render_after_the_worker_died_goes_on(scene, worker):
    client = worker.client()
    client.wait(client.submit("ping"))
    client._connection.process.kill()
    client._connection.process._process.wait()
    fire(scene)
    assert client.wait(client.submit("ping")).type == "done"


def test_free_memory_says_what_was_freed(scene, saved_file, astronaut, worker):
    talking.animated(astronaut, length=1)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert talking.core("worker.memory").free() == "Puppet Warp"
    assert talking.core("worker.memory").free() == ""
    assert bpy.ops.talkinghead.free_memory() == {"FINISHED"}


def test_free_memory_without_a_worker_is_refused_with_the_reason(worker):
    with pytest.raises(RuntimeError, match="does not run"):
        bpy.ops.talkinghead.free_memory()


def test_free_memory_of_a_busy_worker_says_so(worker, monkeypatch):
    client = worker.client()
    client.wait(client.submit("ping"))
    monkeypatch.setattr(talking.core("worker.memory"), "PATIENCE_S", 0.0)
    monkeypatch.setattr(client, "pump", lambda wait_s=0.0: None)
    with pytest.raises(RuntimeError, match="busy"):
        bpy.ops.talkinghead.free_memory()


def test_check_device_tells_what_the_worker_computes_on(scene, worker, monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_DEVICE", "cpu")
    assert worker.device() is None
    assert bpy.ops.talkinghead.check_device() == {"FINISHED"}
    assert worker.device().kind == "cpu"
    line = worker.device().line
    assert line.startswith("Runs on")
    layout = recording_layout.RecordingLayout()
    talking.core("worker.worker_box").draw(layout)
    assert line.split()[-1] in layout.text
    assert "talkinghead.free_memory" in layout.of("operator")
    assert ("talkinghead.check_device" in layout.of("operator")) == bool(worker.device().torch)
    assert line in talking.core("jobs.report").text()
    worker.stop()
    assert worker.device() is None


def test_device_that_cannot_be_used_is_told(scene, worker, monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_DEVICE", "cuda:77")
    client = worker.client()
    if "torch" not in (client.wait(client.submit("ping")) and client.greeting["packages"]):
        pytest.skip("the worker has no torch")
    with pytest.raises(RuntimeError, match="cuda:77"):
        bpy.ops.talkinghead.check_device()
