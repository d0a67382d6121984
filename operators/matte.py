# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result's alpha as a strip of its own."""

from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import jobs, matte_jobs
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.strips import lookup
from . import base


class TALKINGHEAD_OT_add_matte(base.JobOperator, bpy.types.Operator):
    """Add the alpha of the rendered frames as a muted strip of gray pictures, for the Mask of a modifier"""

    bl_idname = "talkinghead.add_matte"
    bl_label = "Add Matte Strip"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(
            cls, context, base.blender_renders, base.no_source, _no_result, base.queued(jobs.RENDER_TITLE)
        )

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        return matte_jobs.TITLE, lambda control: matte_jobs.add_matte(target, control)


def _no_result(context: Any) -> str:
    return "" if lookup.results_of(properties.source_of_active(context)) else "Render the frames first"


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_add_matte,))
