# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has results follow their sources (``strips.follow``) after each edit, undo and redo.

Blender's handlers of edits only note that something has changed, because some are called in the middle of an operator,
where a changed strip can crash Blender. A timer does the rest: not while Blender renders, and not before a strip that
is being dragged has been let go. In background, where timers do not run, results follow when a file is opened, before
it is saved, before Blender renders and before a job of this add-on.

What follows is no undo step of its own: undo goes back to the state before the edit, in which both fitted, and after
redo the result follows again, because what it remembers was undone and redone with it.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..strips import follow
from . import service

_LOGGER = logging.getLogger(__name__)
_BEAT_S = 0.05
# Some of Blender's edits, such as cutting and slipping, are told to no handler.
_LOOK_S = 0.5
_EDITING = ("TRANSFORM_OT_", "SEQUENCER_OT_")


@dataclass
class _Noted:
    """What has happened since results last followed, and what was the last operator then."""

    strips: bool = True
    curves: bool = True
    operator: tuple[int, int] = (0, 0)
    next_look_s: float = 0.0


_noted = _Noted()


def beat() -> float:
    """What the timer does: have results follow if something changed and nobody is in the middle of it."""
    operator, now_s = _last_operator(), time.monotonic()
    if operator != _noted.operator or now_s > _noted.next_look_s:
        _noted.strips, _noted.operator, _noted.next_look_s = True, operator, now_s + _LOOK_S
    if (_noted.strips or _noted.curves) and not (service.blender_renders() or _dragging()):
        _follow()
    return _BEAT_S


def _follow() -> None:
    curves, _noted.strips, _noted.curves = _noted.curves, False, False
    try:
        if follow.sync_all(curves=curves):
            service.redraw()
    except Exception:  # Blender drops a timer that raises; the user's edit is done anyway
        _LOGGER.exception("results could not follow their sources")


def _last_operator() -> tuple[int, int]:
    """Another value after each operator that can be undone."""
    operators = bpy.context.window_manager.operators
    return len(operators), operators[-1].as_pointer() if operators else 0


def _dragging() -> bool:
    """Whether a modal operator edits strips right now."""
    return any(
        operator.bl_idname.startswith(_EDITING)
        for window in bpy.context.window_manager.windows
        for operator in window.modal_operators
    )


@persistent
def _on_change(_scene: Any = None, depsgraph: Any = None) -> None:
    _noted.strips = True
    _noted.curves = _noted.curves or depsgraph is None or depsgraph.id_type_updated("ACTION")


@persistent
def _on_other_state(*_arguments: Any) -> None:
    follow.forget()
    _noted.strips = _noted.curves = True


@persistent
def _before_use(*_arguments: Any) -> None:
    """Results are about to be rendered or saved, or were just opened."""
    # Renders of the window have a thread of their own, in which nothing may be changed.
    if threading.current_thread() is threading.main_thread() and not service.blender_renders():
        _noted.curves = True
        _follow()


_HANDLERS = (
    ("depsgraph_update_post", _on_change), ("undo_post", _on_other_state), ("redo_post", _on_other_state),
    ("load_post", _on_other_state), ("load_post", _before_use), ("save_pre", _before_use), ("render_init", _before_use),
)  # fmt: skip


def register() -> None:
    """Watch edits."""
    _noted.strips = _noted.curves = True
    for name, handler in _HANDLERS:
        if handler not in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).append(handler)
    if not bpy.app.background and not bpy.app.timers.is_registered(beat):
        bpy.app.timers.register(beat, first_interval=_BEAT_S, persistent=True)


def unregister() -> None:
    """No longer watch."""
    if bpy.app.timers.is_registered(beat):
        bpy.app.timers.unregister(beat)
    for name, handler in _HANDLERS:
        if handler in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).remove(handler)
    follow.forget()
