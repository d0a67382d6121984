# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which face is animated: found, chosen by a click, or placed by hand."""

from typing import Any

import bpy
from bpy.props import FloatVectorProperty, IntProperty

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import jobs, service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.preview import faces, overlay, rig_points
from ..blender_talkinghead.preview.placement import Placement
from . import base
from .picking import PickInPreview, reach, shown_picture


class TALKINGHEAD_OT_find_faces(base.JobOperator, bpy.types.Operator):
    """Find the faces in the picture that the strip shows now and draw them in the Preview"""

    bl_idname = "talkinghead.find_faces"
    bl_label = "Find Faces"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_strip, base.queued(jobs.FIND_TITLE))

    def job(self, context: Any) -> tuple[str, JobMaker]:
        context.window_manager.th_show_face = True
        target = base.active_target(context)
        return jobs.FIND_TITLE, lambda control: jobs.find_faces(target, control)


class TALKINGHEAD_OT_choose_face(PickInPreview, bpy.types.Operator):
    """Click the face to animate in the Preview, or give its number, 0 being the largest"""

    bl_idname = "talkinghead.choose_face"
    bl_label = "Choose Face"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Face", description="Number of the face, the largest being 0", min=0, max=99)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip, _no_faces)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        context.window_manager.th_show_face = True
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set("Talking Head: click a face in the Preview    ESC: Cancel")
        service.redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            context.workspace.status_text_set(None)
            return {"CANCELLED"}
        hit = self.find_preview(context, event) if event.type == "LEFTMOUSE" and event.value == "PRESS" else None
        placed = self.placed(context) if hit else None
        if hit is None or placed is None:
            return {"PASS_THROUGH"}
        (region, mouse), (source, placement) = hit, placed
        view = region.view2d.region_to_view(*mouse)
        analysis = faces.of(source)
        index = faces.face_at(analysis, placement.to_picture(view)) if analysis else None
        if index is None:
            return {"RUNNING_MODAL"}
        context.workspace.status_text_set(None)
        self.index = index
        return self.execute(context)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        analysis = faces.of(source)
        if self.index >= len(analysis.faces):
            self.report({"ERROR"}, f"There are {len(analysis.faces)} faces. Use a number below that.")
            return {"CANCELLED"}
        source.th_face_index = self.index
        source.th_face_picture = analysis.picture
        source.th_manual = False
        service.redraw()
        return {"FINISHED"}


class TALKINGHEAD_OT_place_points(PickInPreview, bpy.types.Operator):
    """Place the 14 points of the face by hand, for drawings and animals: drag them in the Preview, Enter to finish"""

    bl_idname = "talkinghead.place_points"
    bl_label = "Place Points"
    bl_options = {"UNDO"}  # without "Adjust Last Operation", which would place all points anew

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        source = properties.source_of_active(context)
        self.before = (source.th_manual, tuple(source.th_points), source.th_face_picture)
        self.execute(context)
        begun = self.begin(context, source)
        context.window_manager.th_show_face = True
        self._tell(context)
        return begun

    def modal(self, context: Any, event: Any) -> set[str]:
        placed = self.placed(context)
        if placed is None:
            return self.end(context, {"FINISHED"})  # what was placed so far stays, as a step that can be undone
        source, placement = placed
        answer = self.answer_of(event)
        if answer is not None:
            if answer == {"CANCELLED"}:
                source.th_manual, source.th_points, source.th_face_picture = self.before
            return self.end(context, answer)
        return self._drag(context, event, source, placement)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        rig_points.place(source, rig_points.first_points(source, overlay.picture_size(source)))
        source.th_face_picture = shown_picture(source)
        service.redraw()
        return {"FINISHED"}

    def _drag(self, context: Any, event: Any, source: Any, placement: Placement) -> set[str]:
        if event.type == "LEFTMOUSE" and event.value == "RELEASE" and self.dragged is not None:
            self.dragged = None
            self._tell(context)
            return {"RUNNING_MODAL"}
        hit = self.find_preview(context, event)
        if hit is None:
            return {"PASS_THROUGH"}
        region, mouse = hit
        view = region.view2d.region_to_view(*mouse)
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            self.dragged = rig_points.nearest(rig_points.points(source), placement, view, reach(region))
        elif event.type == "MOUSEMOVE" and self.dragged is not None:
            rig_points.move(source, self.dragged, placement.to_picture(view))
        else:
            return {"PASS_THROUGH"}
        self._tell(context)
        service.redraw()
        return {"RUNNING_MODAL"} if self.dragged is not None else {"PASS_THROUGH"}

    def _tell(self, context: Any) -> None:
        name = "" if self.dragged is None else f"    {rig_points.POINT_NAMES[self.dragged]}"
        context.workspace.status_text_set(
            f"Talking Head: drag the points in the Preview    Enter: Done    ESC: Cancel{name}"
        )


class TALKINGHEAD_OT_move_point(bpy.types.Operator):
    """Move one of the 14 placed points, in parts of the picture's width and height from its top left corner"""

    bl_idname = "talkinghead.move_point"
    bl_label = "Move Point"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Point", description="Number of the point", min=0, max=len(rig_points.POINT_NAMES) - 1)
    position: FloatVectorProperty(
        name="Position", description="Parts of the picture's width and height", size=2, min=0.0, max=1.0
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip, _no_points)

    def execute(self, context: Any) -> set[str]:
        rig_points.move(properties.source_of_active(context), self.index, tuple(self.position))
        service.redraw()
        return {"FINISHED"}


class TALKINGHEAD_OT_clear_points(bpy.types.Operator):
    """Let the face be found again instead of using the placed points"""

    bl_idname = "talkinghead.clear_points"
    bl_label = "Clear Points"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip, _no_points)

    def execute(self, context: Any) -> set[str]:
        rig_points.clear(properties.source_of_active(context))
        service.redraw()
        return {"FINISHED"}


def _no_faces(context: Any) -> str:
    analysis = faces.of(properties.source_of_active(context))
    return "" if analysis and analysis.faces else "Find the faces first"


def _no_points(context: Any) -> str:
    return "" if properties.source_of_active(context).th_manual else "Place the points first"


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_find_faces,
        TALKINGHEAD_OT_choose_face,
        TALKINGHEAD_OT_place_points,
        TALKINGHEAD_OT_move_point,
        TALKINGHEAD_OT_clear_points,
    )
)
