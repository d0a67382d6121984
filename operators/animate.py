# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a strip a source, and the consent that comes before it."""

from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ..blender_talkinghead import consent
from ..blender_talkinghead.jobs import jobs
from ..blender_talkinghead.jobs.runner import JobMaker
from . import base


class TALKINGHEAD_OT_animate_portrait(base.JobOperator, bpy.types.Operator):
    """Find the face of the active strip and insert a result strip above it, which its sliders then move"""

    bl_idname = "talkinghead.animate_portrait"
    bl_label = "Animate Portrait"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_strip, base.queued(jobs.ANIMATE_TITLE))

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        whole = jobs.Target(target.scene, target.strip, "STRIP")
        return jobs.ANIMATE_TITLE, lambda control: jobs.animate(whole, control)


class TALKINGHEAD_OT_give_consent(bpy.types.Operator):
    """Confirm once that you have the right to animate the people in your pictures"""

    bl_idname = "talkinghead.give_consent"
    bl_label = "Animate People"
    bl_options = {"INTERNAL"}

    agree: BoolProperty(name=consent.ANSWER, description="Without this nothing is animated")
    then: StringProperty(description="Operator that goes on afterwards", options={"HIDDEN", "SKIP_SAVE"})
    options: StringProperty(description="What it was asked for", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, lambda context: "Consent was given already" if consent.given() else "")

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.agree = False
        return context.window_manager.invoke_props_dialog(self, width=460)

    def draw(self, context: Any) -> None:
        column = self.layout.column(align=True)
        for line in consent.QUESTION:
            column.label(text=line)
        self.layout.prop(self, "agree")

    def execute(self, context: Any) -> set[str]:
        if not self.agree:
            self.report({"WARNING"}, "Nothing is animated without it")
            return {"CANCELLED"}
        consent.give()
        if self.then and not bpy.app.background:
            base.go_on(self.then, self.options)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_animate_portrait, TALKINGHEAD_OT_give_consent)
)
