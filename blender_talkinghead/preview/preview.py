# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview: the current frame from the worker, drawn over the strip by ``overlay``; no strip and no file changes.

A quick engine is asked at once when something changes; while it draws, only the newest state waits. An engine that
takes longer, and a source that Blender renders first, are asked once the sliders rest; what the worker has begun is
finished and shown, and a request that it has not begun is replaced. Pictures are kept by all that decides them, so
scrubbing back and playing show them at once. The preview goes on with another animated strip when that is selected.

While it is on, it is drawn also where the result has the same frame already: so what is seen never changes between
both, and nothing has to be known about the result.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...inference.errors import Action, TalkingHeadError
from .. import compat, consent
from ..jobs import service
from ..jobs.runner import duration_text
from ..strips import sampling
from ..worker import worker
from .live import Live, Picture
from .preview_job import job_at

__all__ = ["Picture", "active", "doing", "error", "job_at", "picture_of", "settled", "start", "stop", "wait", "waiting"]

_LOGGER = logging.getLogger(__name__)
DEFAULT_SIZE_PX = 1024
# Previews that take longer are announced with the time they take.
_LONG_S = 1.0
# Beats of the timer: while something is on its way or has just changed, and else.
BUSY_S, IDLE_S = 1 / 60, 0.1
_BUSY_AFTER_CHANGE_S = 1.0
_current: Live | None = None
_size_of: Callable[[int], int] | None = None
_watching = False


def start(scene: Any, strip: Any, max_size_px: int = DEFAULT_SIZE_PX) -> None:
    """Show a preview of a source strip, and refresh it until ``stop``.

    Raises:
        TalkingHeadError: whatever keeps the frame from being made.
    """
    global _current
    consent.require()
    if _current is None:
        _current = Live(scene.name, strip.name, max_size_px)
    try:
        _current.begin(scene, strip, max_size_px)
    except TalkingHeadError as error:
        if error.action is not Action.READ_DRIVER:
            raise
        _current.error = error  # the panel offers to read it; the preview comes once it is read
    service.wake()
    if not bpy.app.background and not bpy.app.timers.is_registered(_beat):
        bpy.app.timers.register(_beat, first_interval=0.0, persistent=True)


def stop() -> None:
    """Show no preview any more."""
    global _current
    preview, _current = _current, None
    if preview is not None:
        preview.give_up()


def active() -> bool:
    """Whether a preview is on."""
    return _current is not None


def strip_name() -> str:
    """Name of the source strip that is previewed; "" without a preview."""
    return _current.strip if _current else ""


def picture_of(scene: Any, strip: Any) -> Picture | None:
    """The preview of a source strip for the current frame.

    While that one is drawn by a quick engine, the last one stays, so that nothing flickers.
    """
    preview = _current
    if preview is None or preview.picture is None or (preview.scene, preview.strip) != (scene.name, strip.name):
        return None
    if not compat.left(strip) <= scene.frame_current < compat.right(strip):
        return None
    on_its_way = preview.asked is not None and preview.quick()
    return preview.picture if on_its_way or preview.picture.frame == scene.frame_current else None


def error() -> TalkingHeadError | None:
    """Why the last preview could not be made."""
    return _current.error if _current else None


def waiting() -> bool:
    """Whether a preview was asked for and has not arrived."""
    return _current is not None and _current.asked is not None


def settled() -> bool:
    """Whether what is shown, or the error, belongs to what was last seen of the strip."""
    return _current is not None and _current.settled()


def doing() -> str:
    """What is done for a preview that is awaited for long, for the panel; "" when none is."""
    asked = _current.asked if _current else None
    if _current is None or asked is None or not asked.told:
        return ""
    if not asked.stage:
        return "Preview: after the frame in work" if service.runner.running else "Preview: asking the worker"
    took_s = _current.took_s.get(asked.engine, 0.0)
    return f"Preview: {asked.stage}" + (f", {duration_text(took_s)} a frame" if took_s >= _LONG_S else "")


def wait() -> None:
    """Wait for the preview that was asked for.

    Raises:
        TalkingHeadError: why it could not be made.
    """
    while _current and _current.asked:
        worker.client().pump(0.05)
        _current.take()
    if _current and _current.error:
        raise _current.error


def watch() -> bool:
    """A beat of the timer: take what arrived, show or ask what is wanted now. True while a preview is on."""
    global _watching
    preview = _current
    if preview is None:
        return False
    _watching = True  # describing a strip may set frames
    try:
        worker.client().pump()
        preview.take()
        preview.retry_after_job()
        if _size_of is not None and preview.rests():
            preview.max_size_px = _size_of(preview.max_size_px)
        preview.look(describes=True)
    finally:
        _watching = False
    return True


def changed(scene: Any) -> None:
    """The frame or something in a scene has changed: show or ask at once, as far as nothing has to be described anew.

    Called by Blender's handlers, also from the threads of a render, and while a job steps through the frames.
    """
    preview = _current
    if preview is None or _watching or scene.name != preview.scene or sampling.stepping():
        return
    if threading.current_thread() is threading.main_thread() and not service.blender_renders():
        preview.look(describes=False)


def measure_with(size_of: Callable[[int], int] | None) -> None:
    """Have the picture's longest side follow a function from the present px to those that are wanted; None: nothing."""
    global _size_of
    _size_of = size_of


def _beat() -> float | None:
    try:
        watch()
    except Exception:  # Blender drops a timer that raises
        _LOGGER.exception("the preview failed")
    preview = _current
    if preview is None:
        return None
    changing = time.monotonic() - preview.changed_s < _BUSY_AFTER_CHANGE_S
    return BUSY_S if preview.asked is not None or changing else IDLE_S


@persistent
def _on_change(scene: Any, *_arguments: Any) -> None:
    changed(scene)


def _handlers() -> tuple[list[Any], ...]:
    return bpy.app.handlers.frame_change_post, bpy.app.handlers.depsgraph_update_post


def register() -> None:
    """Follow what happens in Blender's window; in background only what ``start`` asks for is drawn."""
    service.watchers.append(active)  # others look after what goes with a preview
    service.leavers.append(stop)
    if not bpy.app.background:
        for handlers in _handlers():
            handlers.append(_on_change)


def unregister() -> None:
    """Show no preview any more."""
    stop()
    service.watchers.remove(active)
    service.leavers.remove(stop)
    for handlers in _handlers():
        if _on_change in handlers:
            handlers.remove(_on_change)
    if bpy.app.timers.is_registered(_beat):
        bpy.app.timers.unregister(_beat)
