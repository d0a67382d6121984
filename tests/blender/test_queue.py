# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several jobs: one after the other, in the user's order, across failures and cancels."""

from __future__ import annotations

import json

import bpy
import pytest
import queued
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


def test_renders_run_one_after_the_other_and_their_frames_are_there(portraits):
    for name in "ABC":
        queued.queue_render(name)
    assert queued.rows() == [("A", "running"), ("B", "waiting"), ("C", "waiting")]
    queued.tick_to_end()
    assert queued.rows() == [("C", "done"), ("B", "done"), ("A", "done")]
    for name in "ABC":
        files = talking.frame_files(queued.strip_named(name))
        assert len(set(files)) == 6 and all(file.is_file() for file in files)


def test_finished_frames_are_in_the_strip_while_the_rest_waits(service, portraits):
    queued.queue_render("A")
    queued.queue_render("B")
    queued.tick_until(lambda: service.queue.running.strip == "B")
    assert len(set(talking.frame_files(queued.strip_named("A")))) == 6
    assert len(set(talking.frame_files(queued.strip_named("B")))) == 1


def test_a_strip_that_waits_is_rendered_once_with_the_newest_range(service, scene, portraits):
    scene.frame_start, scene.frame_end = 41, 43
    service.start(*queued.waiting_job())
    queued.queue_render("B")
    queued.queue_render("A")
    queued.queue_render("B", range_mode="SCENE")
    assert queued.rows() == [("", "running"), ("B", "waiting"), ("A", "waiting")]
    service.runner.cancel()
    queued.tick_to_end()
    texts = {entry.strip: entry.job.text for entry in service.queue.ended}
    assert texts["B"] == "3 of 3 frames rendered"


def test_what_takes_a_moment_runs_before_the_next_render(service, portraits):
    ran = []
    service.queue.end_listeners.append(lambda entry: ran.append(entry.strip or entry.title))
    queued.queue_render("A")
    queued.queue_render("B")
    states = talking.core("jobs.runner")
    service.start("Short", lambda control: iter([states.JobState("Short", states.Phase.DONE, "Done")]))
    try:
        queued.tick_to_end()
    finally:
        service.queue.end_listeners.pop()
    assert ran == ["A", "Short", "B"]


def test_a_failing_job_does_not_stop_the_next_and_can_be_tried_again(service, portraits, astronaut):
    queued.queue_render("A")
    queued.queue_render("B")
    hidden = astronaut.with_name("elsewhere.png")
    queued.strip_named("A").th_acting_on = True
    queued.strip_named("A").th_acting_file = str(hidden)
    queued.tick_to_end()
    assert queued.rows() == [("B", "done"), ("A", "failed")]
    failed = service.queue.ended[1]
    assert failed.job.error is not None
    queued.strip_named("A").th_acting_on = False
    assert bpy.ops.talkinghead.queue_retry(entry=failed.id) == {"FINISHED"}
    queued.tick_to_end()
    assert queued.rows() == [("A", "done"), ("B", "done")]


def test_running_and_waiting_jobs_are_canceled(portraits):
    first, second, third = (queued.queue_render(name).id for name in "ABC")
    assert bpy.ops.talkinghead.queue_cancel(entry=second) == {"FINISHED"}
    assert bpy.ops.talkinghead.queue_cancel(entry=first) == {"FINISHED"}
    queued.tick_to_end()
    assert queued.rows() == [("C", "done"), ("A", "cancelled"), ("B", "cancelled")]
    with pytest.raises(RuntimeError, match="ended already"):
        bpy.ops.talkinghead.queue_cancel(entry=third)


def test_order_is_changed_and_jobs_are_removed(service, portraits):
    service.start(*queued.waiting_job())
    ids = {name: queued.queue_render(name).id for name in "ABC"}
    assert bpy.ops.talkinghead.queue_move(entry=ids["C"], where="FRONT") == {"FINISHED"}
    assert bpy.ops.talkinghead.queue_move(entry=ids["A"], where="DOWN") == {"FINISHED"}
    assert [entry.strip for entry in service.queue.pending] == ["C", "B", "A"]
    assert bpy.ops.talkinghead.queue_remove(entry=ids["B"]) == {"FINISHED"}
    assert [entry.strip for entry in service.queue.entries] == ["", "C", "A"]
    with pytest.raises(RuntimeError, match="Cancel it first"):
        bpy.ops.talkinghead.queue_remove(entry=service.queue.running.id)
    with pytest.raises(RuntimeError, match="no longer in the queue"):
        bpy.ops.talkinghead.queue_remove(entry=ids["B"])


def test_operators_take_the_selected_row(service, portraits):
    service.start(*queued.waiting_job())
    ids = {name: queued.queue_render(name).id for name in "AB"}
    talking.core("jobs.queue_list").select(ids["B"])
    assert bpy.ops.talkinghead.queue_move(where="UP") == {"FINISHED"}
    assert [entry.strip for entry in service.queue.pending] == ["B", "A"]
    assert talking.core("jobs.queue_list").selected().id == ids["B"]  # still the same one, in another row
    assert bpy.ops.talkinghead.queue_remove() == {"FINISHED"}
    assert [entry.strip for entry in service.queue.pending] == ["A"]


