# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unfinished renders come back when their file is opened again."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
import queued
import recording_layout
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def service(addon):
    return talking.core("jobs.service")


@pytest.fixture
def portraits(scene, saved_file, astronaut):
    queued.three_portraits(astronaut)


@pytest.fixture
def kept_in_background(monkeypatch):
    """The queue is kept beside the file as in the GUI."""
    keeper, file = talking.core("jobs.queue_keeper"), talking.core("jobs.queue_file")
    folders = talking.core("strips.folders")

    def place():
        if not bpy.data.filepath:
            return None
        return file.sidecar_of(folders.absolute("//talkinghead"), Path(bpy.data.filepath).name)

    monkeypatch.setattr(keeper, "place", place)
    keeper.bring_back()


@pytest.mark.usefixtures("kept_in_background")
def test_unfinished_renders_are_beside_the_file_while_there_are_some(service, portraits, saved_file):
    queued.queue_render("A")
    queued.queue_render("B")
    service.start(*queued.waiting_job())  # no render: not kept
    assert queued.kept_strips(saved_file) == ["A", "B"]
    service.cancel(service.queue.pending[0].id)
    queued.tick_until(lambda: service.queue.running and service.queue.running.strip == "B")
    assert queued.kept_strips(saved_file) == ["B"]
    queued.tick_to_end()
    assert not queued.sidecar(saved_file).exists()


@pytest.mark.usefixtures("kept_in_background")
def test_they_come_back_paused_and_only_what_is_missing_is_computed(service, portraits, saved_file, astronaut):
    long = talking.animated(astronaut, "Long", length=100, channel=9)
    talking.key(long, "mouth_smile", 1, -0.8)
    talking.key(long, "mouth_smile", 100, 0.8)
    queued.queue_render("Long")
    queued.queue_render("B")
    bpy.ops.wm.save_mainfile()
    queued.tick_until(lambda: service.runner.state.done >= 3)
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert queued.rows() == [("Long", "paused"), ("B", "paused")]
    assert len(service.queue.from_last_session) == 2
    assert not service.runner.running
    assert bpy.ops.talkinghead.queue_continue() == {"FINISHED"}
    queued.tick_to_end()
    texts = {entry.strip: entry.job.text for entry in service.queue.ended}
    assert 0 < int(texts["Long"].split()[0]) <= 97
    assert texts["B"] == "6 of 6 frames rendered"
    assert not queued.sidecar(saved_file).exists()


@pytest.mark.usefixtures("kept_in_background")
def test_they_can_be_cleared(service, portraits, saved_file):
    queued.queue_render("A")
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert bpy.ops.talkinghead.queue_clear(which="LAST_SESSION") == {"FINISHED"}
    assert service.queue.entries == ()
    assert not queued.sidecar(saved_file).exists()


@pytest.mark.usefixtures("kept_in_background")
def test_another_file_leaves_them_beside_their_own(service, portraits, saved_file):
    queued.queue_render("A")
    bpy.ops.wm.read_homefile(use_empty=True)
    assert service.queue.entries == ()
    assert queued.kept_strips(saved_file) == ["A"]


@pytest.mark.usefixtures("kept_in_background")
def test_a_file_that_cannot_be_read_leaves_the_queue_of_the_open_one(portraits, saved_file):
    queued.queue_render("A")
    with pytest.raises(RuntimeError):
        bpy.ops.wm.open_mainfile(filepath=str(saved_file.with_name("missing.blend")))
    assert [row[0] for row in queued.rows()] == ["A"]
    assert queued.kept_strips(saved_file) == ["A"]


@pytest.mark.usefixtures("kept_in_background")
def test_saved_under_a_new_name_they_go_on_there(portraits, saved_file, tmp_path):
    queued.queue_render("A")
    other = tmp_path / "other" / "new.blend"
    other.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(other))
    assert queued.kept_strips(other) == ["A"]
    assert not queued.sidecar(saved_file).exists()


@pytest.mark.usefixtures("kept_in_background")
def test_a_saved_copy_takes_nothing_along(portraits, saved_file, tmp_path):
    queued.queue_render("A")
    copy = tmp_path / "copy.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    assert queued.kept_strips(saved_file) == ["A"]
    assert not queued.sidecar(copy).exists()


@pytest.mark.usefixtures("kept_in_background")
def test_an_unsaved_file_keeps_nothing_until_it_is_saved(scene, astronaut, tmp_path):
    bpy.ops.wm.read_homefile(use_empty=True)
    sequencer.make_editor(bpy.context.scene)
    talking.animated(astronaut, "A", length=3)
    queued.queue_render("A")
    path = tmp_path / "late.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert queued.kept_strips(path) == ["A"]


@pytest.mark.usefixtures("kept_in_background")
def test_a_broken_file_is_kept_aside(service, portraits, saved_file):
    bpy.ops.wm.save_mainfile()
    queued.sidecar(saved_file).write_text("{", encoding="utf-8")
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert service.queue.entries == ()
    kept = [path.name for path in queued.sidecar(saved_file).parent.glob("*.json*")]
    assert kept == ["edit.blend.queue.json.unreadable"]


@pytest.mark.usefixtures("kept_in_background")
def test_a_folder_that_cannot_be_written_is_told_once(service, portraits, saved_file, monkeypatch, caplog):
    def refused(*_):
        raise PermissionError("no")

    file, keeper = talking.core("jobs.queue_file"), talking.core("jobs.queue_keeper")
    monkeypatch.setattr(file, "write", refused)
    queued.queue_render("A")
    queued.queue_render("B")
    assert caplog.text.count("cannot be kept") == 1
    assert "ends with Blender" in keeper.problem()
    assert keeper.problem()[:20] in recording_layout.draw(bpy.types.TALKINGHEAD_PT_queue).text
    monkeypatch.undo()
    service.cancel(service.queue.pending[0].id)
    assert keeper.problem() == ""


def test_background_touches_no_queue_of_the_user(portraits, saved_file):
    bpy.ops.wm.save_mainfile()
    queued.sidecar(saved_file).parent.mkdir(exist_ok=True)
    queued.sidecar(saved_file).write_text("left as it is", encoding="utf-8")
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    sequencer.select(queued.strip_named("A"))
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(saved_file.with_name("other.blend")))
    assert queued.sidecar(saved_file).read_text(encoding="utf-8") == "left as it is"
