# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives jobs inside Blender: by a timer in the GUI, by a loop in background, where timers do not run."""

import logging
from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..worker import worker
from . import blender_render
from .queue import AtEnd, Entry, Queue, RenderOrder
from .runner import JobMaker, JobState, Phase, Runner

_LOGGER = logging.getLogger(__name__)
INTERVAL_S = 0.1
BACKGROUND_WAIT_S = 0.05
runner = Runner()
queue = Queue()
# Called at each tick while something goes on; each says whether it wants the next tick.
watchers: list[Callable[[], bool]] = []
# Called before another file is opened.
leavers: list[Callable[[], None]] = []


def start(
    title: str,
    make: JobMaker,
    at_end: AtEnd | None = None,
    *,
    strip: str = "",
    order: RenderOrder | None = None,
) -> Entry:
    """Have the timer drive a job: now, or once its turn comes, if another one runs.

    What is no render waits before all waiting renders. For renders use ``render_queue.add``, which makes the order.

    Args:
        at_end: called once on the main thread with the last state, canceled jobs that never began included; not when
            another file is opened or the add-on is disabled meanwhile.
        strip: name of the strip that it works on, for the list.
        order: what a render renders; it takes the place of a waiting render of the same strip.

    Returns:
        The entry as it was queued; ``queue.find`` gives it as it is now.
    """
    entry = queue.add(title, make, strip=strip, order=order, at_end=at_end)
    advance()
    wake()
    return entry


def cancel(entry_id: int) -> bool:
    """Ask the running job to end, or end one that waits; whether there was one."""
    if queue.running is not None and queue.running.id == entry_id:
        runner.cancel()
        return True
    return queue.cancel(entry_id) is not None


def retry(entry_id: int) -> Entry | None:
    """Queue a job again that failed or was canceled; None if there is none such."""
    entry = queue.retry(entry_id)
    advance()
    wake()
    return entry


def proceed() -> int:
    """Go on with what is paused; how many jobs that are."""
    count = queue.proceed()
    advance()
    wake()
    return count


def advance() -> None:
    """Note that the running job has ended, and begin the next one that waits."""
    _note_end()
    entry = None if runner.running else queue.begin_next()
    if entry is not None:
        runner.start(entry.title, entry.make)


def _note_end() -> None:
    if queue.running is not None and not runner.running:
        queue.finish(runner.state or JobState(queue.running.title, Phase.CANCELLED, "Stopped."))


def run_to_end(title: str, make: JobMaker, show: Callable[[JobState], Any] | None = None) -> JobState:
    """Run a job and return its last state.

    Args:
        show: called with every state that differs from the one before.

    Raises:
        TalkingHeadError: INVALID_REQUEST while another one runs; why the job failed.
    """
    _note_end()
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
    """One beat of the timer: a step of the job, the next job if it ended, and what the watchers do."""
    before = runner.state
    runner.step()
    advance()
    wanted = [_wants_next_tick(watcher) for watcher in watchers]
    if runner.state is not before:
        redraw()
    return INTERVAL_S if runner.running or queue.waiting or any(wanted) else None


def _wants_next_tick(watcher: Callable[[], bool]) -> bool:
    try:
        return watcher()
    except Exception:  # Blender drops a timer that raises, and with it the running job
        _LOGGER.exception("a watcher failed")
        return False


def _tell_end(entry: Entry) -> None:
    assert entry.job
    for callback in entry.at_end:
        try:
            callback(entry.job)
        except Exception:  # the next job is to begin whatever the one who asked for this one makes of it
            _LOGGER.exception("what follows a job failed")


def redraw() -> None:
    """Have every sequencer and preferences window drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"SEQUENCE_EDITOR", "PREFERENCES"}:
                area.tag_redraw()


def blender_renders() -> bool:
    """Whether Blender renders, so that no strip may be changed now."""
    return blender_render.in_progress()


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
    runner.forget()  # unless one runs: how it ends is told
    runner.drop("Stopped, because another file was opened. Finished frames are kept.")
    queue.forget_all()
    for leaver in leavers:
        leaver()


def register() -> None:
    """Watch for files being opened."""
    queue.end_listeners.append(_tell_end)
    if _before_load not in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.append(_before_load)


def unregister() -> None:
    """Give the running job up; stop the timer."""
    runner.drop("Stopped, because the add-on was disabled.")
    queue.forget_all()
    queue.end_listeners.remove(_tell_end)
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if _before_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_before_load)
    worker.stop()
