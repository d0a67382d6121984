# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendering frames, and canceling whatever runs."""

from typing import Any

import bpy

from ..blender_talkinghead import jobs, service
from ..blender_talkinghead.runner import JobMaker
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


def _nothing_runs(context: Any) -> str:
    return "" if service.runner.running else "No Talking Head job runs"


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_render_frames, TALKINGHEAD_OT_cancel))
