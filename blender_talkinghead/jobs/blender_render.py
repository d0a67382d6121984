# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether Blender renders a frame right now, in whatever thread: between its handlers before and after a frame.

``is_job_running`` knows renders of the window alone. In background, and where a script renders, handlers of other
events run in the middle of a frame; and a scene strip's render begins and ends inside the frame of another scene.
"""

from typing import Any

import bpy
from bpy.app.handlers import persistent

# Names of the scenes whose frames are being rendered, the outermost first.
_scenes: list[str] = []
_BEGIN, _END = ("render_pre",), ("render_post", "render_complete", "render_cancel")


def frame_in_progress() -> bool:
    """Whether Blender is in the middle of a frame."""
    return bool(_scenes)


def in_progress() -> bool:
    """Whether Blender renders, so that no strip may be changed."""
    return frame_in_progress() or bpy.app.is_job_running("RENDER")


@persistent
def _begin(scene: Any, *_arguments: Any) -> None:
    _scenes.append(scene.name)


@persistent
def _end(scene: Any, *_arguments: Any) -> None:
    # A frame that was canceled has no end of its own: the render's end takes its place.
    if scene.name in _scenes:
        del _scenes[len(_scenes) - 1 - _scenes[::-1].index(scene.name) :]


@persistent
def _forget(*_arguments: Any) -> None:
    _scenes.clear()


def register() -> None:
    """Watch frames being rendered."""
    for name, handler in _handlers():
        if handler not in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """No longer watch."""
    for name, handler in _handlers():
        if handler in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).remove(handler)
    _scenes.clear()


def _handlers() -> list[tuple[str, Any]]:
    return [*((name, _begin) for name in _BEGIN), *((name, _end) for name in _END), ("load_pre", _forget)]
