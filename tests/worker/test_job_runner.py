# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job at a time, a step a call, whatever it does."""

from __future__ import annotations

import pytest
from source_package import source_module

states = source_module("blender_talkinghead.jobs.runner")
errors = source_module("inference.errors")
JobState, Phase, Runner = states.JobState, states.Phase, states.Runner


def counting(control, closed=None):
    try:
        for done in range(3):
            control.check()
            yield JobState("Count", Phase.RUNNING, "Counting", done, 3)
        yield JobState("Count", Phase.DONE, "Counted")
    finally:
        if closed is not None:
            closed.append(True)


def run(runner):
    while runner.running:
        runner.step()
    return runner.state


def test_last_state_stays():
    runner = Runner()
    runner.start("Count", counting)
    assert run(runner).phase is Phase.DONE
    runner.forget()
    assert runner.state is None


def test_second_job_is_refused():
    runner = Runner()
    runner.start("Count", counting)
    with pytest.raises(errors.TalkingHeadError, match="Another"):
        runner.start("Count", counting)


def test_cancel_ends_it_as_cancelled_without_an_error():
    runner = Runner()
    runner.start("Count", counting)
    runner.step()
    runner.cancel()
    assert runner.cancelling
    state = run(runner)
    assert (state.phase, state.error) == (Phase.CANCELLED, None)


def test_failure_keeps_its_error():
    def failing(control):
        yield JobState("Fail", Phase.RUNNING)
        raise errors.TalkingHeadError(errors.ErrorCode.DISK_FULL, "The disk is full.")

    runner = Runner()
    runner.start("Fail", failing)
    state = run(runner)
    assert state.phase is Phase.FAILED
    assert state.error.code is errors.ErrorCode.DISK_FULL


def test_defect_becomes_an_error_and_the_job_ends():
    def broken(control):
        yield JobState("Broken", Phase.RUNNING)
        raise ZeroDivisionError("division by zero")

    runner = Runner()
    runner.start("Broken", broken)
    state = run(runner)
    assert state.error.code is errors.ErrorCode.INTERNAL
    assert "ZeroDivisionError" in state.error.details


def test_drop_closes_the_job_at_once():
    closed = []
    runner = Runner()
    runner.start("Count", lambda control: counting(control, closed))
    runner.step()
    runner.drop("Another file.")
    assert closed == [True]
    assert (runner.state.phase, runner.state.text) == (Phase.CANCELLED, "Another file.")


def test_line_tells_frames_and_time_left():
    state = JobState("Render", Phase.RUNNING, "Rendering", 12, 120, eta_s=35.2)
    assert state.line == "12 of 120 frames, 35 s left"
    assert state.progress == pytest.approx(0.1)
    assert JobState("Render", Phase.RUNNING, "Finding the face", 0, 120).line == "Finding the face"


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (240, "4 min"), (7500, "2 h 05 min")])
def test_durations_are_written_for_people(seconds, text):
    assert states.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (JobState("Render"), "Starting"),
        (JobState("Render", Phase.RUNNING, "Rendering", 0, 8, eta_s=9.0), "Rendering"),
        (JobState("Render", Phase.RUNNING, "Rendering", 3, 8, eta_s=9.0), "3 of 8 frames, 9 s left"),
        (JobState("Render", Phase.RUNNING, "Rendering", 1, 1, eta_s=0.0), "1 of 1 frame"),
    ],
)
def test_line_tells_what_is_known(state, line):
    assert state.line == line
