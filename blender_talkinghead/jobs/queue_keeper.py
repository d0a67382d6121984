# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps unfinished renders beside the .blend file, so that they can go on when it is opened again.

In background nothing waits in the queue, and what a user left in it is not touched.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..strips import folders
from . import jobs, queue_file, queue_list, render_queue, service

_LOGGER = logging.getLogger(__name__)


class _Kept:
    """Where the queue of the open file was written last, and why it could not be."""

    path: Path | None = None
    problem: str = ""


def place() -> Path | None:
    """The file of the open .blend file; None while that is unsaved, and in background."""
    if bpy.app.background or not bpy.data.filepath:
        return None
    return queue_file.sidecar_of(folders.absolute("//" + folders.PARENT_NAME), Path(bpy.data.filepath).name)


def problem() -> str:
    """Why the queue is not kept beside the saved file, in a sentence, or ""."""
    return _Kept.problem


def keep() -> None:
    """Write what is unfinished; under a new name of the .blend file it goes on in a new place."""
    path, orders = place(), service.queue.unfinished_orders()
    try:
        if path is not None:
            queue_file.write(path, orders)
            if _Kept.path is not None and _Kept.path != path:
                queue_file.write(_Kept.path, ())
        _Kept.path, _Kept.problem = path, ""
    except OSError as error:
        if not _Kept.problem:
            _LOGGER.warning("the queue cannot be kept in %s: %s", path, error)
        _Kept.problem = "The queue cannot be written beside the file, so it ends with Blender."


def bring_back() -> None:
    """Take up what was left unfinished when the open file was closed; it waits until the user lets it go on."""
    _Kept.path, _Kept.problem = place(), ""
    if _Kept.path is None:
        queue_list.sync()
        return
    orders = queue_file.read(_Kept.path)
    service.queue.restore((jobs.RENDER_TITLE, render_queue.maker_of(order), order) for order in orders)


@persistent
def _after_load(*_arguments: Any) -> None:
    bring_back()


@persistent
def _after_save(*_arguments: Any) -> None:
    if place() != _Kept.path:
        keep()


def _bring_back_late() -> None:
    """The add-on was enabled while a file was open."""
    if _Kept.path is None and place() is not None and not service.queue.entries:
        bring_back()


def _handlers() -> tuple[tuple[Any, Any], ...]:
    handlers = bpy.app.handlers
    # A file that cannot be read leaves the old one open.
    return (
        (handlers.load_post, _after_load),
        (handlers.load_post_fail, _after_load),
        (handlers.save_post, _after_save),
    )


def register() -> None:
    """Follow the queue and the files that are opened and saved."""
    service.queue.listeners.append(keep)
    for handlers, handler in _handlers():
        if handler not in handlers:
            handlers.append(handler)
    if not bpy.app.background:
        bpy.app.timers.register(_bring_back_late, first_interval=0.0)


def unregister() -> None:
    """No longer follow them; what is unfinished stays beside the file."""
    service.queue.listeners.remove(keep)
    for handlers, handler in _handlers():
        if handler in handlers:
            handlers.remove(handler)
    if bpy.app.timers.is_registered(_bring_back_late):
        bpy.app.timers.unregister(_bring_back_late)
    _Kept.path = None
