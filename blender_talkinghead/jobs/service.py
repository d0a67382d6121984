# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives jobs inside Blender: by a timer in the GUI, by a loop in background, where timers do not run."""

import logging
from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..worker import worker
from .runner import JobMaker, JobState, Runner

_LOGGER = logging.getLogger(__name__)
INTERVAL_S = 0.1
BACKGROUND_WAIT_S = 0.05
runner = Runner()
# Called at each tick while something goes on; each says whether it wants the next tick.
watchers: list[Callable[[], bool]] = []
# Called before another file is opened.
leavers: list[Callable[[], None]] = []


def start(title: str, make: JobMaker) -> None:
    """Begin a job that the timer drives.

    Raises:
        TalkingHeadError: INVALID_REQUEST while another one runs.
    """
    runner.start(title, make)
    wake()


def run_to_end(title: str, make: JobMaker, show: Callable[[JobState], Any] | None = None) -> JobState:
    """Run a job and return its last state.

    Args:
        show: called with every state that differs from the one before.

    Raises:
        TalkingHeadError: INVALID_REQUEST while another one runs; why the job failed.
    """
    runner.start(title, make, BACKGROUND_WAIT_S)
    shown = None
    try:
        while runner.running:
            runner.step()
            if show and runner.state != shown and runner.state:
                shown = runner.state
                show(shown)
    except KeyboardInterrupt:
        runner.drop("Interrupted.")
        raise
    state = runner.state
    assert state
    if state.error:
        raise state.error
    return state


def wake() -> None:
    """Make the timer tick."""
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=0.0, persistent=True)


def tick() -> float | None:
    """One beat of the timer: a step of the job, and what the watchers do."""
    before = runner.state
    runner.step()
    wanted = [_wants_next_tick(watcher) for watcher in watchers]
    if runner.state is not before:
        redraw()
    return INTERVAL_S if runner.running or any(wanted) else None


def _wants_next_tick(watcher: Callable[[], bool]) -> bool:
    try:
        return watcher()
    except Exception:  # Blender drops a timer that raises, and with it the running job
        _LOGGER.exception("a watcher failed")
        return False


def redraw() -> None:
    """Have every sequencer and preferences window drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"SEQUENCE_EDITOR", "PREFERENCES"}:
                area.tag_redraw()


def blender_renders() -> bool:
    """Whether Blender renders, so that no strip may be changed now."""
    return bpy.app.is_job_running("RENDER")


def playing() -> bool:
    """Whether an animation plays."""
    return any(window.screen.is_animation_playing for window in bpy.context.window_manager.windows)


def push_undo(message: str) -> None:
    """Make what was changed one undo step. In background there is no undo."""
    if bpy.app.background:
        return
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, screen=window.screen):
        bpy.ops.ed.undo_push(message=message)


@persistent
def _before_load(*_arguments: Any) -> None:
    runner.drop("Stopped, because another file was opened. Finished frames are kept.")
    for leaver in leavers:
        leaver()


def register() -> None:
    """Watch for files being opened."""
    if _before_load not in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.append(_before_load)


def unregister() -> None:
    """Give the running job up; stop the timer."""
    runner.drop("Stopped, because the add-on was disabled.")
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if _before_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_before_load)
    worker.stop()
