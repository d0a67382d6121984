# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue: canceling, order, trying again, holding it; and watching what runs in the status bar."""

from typing import Any

import bpy
from bpy.props import EnumProperty, IntProperty

from ..blender_talkinghead.jobs import job_steps, queue_list, render_queue, service
from ..blender_talkinghead.jobs.queue import Entry, EntryState, Move
from ..blender_talkinghead.strips import folders
from ..inference.errors import TalkingHeadError
from . import base

_ENDED, _LAST_SESSION = "ENDED", "LAST_SESSION"
# Entries that ended since the last watcher told of one.
_untold: list[Entry] = []


class TALKINGHEAD_OT_cancel(bpy.types.Operator):
    """Stop the running job; finished frames are kept"""

    bl_idname = "talkinghead.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _nothing_runs)

    def execute(self, context: Any) -> set[str]:
        service.runner.cancel()
        return {"FINISHED"}


class TALKINGHEAD_OT_watch_job(bpy.types.Operator):
    """Show the progress of the running job in the status bar, and let ESC cancel it"""

    # The job is driven by the timer: this operator may end, as when another file is opened, without harm to it.
    bl_idname = "talkinghead.watch_job"
    bl_label = "Watch Job"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _nothing_runs)

    def invoke(self, context: Any, event: Any) -> set[str]:
        _untold.clear()
        window_manager = context.window_manager
        self._timer = window_manager.event_timer_add(0.25, window=context.window)
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        if _untold or not service.runner.running:
            return self._hand_over(context)
        if event.type == "ESC" and event.value == "PRESS":
            service.runner.cancel()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            context.workspace.status_text_set(status_text())
        return {"PASS_THROUGH"}

    def cancel(self, context: Any) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _hand_over(self, context: Any) -> set[str]:
        """Tell how jobs ended, which Blender shows once this operator ends; another one watches the next job."""
        self.cancel(context)
        told = [entry.job for entry in _untold] or [service.runner.state]
        _untold.clear()
        if service.runner.running:
            bpy.ops.talkinghead.watch_job("INVOKE_DEFAULT")  # type: ignore[attr-defined]
        ends = [base.report_state(self, state) for state in told]
        return ends[-1]


def status_text() -> str:
    """What the status bar says of the running job."""
    state, more = service.runner.state, service.queue.waiting
    parts = [f"Talking Head: {state.line}" if state else "Talking Head"]
    if more:
        parts.append(f"{more} more waiting")
    parts.append("Canceling" if service.runner.cancelling else "ESC: Cancel")
    return "    ".join(parts)


class _EntryOperator:
    """An operator on the selected entry of the queue, or on the one that is named."""

    report: Any  # Blender's, as of every operator

    entry: IntProperty(
        name="Entry", description="Number of the job, 0 for the selected one", options={"HIDDEN", "SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _queue_is_empty)

    def execute(self, context: Any) -> set[str]:
        entry = service.queue.find(self.entry) if self.entry else queue_list.selected()
        if entry is None:
            self.report({"ERROR"}, "This job is no longer in the queue.")
            return {"CANCELLED"}
        problem = self.work(entry)
        if problem:
            self.report({"ERROR"}, problem)
            return {"CANCELLED"}
        service.redraw()
        return {"FINISHED"}

    def work(self, entry: Entry) -> str:
        """Do it; why it cannot be done, or ""."""
        raise NotImplementedError


class TALKINGHEAD_OT_queue_move(_EntryOperator, bpy.types.Operator):
    """Change the place of a job that waits"""

    bl_idname = "talkinghead.queue_move"
    bl_label = "Move in Queue"

    where: EnumProperty(
        name="Where",
        description="New place of the job",
        items=(
            (Move.UP.value, "Up", "One place earlier"),
            (Move.DOWN.value, "Down", "One place later"),
            (Move.FRONT.value, "To Front", "Before all others that wait"),
        ),
    )

    def work(self, entry: Entry) -> str:
        if entry.state not in (EntryState.WAITING, EntryState.PAUSED):
            return "Only jobs that wait can be moved."
        service.queue.move(entry.id, Move(self.where))
        return ""


class TALKINGHEAD_OT_queue_cancel(_EntryOperator, bpy.types.Operator):
    """Cancel a job that runs or waits; finished frames are kept"""

    bl_idname = "talkinghead.queue_cancel"
    bl_label = "Cancel Job"

    def work(self, entry: Entry) -> str:
        return "" if service.cancel(entry.id) else "This job has ended already."


class TALKINGHEAD_OT_queue_retry(_EntryOperator, bpy.types.Operator):
    """Queue a job again that failed or was canceled; frames that are there already are not computed again"""

    bl_idname = "talkinghead.queue_retry"
    bl_label = "Try Again"

    def work(self, entry: Entry) -> str:
        again = service.retry(entry.id)
        if again is None:
            return "Only jobs that failed or were canceled can be tried again."
        queue_list.select(again.id)
        _go_on()
        return ""


class TALKINGHEAD_OT_queue_remove(_EntryOperator, bpy.types.Operator):
    """Take a job off the list, also one that waits; finished frames are kept"""

    bl_idname = "talkinghead.queue_remove"
    bl_label = "Remove from Queue"

    def work(self, entry: Entry) -> str:
        return "" if service.queue.remove(entry.id) else "This job runs. Cancel it first."


class TALKINGHEAD_OT_queue_reveal(_EntryOperator, bpy.types.Operator):
    """Open the folder of a job's frames in the file manager"""

    bl_idname = "talkinghead.queue_reveal"
    bl_label = "Show Job Folder"

    def work(self, entry: Entry) -> str:
        if entry.order is None:
            return "This job makes no frames."
        try:
            strip = job_steps.find_strip(render_queue.target_of(entry.order))
        except TalkingHeadError as error:
            return str(error)
        folder = folders.absolute(strip.th_folder) if strip.th_folder else None
        if folder is None or not folder.is_dir():
            return "There is no frames folder yet. Render frames first."
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(folder))
        self.report({"INFO"}, str(folder))
        return ""


class TALKINGHEAD_OT_queue_clear(bpy.types.Operator):
    """Take jobs off the list; finished frames are kept"""

    bl_idname = "talkinghead.queue_clear"
    bl_label = "Clear Queue"

    which: EnumProperty(
        name="Which",
        description="Jobs that are taken off",
        items=(
            (_ENDED, "Ended", "Jobs that are done, failed or were canceled"),
            (_LAST_SESSION, "Last Session", "Jobs that were left unfinished when the file was closed"),
        ),
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _queue_is_empty)

    def execute(self, context: Any) -> set[str]:
        queue = service.queue
        count = queue.clear_ended() if self.which == _ENDED else queue.clear_last_session()
        service.redraw()
        return {"FINISHED"} if count else {"CANCELLED"}


class TALKINGHEAD_OT_queue_pause(bpy.types.Operator):
    """Begin none of the jobs that wait; the running one goes on to its end"""

    bl_idname = "talkinghead.queue_pause"
    bl_label = "Pause"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, lambda context: "" if service.queue.waiting else "No job waits")

    def execute(self, context: Any) -> set[str]:
        service.queue.pause()
        service.redraw()
        return {"FINISHED"}


