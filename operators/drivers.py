# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading drivers, and the neutral picture of an actor."""

from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..blender_talkinghead.drivers import driver_jobs, driver_strips, drivers
from ..blender_talkinghead.drivers.driver_strips import Part
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..inference.acting import AUTOMATIC
from ..inference.errors import TalkingHeadError
from . import base


class TALKINGHEAD_OT_read_drivers(base.JobOperator, bpy.types.Operator):
    """Watch the acting or listen to the speech that drives the strip, and tell what was found"""

    bl_idname = "talkinghead.read_drivers"
    bl_label = "Read Driver"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        queued = base.queued(driver_jobs.READ_TITLE)
        return base.allow(cls, context, base.blender_renders, base.no_source, _no_driver, queued)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        return driver_jobs.READ_TITLE, lambda control: driver_jobs.read(target, control)


class TALKINGHEAD_OT_neutral_here(bpy.types.Operator):
    """Take the driver's picture at this frame for the actor's face at rest, from which all motion is measured"""

    bl_idname = "talkinghead.neutral_here"
    bl_label = "Use This Frame as Neutral"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source, _no_acting)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            source.th_acting_neutral = drivers.acting_picture(source.id_data, source, source.id_data.frame_current)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        return {"FINISHED"}


class TALKINGHEAD_OT_neutral_automatic(bpy.types.Operator):
    """Let the neutral picture of the driver be found again"""

    bl_idname = "talkinghead.neutral_automatic"
    bl_label = "Find Neutral"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source, _found_already)

    def execute(self, context: Any) -> set[str]:
        properties.source_of_active(context).th_acting_neutral = AUTOMATIC
        service.redraw()
        return {"FINISHED"}


def _no_driver(context: Any) -> str:
    return "" if drivers.driven(properties.source_of_active(context)) else "Switch Acting or Speech on first"


def _no_acting(context: Any) -> str:
    source = properties.source_of_active(context)
    return "" if driver_strips.is_on(source, Part.ACTING) else "Switch Acting on first"


def _found_already(context: Any) -> str:
    automatic = properties.source_of_active(context).th_acting_neutral == AUTOMATIC
    return "It is found automatically already" if automatic else ""


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_read_drivers, TALKINGHEAD_OT_neutral_here, TALKINGHEAD_OT_neutral_automatic)
)
