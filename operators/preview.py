# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live preview, drawn over the strip in the Preview: on and off."""

from typing import Any

import bpy

from ..blender_talkinghead import consent, properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.preview import preview, view_size
from ..inference.errors import TalkingHeadError
from . import base


class TALKINGHEAD_OT_preview_frame(bpy.types.Operator):
    """Show the face as the sliders want it over the strip in the Preview, and follow every change"""

    bl_idname = "talkinghead.preview_frame"
    bl_label = "Preview Frame"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if not bpy.app.background and not consent.given():
            return base.ask_for_consent(self)
        return self.execute(context)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            preview.start(source.id_data, source, view_size.size_px() or preview.DEFAULT_SIZE_PX)
            if bpy.app.background:
                preview.wait()
        except TalkingHeadError as error:
            preview.stop()
            return base.report_error(self, error)
        service.redraw()
        return {"FINISHED"}


class TALKINGHEAD_OT_stop_preview(bpy.types.Operator):
    """Show the strips as they are again"""

    bl_idname = "talkinghead.stop_preview"
    bl_label = "Stop Preview"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, lambda context: "" if preview.active() else "No preview is shown")

    def execute(self, context: Any) -> set[str]:
        preview.stop()
        service.redraw()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_preview_frame, TALKINGHEAD_OT_stop_preview))
