# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which job is next, whatever is added, moved, canceled, tried again or held."""

from __future__ import annotations

import itertools

import pytest
from source_package import source_module

queues = source_module("blender_talkinghead.jobs.queue")
states = source_module("blender_talkinghead.jobs.runner")
EntryState, Move, RenderOrder, JobState, Phase = (
    queues.EntryState,
    queues.Move,
    queues.RenderOrder,
    states.JobState,
    states.Phase,
)
DONE, FAILED, CANCELLED = (JobState("Job", phase) for phase in (Phase.DONE, Phase.FAILED, Phase.CANCELLED))


def no_job(control):
    return iter(())


@pytest.fixture
def queue():
    ticks = itertools.count(1)
    return queues.Queue(clock=lambda: float(next(ticks)))


def add_render(queue, strip, **changes):
    order = RenderOrder("Scene", strip, "STRIP", engine="puppet", frames=100, size=(512, 512))
    order = queues.replace(order, **changes)
    return queue.add("Render Frames", no_job, strip=strip, order=order)


def names(entries):
    return [entry.strip or entry.title for entry in entries]


def test_renders_run_in_the_order_they_were_asked_for(queue):
    for name in "ABC":
        add_render(queue, name)
    ran = []
    while queue.begin_next():
        ran.append(queue.running.strip)
        queue.finish(DONE)
    assert ran == ["A", "B", "C"]
    assert names(queue.ended) == ["C", "B", "A"]


def test_one_job_runs_at_a_time(queue):
    add_render(queue, "A")
    add_render(queue, "B")
    assert queue.begin_next().strip == "A"
    assert queue.begin_next() is None
    assert queue.running.strip == "A"


def test_what_takes_a_moment_waits_before_the_renders_and_in_its_own_order(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "B")
    queue.add("Find Faces", no_job)
    queue.add("Read Driver", no_job)
    assert names(queue.pending) == ["Find Faces", "Read Driver", "B"]


def test_a_strip_waits_once_with_its_newest_range(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "B")
    add_render(queue, "C")
    add_render(queue, "B", range_mode="SCENE")
    assert [(entry.strip, entry.order.range_mode) for entry in queue.pending] == [("B", "SCENE"), ("C", "STRIP")]


def test_a_strip_that_runs_may_wait_again(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "A")
    assert names(queue.entries) == ["A", "A"]


def test_the_same_name_in_another_scene_is_another_strip(queue):
    add_render(queue, "A")
    add_render(queue, "A", scene="Other")
    assert len(queue.pending) == 2


def test_who_asked_for_a_replaced_render_is_told_as_well(queue):
    told = []
    order = RenderOrder("Scene", "A", "STRIP")
    for name in ("first", "second"):
        queue.add("Render", no_job, strip="A", order=order, at_end=lambda state, name=name: told.append(name))
    queue.begin_next()
    for callback in queue.finish(DONE).at_end:
        callback(DONE)
    assert told == ["first", "second"]


@pytest.mark.parametrize(
    ("strip", "where", "order", "moved"),
    [
        ("D", Move.UP, ["B", "D", "C"], True),
        ("B", Move.DOWN, ["C", "B", "D"], True),
        ("D", Move.DOWN, ["B", "C", "D"], False),
        ("D", Move.FRONT, ["D", "B", "C"], True),
        ("B", Move.FRONT, ["B", "C", "D"], False),
        ("B", Move.UP, ["B", "C", "D"], False),
        ("A", Move.DOWN, ["B", "C", "D"], False),
    ],
)
def test_what_waits_can_be_moved(queue, strip, where, order, moved):
    entries = {name: add_render(queue, name) for name in "ABCD"}
    queue.begin_next()
    assert queue.move(entries[strip].id, where) is moved
    assert names(queue.pending) == order


def test_what_waits_can_be_canceled_and_tried_again(queue):
    add_render(queue, "A")
    queue.begin_next()
    waiting = add_render(queue, "B")
    canceled = queue.cancel(waiting.id)
    assert canceled.state is EntryState.CANCELLED
    assert canceled.job.phase is Phase.CANCELLED
    assert canceled.started_s is None
    assert names(queue.pending) == []
    again = queue.retry(waiting.id)
    assert again.state is EntryState.WAITING
    assert names(queue.entries) == ["A", "B"]


def test_running_job_is_not_canceled_removed_or_tried_again_by_the_list(queue):
    entry = add_render(queue, "A")
    queue.begin_next()
    assert queue.cancel(entry.id) is None
    assert not queue.remove(entry.id)
    assert queue.retry(entry.id) is None
    assert queue.running.id == entry.id


def test_only_what_came_to_nothing_is_tried_again(queue):
    entries = [add_render(queue, name) for name in ("A", "B", "C", "Last")]
    for end in (DONE, FAILED, CANCELLED):
        queue.begin_next()
        queue.finish(end)
    assert [queue.retry(entry.id) is not None for entry in entries] == [False, True, True, False]
    assert names(queue.pending) == ["Last", "B", "C"]


def test_trying_again_keeps_what_is_done_in_the_list(queue):
    failing = add_render(queue, "A")
    add_render(queue, "B")
    for end in (FAILED, DONE):
        queue.begin_next()
        queue.finish(end)
    queue.retry(failing.id)
    assert [(entry.strip, entry.state.value) for entry in queue.entries] == [("A", "waiting"), ("B", "done")]


