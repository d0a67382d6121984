# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue as Blender's lists want it: a collection of the window manager, which undo and drawing leave alone."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import CollectionProperty, IntProperty, StringProperty

from . import service
from .queue import Entry


class TalkingHeadQueueItem(bpy.types.PropertyGroup):
    """A row of the list: which entry it shows."""

    name: StringProperty(name="Name", description="Strip or job, by which the list can be searched")
    entry_id: IntProperty(name="Entry", description="Number of the entry in the queue")


def selected() -> Entry | None:
    """The entry of the selected row; without one the first entry."""
    window_manager = bpy.context.window_manager
    rows, index = window_manager.th_queue, window_manager.th_queue_index
    entry = service.queue.find(rows[index].entry_id) if 0 <= index < len(rows) else None
    return entry or next(iter(service.queue.entries), None)


def select(entry_id: int) -> None:
    """Select the row of an entry."""
    window_manager = bpy.context.window_manager
    for index, row in enumerate(window_manager.th_queue):
        if row.entry_id == entry_id:
            window_manager.th_queue_index = index


def sync() -> None:
    """Bring the rows up to date; the selected entry stays selected. Not while drawing."""
    window_manager = bpy.context.window_manager
    rows, index = window_manager.th_queue, window_manager.th_queue_index
    chosen = rows[index].entry_id if 0 <= index < len(rows) else 0
    rows.clear()
    for entry in service.queue.entries:
        row = rows.add()
        row.name, row.entry_id = entry.strip or entry.title, entry.id
    window_manager.th_queue_index = max(0, min(index, len(rows) - 1))
    select(chosen)
    service.redraw()


def register() -> None:
    """Add the collection to the window manager and follow the queue."""
    bpy.utils.register_class(TalkingHeadQueueItem)
    manager: Any = bpy.types.WindowManager
    manager.th_queue = CollectionProperty(
        type=TalkingHeadQueueItem, name="Queue", description="Jobs that run, wait or have ended"
    )
    manager.th_queue_index = IntProperty(name="Entry", description="The selected job", min=0)
    service.queue.listeners.append(sync)


def unregister() -> None:
    """Take it away again."""
    service.queue.listeners.remove(sync)
    manager: Any = bpy.types.WindowManager
    del manager.th_queue_index, manager.th_queue
    bpy.utils.unregister_class(TalkingHeadQueueItem)