def test_pause_and_continue(service, portraits):
    service.start(*queued.waiting_job())
    queued.queue_render("A")
    assert bpy.ops.talkinghead.queue_pause() == {"FINISHED"}
    service.runner.cancel()
    queued.tick_to_end()
    assert not service.runner.running
    assert ("A", "paused") in queued.rows()
    assert not bpy.ops.talkinghead.queue_pause.poll()
    assert bpy.ops.talkinghead.queue_continue() == {"FINISHED"}
    queued.tick_to_end()
    assert ("A", "done") in queued.rows()
    assert not bpy.ops.talkinghead.queue_continue.poll()
    assert bpy.ops.talkinghead.queue_clear(which="ENDED") == {"FINISHED"}
    assert service.queue.entries == ()
    assert not bpy.ops.talkinghead.queue_clear.poll()


def test_folder_of_a_job_is_shown(portraits):
    entry = queued.queue_render("A")
    queued.tick_to_end()
    assert bpy.ops.talkinghead.queue_reveal(entry=entry.id) == {"FINISHED"}
    queued.strip_named("A").name = "Renamed"
    assert bpy.ops.talkinghead.queue_reveal(entry=entry.id) == {"FINISHED"}  # found by its id
    sequencer.strips().remove(queued.strip_named("Renamed"))
    with pytest.raises(RuntimeError, match="no strip named 'A'"):
        bpy.ops.talkinghead.queue_reveal(entry=entry.id)


def test_who_asked_is_told_the_end(service, portraits):
    ends = []
    queued.queue_render("A", ends.append)
    waiting = queued.queue_render("B", ends.append)
    service.cancel(waiting.id)
    queued.tick_to_end()
    assert [state.phase.value for state in ends] == ["cancelled", "done"]


def test_what_follows_a_job_may_fail(portraits, caplog):
    def broken(state):
        raise ZeroDivisionError("division by zero")

    queued.queue_render("A", broken)
    queued.queue_render("B")
    queued.tick_to_end()
    assert queued.rows() == [("B", "done"), ("A", "done")]
    assert "what follows a job failed" in caplog.text


def test_a_strip_renamed_while_it_waits_is_rendered(service, portraits):
    service.start(*queued.waiting_job())
    queued.queue_render("A")
    queued.strip_named("A").name = "Other"
    service.runner.cancel()
    queued.tick_to_end()
    assert queued.rows()[0] == ("A", "done")
    assert len(set(talking.frame_files(queued.strip_named("Other")))) == 6


def test_a_strip_deleted_while_it_waits_fails_and_the_next_goes_on(service, portraits):
    service.start(*queued.waiting_job())
    queued.queue_render("A")
    queued.queue_render("B")
    for strip in (talking.result_of(queued.strip_named("A")), queued.strip_named("A")):
        sequencer.strips().remove(strip)
    service.runner.cancel()
    queued.tick_to_end()
    assert [row for row in queued.rows() if row[0]] == [("B", "done"), ("A", "failed")]


def test_no_other_strip_is_animated_under_the_name_of_a_deleted_one(service, portraits, astronaut):
    service.start(*queued.waiting_job())
    queued.queue_render("A")
    for strip in (talking.result_of(queued.strip_named("A")), queued.strip_named("A")):
        sequencer.strips().remove(strip)
    sequencer.add_image(astronaut, name="A", length=3, channel=9)
    service.runner.cancel()
    queued.tick_to_end()
    assert service.queue.ended[0].job.error.message == "The strip 'A' is not animated."
    assert queued.strip_named("A").th_role == "NONE"


def test_render_without_frames_in_the_range_is_refused_at_once(service, scene, portraits):
    scene.frame_start, scene.frame_end = 500, 510
    with pytest.raises(talking.shared("errors").TalkingHeadError, match="no frame in the chosen range"):
        queued.queue_render("A", range_mode="SCENE")
    assert service.queue.entries == ()


def test_jobs_wait_in_the_gui_and_are_refused_to_scripts(service, portraits):
    service.start(*queued.waiting_job())
    sequencer.select(queued.strip_named("A"))
    assert bpy.ops.talkinghead.render_frames.poll()
    with pytest.raises(RuntimeError, match="Another Talking Head job runs"):
        bpy.ops.talkinghead.render_frames()
    with pytest.raises(RuntimeError, match="Another Talking Head job runs"):
        bpy.ops.talkinghead.render_all()
    assert queued.rows() == [("", "running")]


