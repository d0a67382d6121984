# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue in the sidebar and in the status bar."""

from __future__ import annotations

import bpy
import pytest
import queued
import recording_layout
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


def draw_panel():
    return recording_layout.draw(bpy.types.TALKINGHEAD_PT_queue)


def test_a_single_job_takes_no_list(service, portraits):
    queued.queue_render("A")
    service.tick()
    drawn = draw_panel()
    assert drawn.of("list") == []
    assert len(drawn.of("progress")) == 1
    assert drawn.of("operator") == ["talkinghead.cancel"]


def test_several_jobs_are_a_list(service, portraits):
    queued.strip_named("B").th_engine = "liveportrait"
    for name in "AB":
        queued.queue_render(name)
    service.tick()
    drawn = draw_panel()
    assert drawn.of("list") == ["th_queue"]
    assert all(text in drawn.text for text in ("A", "B", "Puppet", "LivePortrait", "Waiting", "1 waiting"))
    assert len(drawn.of("progress")) == 1
    assert {"talkinghead.cancel", "talkinghead.queue_pause", "talkinghead.queue_move"} <= set(drawn.of("operator"))


def test_the_selected_job_tells_its_end(service, portraits, tmp_path):
    queued.strip_named("A").th_acting_on = True
    queued.strip_named("A").th_acting_file = str(tmp_path / "missing.mp4")
    failing = queued.queue_render("A").id
    queued.queue_render("B")
    queued.tick_to_end()
    talking.core("jobs.queue_list").select(failing)
    drawn = draw_panel()
    assert "missing.mp4" in drawn.text
    assert {"talkinghead.copy_report", "talkinghead.show_log", "talkinghead.queue_retry"} <= set(drawn.of("operator"))
    talking.core("jobs.queue_list").select(service.queue.ended[0].id)
    drawn = draw_panel()
    assert "B: 6 of 6 frames rendered" in drawn.text.replace("  ", " ")
    assert "talkinghead.queue_retry" not in drawn.of("operator")
    assert "talkinghead.queue_reveal" in drawn.of("operator")


def test_report_is_that_of_the_selected_job(service, portraits, tmp_path):
    queued.strip_named("A").th_acting_on = True
    queued.strip_named("A").th_acting_file = str(tmp_path / "missing.mp4")
    failing = queued.queue_render("A").id
    queued.queue_render("B")
    queued.tick_to_end()
    report = talking.core("jobs.report")
    assert "missing.mp4" in report.text(service.queue.find(failing).job).split("---")[0]
    assert "6 of 6 frames" in report.text().split("---")[0]


def test_jobs_of_the_last_session_are_offered(service, portraits):
    render_queue, jobs = talking.core("jobs.render_queue"), talking.core("jobs.jobs")
    order = render_queue.order_of(jobs.Target(bpy.context.scene.name, "A", "STRIP"))
    service.queue.restore([(jobs.RENDER_TITLE, render_queue.maker_of(order), order)])
    drawn = draw_panel()
    assert "1 job from the last session" in drawn.text
    assert drawn.of("operator")[:2] == ["talkinghead.queue_continue", "talkinghead.queue_clear"]
    assert "Paused" in drawn.text


def test_time_left_is_told_once_the_engine_was_measured(service, portraits, monkeypatch):
    speeds = talking.core("jobs.measured_speed")
    monkeypatch.setattr(speeds, "seconds_per_frame", lambda engine, size: 10.0)
    service.start(*queued.waiting_job())
    queued.queue_render("A")
    queued.queue_render("B")
    assert "2 waiting, 2 min left at most" in draw_panel().text
    monkeypatch.setattr(speeds, "seconds_per_frame", lambda engine, size: None)
    assert "2 waiting" in draw_panel().text and "left" not in draw_panel().text


def test_status_bar_names_what_waits(service, portraits):
    for name in "ABC":
        queued.queue_render(name)
    text = queued.operators("queue").status_text()
    assert text.startswith("Talking Head") and "2 more waiting" in text and text.endswith("ESC: Cancel")
    service.runner.cancel()
    assert queued.operators("queue").status_text().endswith("Canceling")


def test_a_job_that_has_told_nothing_yet_is_starting(service, portraits):
    queued.queue_render("A")
    assert service.runner.state.text == ""
    assert queued.operators("queue").status_text() == "Talking Head: Starting    ESC: Cancel"


def test_a_portrait_that_is_rendered_is_not_called_out_of_date(service, portraits, monkeypatch):
    monkeypatch.setattr(talking.core("jobs.stale_watch"), "note", lambda source: "Not rendered yet")
    bpy.context.scene.sequence_editor.active_strip = queued.strip_named("A")
    assert "Not rendered yet" in recording_layout.draw(bpy.types.TALKINGHEAD_PT_main).text
    queued.queue_render("B")
    assert "Not rendered yet" in recording_layout.draw(bpy.types.TALKINGHEAD_PT_main).text
    queued.queue_render("A")
    queued.tick_until(lambda: talking.core("jobs.render_queue").runs(queued.strip_named("A")))
    assert "Not rendered yet" not in recording_layout.draw(bpy.types.TALKINGHEAD_PT_main).text


def test_engine_tells_how_long_a_frame_takes_here(portraits, monkeypatch):
    speeds = talking.core("jobs.measured_speed")
    monkeypatch.setattr(speeds, "seconds_per_frame", lambda engine, size: None)
    assert "a frame on this computer" not in recording_layout.draw(bpy.types.TALKINGHEAD_PT_engine).text
    known = {("puppet", (512, 512)): 0.0312}
    monkeypatch.setattr(speeds, "seconds_per_frame", lambda engine, size: known.get((engine, size)))
    assert "About 0.031 s a frame on this computer" in recording_layout.draw(bpy.types.TALKINGHEAD_PT_engine).text
