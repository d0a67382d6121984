# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that run, wait and have ended. A single job takes no list."""

from typing import Any

import bpy

from ..blender_talkinghead import fixes
from ..blender_talkinghead.jobs import queue_keeper, queue_list, render_queue, service
from ..blender_talkinghead.jobs.queue import Entry, EntryState
from ..blender_talkinghead.jobs.runner import JobState, Phase, duration_text
from ..blender_talkinghead.worker import setup_job, worker
from ..blender_talkinghead.worker.environment import State
from ..inference.engines import ENGINES
from .sidebar import Child, order_of

_ICONS = {
    EntryState.WAITING: "SORTTIME",
    EntryState.PAUSED: "PAUSE",
    EntryState.RUNNING: "PLAY",
    EntryState.DONE: "CHECKMARK",
    EntryState.FAILED: "ERROR",
    EntryState.CANCELLED: "X",
}
_WORDS = {
    EntryState.WAITING: "Waiting",
    EntryState.PAUSED: "Paused",
    EntryState.DONE: "Done",
    EntryState.FAILED: "Failed",
    EntryState.CANCELLED: "Canceled",
}


class TALKINGHEAD_UL_queue(bpy.types.UIList):
    """Jobs, one a row: how far it is, what it works on, the engine"""

    bl_idname = "TALKINGHEAD_UL_queue"

    def draw_item(
        self, context: Any, layout: Any, data: Any, item: Any, icon: Any, active_data: Any, active: str | None
    ) -> None:
        entry = service.queue.find(item.entry_id)
        if entry is None:
            return
        name = layout.split(factor=0.4)
        name.label(text=item.name, icon=_ICONS[entry.state])
        rest = name.split(factor=0.62)
        rest.label(text=_what(entry))
        rest.label(text=_how_far(entry))


class TALKINGHEAD_PT_queue(Child, bpy.types.Panel):
    bl_idname = "TALKINGHEAD_PT_queue"
    bl_label = "Queue"
    bl_order = order_of(bl_label)

    @classmethod
    def poll(cls, context: Any) -> bool:
        state = service.runner.state
        in_box = state is not None and state.title == setup_job.TITLE and worker.state() is not State.READY
        return bool(service.queue.entries) or (state is not None and not in_box)

    def draw(self, context: Any) -> None:
        layout, queue = self.layout, service.queue
        if left := len(queue.from_last_session):
            _draw_last_session(layout, left)
        if queue_keeper.problem():
            fixes.draw_note(layout, queue_keeper.problem(), "ERROR")
        if queue.pending or len(queue.entries) > 1:
            _draw_list(layout, context.window_manager)
            _draw_running(layout)
            _draw_selected(layout, queue_list.selected())
        elif service.runner.running:
            layout.label(text=service.runner.state.title if service.runner.state else "")
            _draw_running(layout)
        elif service.runner.state:
            _draw_end(layout, service.runner.state)


def _draw_last_session(layout: Any, count: int) -> None:
    column = layout.column()
    jobs = "1 job" if count == 1 else f"{count} jobs"
    fixes.draw_note(column, f"{jobs} from the last session. Finished frames are kept.")
    row = column.row(align=True)
    row.operator("talkinghead.queue_continue", icon="PLAY")
    row.operator("talkinghead.queue_clear", text="Clear", icon="TRASH").which = "LAST_SESSION"


def _draw_list(layout: Any, window_manager: Any) -> None:
    row = layout.row()
    rows = min(max(len(window_manager.th_queue), 4), 8)
    row.template_list(
        TALKINGHEAD_UL_queue.bl_idname, "", window_manager, "th_queue", window_manager, "th_queue_index", rows=rows
    )
    buttons = row.column(align=True)
    buttons.operator("talkinghead.queue_remove", text="", icon="REMOVE")
    buttons.separator()
    buttons.menu("TALKINGHEAD_MT_queue", text="", icon="DOWNARROW_HLT")
    buttons.separator()
    buttons.operator("talkinghead.queue_move", text="", icon="TRIA_UP").where = "UP"
    buttons.operator("talkinghead.queue_move", text="", icon="TRIA_DOWN").where = "DOWN"
    _draw_rest(layout)


def _draw_rest(layout: Any) -> None:
    """How much is to come, and the button that holds it or lets it go on."""
    queue = service.queue
    row = layout.row()
    if queue.waiting:
        seconds = render_queue.left_s()
        left = "" if seconds is None else f", {duration_text(seconds)} left at most"
        row.label(text=f"{queue.waiting} waiting{left}")
        row.operator("talkinghead.queue_pause", icon="PAUSE")
    elif queue.pending and not queue.from_last_session:
        row.label(text=f"{len(queue.pending)} paused")
        row.operator("talkinghead.queue_continue", icon="PLAY")


def _draw_running(layout: Any) -> None:
    state = service.runner.state
    if not service.runner.running or state is None:
        return
    layout.progress(text=state.line, factor=state.progress, type="BAR")
    if state.work:
        fixes.draw_note(layout, f"{state.work}.")
    layout.operator("talkinghead.cancel", text="Canceling" if service.runner.cancelling else "Cancel", icon="X")
    _draw_warnings(layout, state)


def _draw_selected(layout: Any, entry: Entry | None) -> None:
    """How the selected job ended, and what can be done about it."""
    if entry is None or entry.job is None:
        return
    _draw_end(layout, entry.job, entry.id, entry.strip)
    row = layout.row(align=True)
    if entry.can_retry:
        row.operator("talkinghead.queue_retry", icon="FILE_REFRESH").entry = entry.id
    if entry.order is not None:
        row.operator("talkinghead.queue_reveal", text="Show Folder", icon="FILE_FOLDER").entry = entry.id


def _draw_end(layout: Any, state: JobState, entry_id: int = 0, strip: str = "") -> None:
    """How a job ended. ``strip``: its name, where several jobs are shown."""
    if state.error:
        if strip:
            layout.label(text=strip)
        fixes.draw_error(layout, state.error)
        row = layout.row(align=True)
        row.operator("talkinghead.show_log")
        row.operator("talkinghead.copy_report").entry = entry_id
    else:
        icon = "CHECKMARK" if state.phase is Phase.DONE else "X"
        fixes.draw_note(layout, f"{strip or state.title}: {state.text}", icon)
    _draw_warnings(layout, state)


def _draw_warnings(layout: Any, state: JobState) -> None:
    for warning in state.warnings:
        fixes.draw_note(layout, warning, "ERROR")


def _what(entry: Entry) -> str:
    if entry.order is not None and entry.order.engine in ENGINES:
        return ENGINES[entry.order.engine].label + (", first section" if entry.order.first_section else "")
    return entry.title if entry.strip else ""


def _how_far(entry: Entry) -> str:
    if entry.state is not EntryState.RUNNING:
        return _WORDS[entry.state]
    state = service.runner.state
    return f"{state.progress:.0%}" if state else ""


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_UL_queue, TALKINGHEAD_PT_queue))
