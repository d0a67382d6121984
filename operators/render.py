# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendering frames, and canceling whatever runs."""

from typing import Any

import bpy

from ..blender_talkinghead.jobs import jobs, service
from ..blender_talkinghead.jobs.runner import JobMaker
from . import base


class TALKINGHEAD_OT_render_frames(base.JobOperator, bpy.types.Operator):
    """Compute the frames of the active strip that changed and show them in its result strip"""

    bl_idname = "talkinghead.render_frames"
    bl_label = "Render Frames"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs, base.blender_renders, base.no_source)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        return jobs.RENDER_TITLE, lambda control: jobs.render(target, control)


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
        window_manager = context.window_manager
        self._timer = window_manager.event_timer_add(0.25, window=context.window)
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        state = service.runner.state
        if not service.runner.running or state is None:
            self.cancel(context)
            return base.report_state(self, state)
        if event.type == "ESC" and event.value == "PRESS":
            service.runner.cancel()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            ending = "Canceling" if service.runner.cancelling else "ESC: Cancel"
            context.workspace.status_text_set(f"Talking Head: {state.line}    {ending}")
        return {"PASS_THROUGH"}

    def cancel(self, context: Any) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)


def _nothing_runs(context: Any) -> str:
    return "" if service.runner.running else "No Talking Head job runs"


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_render_frames, TALKINGHEAD_OT_cancel, TALKINGHEAD_OT_watch_job)
)
