# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points that say which person is replaced: placed by clicks in the Preview."""

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatVectorProperty

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.preview import mask_marks
from ..blender_talkinghead.preview.placement import Placement, Point
from ..blender_talkinghead.strips import mask_points
from ..inference.engines.wananimate.mask_points import MaskPoint
from . import base
from .picking import PickInPreview, reach, shown_picture

_KEYS = "Click: of the person    Ctrl Click: not    Drag: Move    X: Remove    Enter: Done    ESC: Cancel"


class TALKINGHEAD_OT_place_mask_points(PickInPreview, bpy.types.Operator):
    """Click the person who is replaced in the Preview, with Ctrl what is not of the person; also in several frames"""

    bl_idname = "talkinghead.place_mask_points"
    bl_label = "Place Mask Points"
    bl_options = {"UNDO"}  # without "Adjust Last Operation", which would take all points for a single one

    position: FloatVectorProperty(
        name="Position",
        description="Parts of the picture's width and height from its top left corner",
        size=2,
        min=0.0,
        max=1.0,
        default=(0.5, 0.5),
    )
    belongs: BoolProperty(name="Person", description="The point is of the person who is replaced", default=True)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source, _no_points_used)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        source = properties.source_of_active(context)
        self.before = mask_points.text_of(source)
        self.frame: int | None = None
        begun = self.begin(context, source)
        self._look(source)
        context.workspace.status_text_set(f"Talking Head: {_KEYS}")
        return begun

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        x, y = self.position
        mask_points.add(source, MaskPoint(shown_picture(source), x, y, self.belongs))
        service.redraw()
        return {"FINISHED"}

    def modal(self, context: Any, event: Any) -> set[str]:
        placed = self.placed(context)
        if placed is None or mask_points.setting_of(placed[0]) is None:
            return self.end(context, {"FINISHED"})  # what was placed so far stays, as a step that can be undone
        source, placement = placed
        answer = self.answer_of(event)
        if answer is not None:
            if answer == {"CANCELLED"}:
                mask_points.put_back(source, self.before)
            return self.end(context, answer)
        self._look(source)
        return self._edit(context, event, source, placement)

    def _look(self, source: Any) -> None:
        """Note which picture is shown, once for each frame."""
        if self.frame != source.id_data.frame_current or mask_marks.picture_of(source) is None:
            self.frame = source.id_data.frame_current
            mask_marks.begin(source, shown_picture(source))
            service.redraw()

    def _edit(self, context: Any, event: Any, source: Any, placement: Placement) -> set[str]:
        if event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self.dragged = None
            return {"PASS_THROUGH"}
        hit, picture = self.find_preview(context, event), mask_marks.picture_of(source)
        if hit is None or picture is None:
            return {"PASS_THROUGH"}
        region, mouse = hit
        view = region.view2d.region_to_view(*mouse)
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            self.dragged = _nearest(source, placement, view, reach(region))
            if self.dragged is None:
                x, y = placement.to_picture(view)
                if not (0 <= x <= 1 and 0 <= y <= 1):
                    return {"PASS_THROUGH"}
                mask_points.add(source, MaskPoint(picture, x, y, not event.ctrl))
        elif event.type == "MOUSEMOVE" and self.dragged is not None:
            mask_points.move(source, self.dragged, *placement.to_picture(view))
        elif event.type in {"X", "DEL"} and event.value == "PRESS":
            _remove_at(source, placement, view, reach(region))
        else:
            return {"PASS_THROUGH"}
        service.redraw()
        return {"RUNNING_MODAL"}


class TALKINGHEAD_OT_clear_mask_points(bpy.types.Operator):
    """Let the person who is replaced be found again instead of using the placed points"""

    bl_idname = "talkinghead.clear_mask_points"
    bl_label = "Clear Mask Points"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source, _no_points_used, _no_points)

    def execute(self, context: Any) -> set[str]:
        mask_points.clear(properties.source_of_active(context))
        service.redraw()
        return {"FINISHED"}


def _nearest(source: Any, placement: Placement, view: Point, reach_view: float) -> int | None:
    """Number of the point of the shown picture that is nearest to view coordinates; None where none is in reach."""
    shown, best = mask_marks.picture_of(source), None
    closest = reach_view * reach_view
    for index, point in enumerate(mask_points.of(source)):
        x, y = placement.to_view((point.x, point.y))
        distance = (x - view[0]) ** 2 + (y - view[1]) ** 2
        if point.picture == shown and distance <= closest:
            best, closest = index, distance
    return best


def _remove_at(source: Any, placement: Placement, view: Point, reach_view: float) -> None:
    index = _nearest(source, placement, view, reach_view)
    if index is not None:
        mask_points.remove(source, index)


def _no_points_used(context: Any) -> str:
    if mask_points.setting_of(properties.source_of_active(context)) is not None:
        return ""
    return "Points are used where a person in a shot is replaced, with a mask from SAM 2"


def _no_points(context: Any) -> str:
    source = properties.source_of_active(context)
    return "" if mask_points.text_of(source) else "No points were placed"


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_place_mask_points, TALKINGHEAD_OT_clear_mask_points)
)