def test_remove_takes_off_what_waits_and_what_ended(queue):
    waiting, other = add_render(queue, "A"), add_render(queue, "B")
    told = []
    queue.end_listeners.append(told.append)
    assert queue.remove(waiting.id)
    assert [entry.strip for entry in told] == ["A"]
    queue.begin_next()
    queue.finish(DONE)
    assert queue.remove(other.id)
    assert queue.entries == ()
    assert not queue.remove(other.id)


def test_pause_holds_what_waits_and_not_what_runs(queue):
    for name in "ABC":
        add_render(queue, name)
    queue.begin_next()
    assert queue.pause() == 2
    queue.finish(DONE)
    assert queue.begin_next() is None
    assert queue.waiting == 0
    assert queue.proceed() == 2
    assert queue.begin_next().strip == "B"


def test_a_render_asked_for_now_runs_although_others_are_paused(queue):
    add_render(queue, "A")
    queue.pause()
    add_render(queue, "B")
    assert queue.begin_next().strip == "B"


def test_what_an_earlier_session_left_waits_for_the_user(queue):
    orders = [RenderOrder("Scene", name, "STRIP") for name in "AB"]
    queue.restore(("Render Frames", no_job, order) for order in orders)
    assert queue.begin_next() is None
    assert names(queue.from_last_session) == ["A", "B"]
    add_render(queue, "B")  # asked for in this session
    assert names(queue.from_last_session) == ["A"]
    assert queue.clear_last_session() == 1
    assert names(queue.entries) == ["B"]


def test_unfinished_are_the_running_render_and_those_to_come(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "B")
    queue.add("Find Faces", no_job)
    assert [order.strip for order in queue.unfinished_orders()] == ["A", "B"]
    queue.finish(FAILED)
    assert [order.strip for order in queue.unfinished_orders()] == ["B"]


def test_a_new_list_forgets_renders_that_are_done_and_keeps_failed_ones(queue):
    for name, end in (("A", DONE), ("B", FAILED)):
        add_render(queue, name)
        queue.begin_next()
        queue.finish(end)
    assert names(queue.ended) == ["B"]  # B was added while nothing ran
    add_render(queue, "C")
    assert names(queue.entries) == ["C", "B"]
    add_render(queue, "B")
    assert names(queue.entries) == ["C", "B"]
    assert queue.entries[1].state is EntryState.WAITING


def test_list_of_a_running_queue_keeps_what_is_done(queue):
    add_render(queue, "A")
    add_render(queue, "B")
    queue.begin_next()
    queue.finish(DONE)
    queue.begin_next()
    add_render(queue, "C")
    assert names(queue.entries) == ["B", "C", "A"]
    assert queue.clear_ended() == 1
    assert names(queue.entries) == ["B", "C"]


def test_end_of_what_takes_a_moment_stays_until_something_else_begins(queue):
    queue.add("Find Faces", no_job)
    queue.begin_next()
    queue.finish(FAILED)
    assert names(queue.entries) == ["Find Faces"]
    add_render(queue, "A")
    assert names(queue.entries) == ["A"]


def test_times_are_noted(queue):
    add_render(queue, "A")
    queue.begin_next()
    entry = queue.finish(DONE)
    assert entry.added_s < entry.started_s < entry.ended_s
    assert entry.job == DONE


def test_every_change_is_told_once_it_is_made(queue):
    seen = []
    queue.listeners.append(lambda: seen.append(names(queue.entries)))
    entry = add_render(queue, "A")
    queue.begin_next()
    queue.finish(DONE)
    queue.remove(entry.id)
    assert seen == [["A"], ["A"], ["A"], []]


def test_another_file_is_begun_without_telling(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "B")
    seen = []
    queue.listeners.append(lambda: seen.append(1))
    queue.forget_all()
    assert (queue.entries, queue.running, seen) == ((), None, [])


def speed(engine, size):
    return {"puppet": 0.5}.get(engine)


def test_time_left_is_that_of_the_running_render_and_of_all_that_wait(queue):
    add_render(queue, "A")
    queue.begin_next()
    add_render(queue, "B")
    add_render(queue, "C", frames=20)
    queue.add("Find Faces", no_job)
    running = JobState("Render", Phase.RUNNING, done=90, total=100, eta_s=4.0)
    assert queues.seconds_left(queue, running, speed) == pytest.approx(4 + 50 + 10)


def test_time_left_of_a_running_render_that_does_not_know_yet(queue):
    add_render(queue, "A")
    queue.begin_next()
    assert queues.seconds_left(queue, JobState("Render"), speed) == pytest.approx(50)
    planned = JobState("Render", Phase.RUNNING, done=0, total=8)
    assert queues.seconds_left(queue, planned, speed) == pytest.approx(4)


def test_time_left_is_not_guessed(queue):
    add_render(queue, "A")
    add_render(queue, "B", engine="liveportrait")
    assert queues.seconds_left(queue, None, speed) is None
    queue.pause()
    assert queues.seconds_left(queue, None, speed) is None  # nothing goes on
