# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the worker free its memory: when Blender begins to render, which wants the graphics card, and on request."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...inference.errors import ErrorCode, TalkingHeadError
from . import worker
from .device_info import labels

PATIENCE_S = 3.0
_own_renders = 0


@contextmanager
def own_render() -> Iterator[None]:
    """While Blender renders a source for a preview or a job of this add-on, which needs the engine right after."""
    global _own_renders
    _own_renders += 1
    try:
        yield
    finally:
        _own_renders -= 1


def own_renders() -> bool:
    """Whether it is this add-on that has Blender render."""
    return _own_renders > 0


def before_render() -> bool:
    """Ask the worker to free engines that take much memory; whether there was one to ask.

    Safe in any thread and without waiting: Blender renders in a thread of its own. Not while a job of this add-on runs,
    which uses them, nor when it is this add-on that has Blender render.
    """
    from ..jobs import service

    client = worker.running_client()
    if client is None or service.runner.running or _own_renders:
        return False
    client.notify("unload", {"large": True})
    return True


def free() -> str:
    """Have the worker free all it holds; the labels of the engines that were loaded, "" for none.

    Raises:
        TalkingHeadError: INVALID_REQUEST while it is busy; what the worker answered.
    """
    client = worker.running_client()
    if client is None:
        return ""
    request = client.submit("unload")
    deadline = time.monotonic() + PATIENCE_S
    while request.open and time.monotonic() < deadline:
        client.pump(0.05)
    if request.open:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "The worker is busy.", "It frees its memory as soon as it is done."
        )
    return labels(request.result().fields.get("engines"))


@persistent
def _on_render(*_arguments: Any) -> None:
    before_render()


def register() -> None:
    """Watch for renders."""
    if _on_render not in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.append(_on_render)


def unregister() -> None:
    """No longer watch for renders."""
    if _on_render in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.remove(_on_render)
