# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One frame from the worker, drawn over the strip in the Preview."""

from typing import Any

import bpy

from ..blender_talkinghead import consent, properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.preview import overlay, preview
from ..inference.errors import TalkingHeadError
from . import base

_SMALLEST_PX, _LARGEST_PX = 256, 2048


class TALKINGHEAD_OT_preview_frame(bpy.types.Operator):
    """Show the current frame over the strip in the Preview, and refresh it shortly after each change of a slider"""

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
            preview.start(source.id_data, source, _size_px(context))
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


def _size_px(context: Any) -> int:
    """Longest side of the strip as it is shown now, so that no pixel is computed that is not seen."""
    pair = overlay.active_pair(context)
    if pair is None:
        return preview.DEFAULT_SIZE_PX
    scene, strip, source = pair
    longest = 0.0
    for region in _preview_regions(context):
        placement = overlay.placement_of(scene, strip, source, overlay.picture_size(source))
        corners = [region.view2d.view_to_region(x, y, clip=False) for x, y in placement.corners()]
        for one, other in ((0, 1), (1, 2)):
            dx, dy = corners[one][0] - corners[other][0], corners[one][1] - corners[other][1]
            longest = max(longest, (dx * dx + dy * dy) ** 0.5)
    return int(min(max(longest, _SMALLEST_PX), _LARGEST_PX)) if longest else preview.DEFAULT_SIZE_PX


def _preview_regions(context: Any) -> list[Any]:
    if bpy.app.background or context.window is None:
        return []
    areas = [area for area in context.window.screen.areas if area.type == "SEQUENCE_EDITOR"]
    return [
        region
        for area in areas
        if area.spaces.active.view_type in {"PREVIEW", "SEQUENCER_PREVIEW"}
        for region in area.regions
        if region.type == "PREVIEW"
    ]


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_preview_frame, TALKINGHEAD_OT_stop_preview))