class TALKINGHEAD_OT_queue_continue(bpy.types.Operator):
    """Go on with the jobs that are paused, those of the last session included"""

    bl_idname = "talkinghead.queue_continue"
    bl_label = "Continue"

    @classmethod
    def poll(cls, context: Any) -> bool:
        paused = any(entry.state is EntryState.PAUSED for entry in service.queue.pending)
        return base.allow(cls, context, lambda context: "" if paused else "No job is paused")

    def execute(self, context: Any) -> set[str]:
        service.proceed()
        _go_on()
        return {"FINISHED"}


class TALKINGHEAD_MT_queue(bpy.types.Menu):
    """What can be done with the jobs of the queue"""

    bl_idname = "TALKINGHEAD_MT_queue"
    bl_label = "Queue"

    def draw(self, context: Any) -> None:
        layout = self.layout
        layout.operator("talkinghead.queue_move", text="Move to Front", icon="TRIA_UP_BAR").where = "FRONT"
        layout.operator("talkinghead.queue_move", text="Move Up", icon="TRIA_UP").where = "UP"
        layout.operator("talkinghead.queue_move", text="Move Down", icon="TRIA_DOWN").where = "DOWN"
        layout.separator()
        layout.operator("talkinghead.queue_cancel", icon="X")
        layout.operator("talkinghead.queue_retry", icon="FILE_REFRESH")
        layout.operator("talkinghead.queue_remove", icon="REMOVE")
        layout.operator("talkinghead.queue_reveal", icon="FILE_FOLDER")
        layout.separator()
        layout.operator("talkinghead.queue_pause", icon="PAUSE")
        layout.operator("talkinghead.queue_continue", icon="PLAY")
        layout.operator("talkinghead.queue_clear", text="Clear Ended Jobs", icon="TRASH").which = _ENDED
        layout.operator("talkinghead.queue_clear", text="Clear Jobs of Last Session").which = _LAST_SESSION


def _go_on() -> None:
    if not bpy.app.background and service.runner.running:
        base.watch()


def _nothing_runs(context: Any) -> str:
    return "" if service.runner.running else "No Talking Head job runs"


def _queue_is_empty(context: Any) -> str:
    return "" if service.queue.entries else "The queue is empty"


def _note_end(entry: Entry) -> None:
    if entry.started_s is not None:
        _untold.append(entry)


_register, _unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_cancel,
        TALKINGHEAD_OT_watch_job,
        TALKINGHEAD_OT_queue_move,
        TALKINGHEAD_OT_queue_cancel,
        TALKINGHEAD_OT_queue_retry,
        TALKINGHEAD_OT_queue_remove,
        TALKINGHEAD_OT_queue_reveal,
        TALKINGHEAD_OT_queue_clear,
        TALKINGHEAD_OT_queue_pause,
        TALKINGHEAD_OT_queue_continue,
        TALKINGHEAD_MT_queue,
    )
)


def register() -> None:
    """Register the operators and the menu; learn how jobs end."""
    _register()
    service.queue.end_listeners.append(_note_end)


def unregister() -> None:
    """Take all of that away again."""
    service.queue.end_listeners.remove(_note_end)
    _untold.clear()
    _unregister()