def test_polls_while_jobs_run_and_wait(service, portraits, monkeypatch):
    sequencer.select(queued.strip_named("A"))
    ops, jobs = bpy.ops.talkinghead, talking.core("jobs.jobs")
    entry = service.start(*queued.waiting_job(jobs.FIND_TITLE), strip="A")
    assert not ops.find_faces.poll()  # of the same strip
    assert ops.animate_portrait.poll() and ops.draw_thumbnails.poll()
    assert not ops.clean_up.poll() and not ops.mirror_performance.poll() and not ops.import_workflow.poll()
    service.cancel(entry.id)
    queued.queue_render("A")
    queued.tick_until(lambda: service.queue.running is not None and service.queue.running.strip == "A")
    service.tick()
    assert ops.find_faces.poll() and ops.mirror_performance.poll() and ops.import_workflow.poll()
    assert not ops.clean_up.poll() and not ops.export_movie.poll()
    service.runner.cancel()
    queued.tick_to_end()
    assert ops.clean_up.poll() and ops.export_movie.poll()


def test_one_set_up_at_a_time(service, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    talking.core("worker.worker").refresh()
    assert bpy.ops.talkinghead.set_up_worker.poll()
    service.start(*queued.waiting_job())
    service.start(*queued.waiting_job(talking.core("worker.setup_job").TITLE))
    assert not bpy.ops.talkinghead.set_up_worker.poll()


def test_opening_another_file_forgets_the_queue(service, portraits):
    queued.queue_render("A")
    queued.queue_render("B")
    ends = []
    queued.queue_render("C", ends.append)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert (service.queue.entries, service.queue.running, service.runner.running) == ((), None, False)
    assert len(bpy.context.window_manager.th_queue) == 0
    assert ends == []


class TestRenderAll:
    def test_renders_all_in_strip_order(self, portraits, monkeypatch):
        ran = []
        render_queue = talking.core("jobs.render_queue")
        maker_of = render_queue.maker_of
        monkeypatch.setattr(render_queue, "maker_of", lambda order: ran.append(order.strip) or maker_of(order))
        assert bpy.ops.talkinghead.render_all() == {"FINISHED"}
        assert ran == ["C", "A", "B"]
        assert all(len(set(talking.frame_files(queued.strip_named(name)))) == 6 for name in "ABC")

    def test_only_selected_ones(self, portraits):
        sequencer.select(talking.result_of(queued.strip_named("B")))  # a result stands for its source
        assert bpy.ops.talkinghead.render_all(selected=True) == {"FINISHED"}
        counts = [len(set(talking.frame_files(queued.strip_named(name)))) for name in "ABC"]
        assert counts == [1, 6, 1]

    def test_failure_of_one_stops_none_and_is_told_at_the_end(self, portraits, tmp_path):
        queued.strip_named("A").th_acting_on = True
        queued.strip_named("A").th_acting_file = str(tmp_path / "missing.mp4")
        with pytest.raises(RuntimeError, match="1 of 3 portraits were not rendered"):
            bpy.ops.talkinghead.render_all()
        assert all(len(set(talking.frame_files(queued.strip_named(name)))) == 6 for name in "BC")

    def test_without_portraits(self, scene, saved_file):
        with pytest.raises(RuntimeError, match="There is no animated portrait"):
            bpy.ops.talkinghead.render_all()

    def test_in_the_gui_all_are_queued(self, portraits, monkeypatch):
        base = queued.operators("base")
        monkeypatch.setattr(base, "watch", lambda: None)
        operator = queued.stand_in(queued.operators("render").TALKINGHEAD_OT_render_all, selected=False)
        assert operator.start(bpy.context) == {"FINISHED"}
        assert queued.rows() == [("C", "running"), ("A", "waiting"), ("B", "waiting")]
        assert ("INFO", "3 portraits are in the queue") in operator.reports


def test_render_frames_waits_while_something_runs(service, portraits, monkeypatch):
    base = queued.operators("base")
    monkeypatch.setattr(base, "watch", lambda: None)
    service.start(*queued.waiting_job())
    sequencer.select(queued.strip_named("A"))
    operator = queued.stand_in(queued.operators("render").TALKINGHEAD_OT_render_frames)
    assert operator.start(bpy.context) == {"FINISHED"}
    assert queued.rows() == [("", "running"), ("A", "waiting")]
    assert operator.reports == [("INFO", "Render Frames waits in the queue")]


def test_speed_of_an_engine_is_kept_at_the_end_of_a_render(portraits):
    speeds, worker = talking.core("jobs.measured_speed"), talking.core("worker.worker")
    path = worker.places().user / "engine_speed.json"
    path.unlink(missing_ok=True)
    speeds.forget()
    source = queued.strip_named("A")
    assert speeds.seconds_per_frame("puppet", speeds.source_size(source)) is None
    queued.queue_render("A")
    queued.tick_to_end()
    assert speeds.source_size(source) == (512, 512)
    assert speeds.seconds_per_frame("puppet", (512, 512)) > 0
    assert "puppet" in json.loads(path.read_text(encoding="utf-8"))
    speeds.forget()
    assert speeds.seconds_per_frame("puppet", (512, 512)) > 0
