# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performances: bake drivers, save and load files, mirror, retime and copy keyframes."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..blender_talkinghead import compat, properties
from ..blender_talkinghead.drivers import drivers
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.performance import bake, curves, performance_edits, performance_files, performance_keys
from ..blender_talkinghead.strips import folders, lookup
from ..inference import performance as performance_file
from ..inference.controls import POSE_NAMES
from ..inference.errors import ErrorCode, TalkingHeadError
from . import base, slider_groups

_GROUPS = ((slider_groups.ALL, "All", "Every slider"), *slider_groups.ITEMS)
_SPEED, _LENGTH = "SPEED", "LENGTH"
_START, _CURSOR = "START", "CURSOR"
_REPLACE, _ADD = "REPLACE", "ADD"


def _group_property() -> Any:
    return EnumProperty(name="Sliders", description="Which sliders take part", items=_GROUPS)


def _tolerance_property() -> Any:
    return FloatProperty(
        name="Tolerance",
        description="Largest error of the keyframes, in percent of a slider's range; more makes fewer keyframes",
        default=performance_keys.DEFAULT_TOLERANCE_PERCENT,
        min=0.01,
        max=25.0,
        soft_min=0.1,
        soft_max=10.0,
        precision=1,
        subtype="PERCENTAGE",
    )


class TALKINGHEAD_OT_bake_performance(base.JobOperator, bpy.types.Operator):
    """Turn what the drivers do into keyframes of the sliders, as few as the tolerance allows, and switch them off"""

    bl_idname = "talkinghead.bake_performance"
    bl_label = "Bake Performance"

    tolerance: _tolerance_property()

    @classmethod
    def poll(cls, context: Any) -> bool:
        queued = base.queued(bake.TITLE)
        return base.allow(cls, context, base.blender_renders, base.no_source, _no_driver, queued)

    def invoke(self, context: Any, event: Any) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        # The dialog comes here as well; only then is there a window to run behind.
        return super().execute(context) if bpy.app.background else self.start(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target, tolerance = base.active_target(context), self.tolerance
        return bake.TITLE, lambda control: bake.bake(target, tolerance, control)


class TALKINGHEAD_OT_save_performance(base.JobOperator, ExportHelper, bpy.types.Operator):
    """Save what the sliders and drivers of the active strip do in its visible frames as a file"""

    bl_idname = "talkinghead.save_performance"
    bl_label = "Save Performance"

    filename_ext = performance_files.SUFFIX
    filepath: StringProperty(name="File Path", description="The performance file", subtype="FILE_PATH")
    filter_glob: StringProperty(description="Files that the browser shows", default="*.json", options={"HIDDEN"})
    group: _group_property()

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if not self.filepath:
            self.filepath = folders.safe_name(properties.source_of_active(context).name) + self.filename_ext
        return ExportHelper.invoke(self, context, event)

    def execute(self, context: Any) -> set[str]:
        return super().execute(context) if bpy.app.background else self.start(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        if not self.filepath:
            raise TalkingHeadError(ErrorCode.INVALID_REQUEST, "No file was given.", "Choose where to save it.")
        target, names = base.active_target(context), slider_groups.names_in(self.group)
        path = folders.absolute(bpy.path.ensure_ext(self.filepath, self.filename_ext))
        return performance_files.SAVE_TITLE, lambda control: performance_files.save(target, path, names, control)


class TALKINGHEAD_OT_load_performance(ImportHelper, bpy.types.Operator):
    """Load a performance file as keyframes of the active strip; sliders that it does not move stay as they are"""

    bl_idname = "talkinghead.load_performance"
    bl_label = "Load Performance"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = performance_files.SUFFIX
    filepath: StringProperty(name="File Path", description="The performance file", subtype="FILE_PATH")
    filter_glob: StringProperty(description="Files that the browser shows", default="*.json", options={"HIDDEN"})
    place: EnumProperty(
        name="Begin At",
        description="Where the performance begins",
        items=(
            (_START, "Strip Start", "The first frame that the strip shows"),
            (_CURSOR, "Current Frame", "The frame of the playhead"),
        ),
    )
    mode: EnumProperty(
        name="Mode",
        description="What becomes of the keyframes that are there",
        items=(
            (_REPLACE, "Replace", "Take the place of the keyframes in these frames"),
            (_ADD, "Add", "Add to what the sliders do in these frames"),
        ),
    )
    group: _group_property()
    tolerance: _tolerance_property()

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, base.no_source)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            performance = performance_file.load(folders.absolute(self.filepath))
            first = performance_files.first_frame(source, at_cursor=self.place == _CURSOR)
            reduced = performance_files.load(
                source, performance, first, slider_groups.names_in(self.group), self.tolerance, add=self.mode == _ADD
            )
        except TalkingHeadError as error:
            return base.report_error(self, error)
        if drivers.driven(source):
            self.report({"WARNING"}, performance_files.DRIVERS_ADD)
        self.report({"INFO"}, performance_keys.summary(reduced, performance_files.length_of(reduced)))
        return {"FINISHED"}


class TALKINGHEAD_OT_mirror_performance(bpy.types.Operator):
    """Exchange left and right in the keyframes and values of the sliders; nothing is resampled"""

    bl_idname = "talkinghead.mirror_performance"
    bl_label = "Mirror Performance"
    bl_options = {"REGISTER", "UNDO"}

    group: _group_property()

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, base.no_source)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            count = performance_edits.mirror(source, slider_groups.names_in(self.group))
        except TalkingHeadError as error:
            return base.report_error(self, error)
        return _report_edit(self, source, count, "mirrored")


class TALKINGHEAD_OT_retime_performance(bpy.types.Operator):
    """Make the keyframes of the sliders faster, slower or a given length, from the first keyframe on"""

    bl_idname = "talkinghead.retime_performance"
    bl_label = "Retime Performance"
    bl_options = {"REGISTER", "UNDO"}

    mode: EnumProperty(
        name="By",
        description="How the new time is given",
        items=((_SPEED, "Speed", "Times as fast as now"), (_LENGTH, "Length", "Frames from the first to the last key")),
    )
    speed: FloatProperty(
        name="Speed", description="2 is twice as fast, 0.5 half as fast", default=1.0, min=0.01, max=100.0, precision=3
    )
    length: IntProperty(
        name="Length", description="Frames from the first to the last keyframe, both included", default=100, min=2
    )
    whole_frames: BoolProperty(
        name="Whole Frames", description="Move keyframes to the nearest frame; those that meet become one"
    )
    group: _group_property()

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, base.no_source, _no_keys)

    def invoke(self, context: Any, event: Any) -> set[str]:
        ends = performance_edits.key_range(properties.source_of_active(context), POSE_NAMES)
        if ends is not None:
            self.length = max(2, round(ends[1] - ends[0]) + 1)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, context: Any) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.row().prop(self, "mode", expand=True)
        layout.prop(self, "speed" if self.mode == _SPEED else "length")
        layout.prop(self, "whole_frames")
        layout.prop(self, "group")

    def execute(self, context: Any) -> set[str]:
        source, names = properties.source_of_active(context), slider_groups.names_in(self.group)
        try:
            factor = 1 / self.speed if self.mode == _SPEED else performance_edits.factor_to(source, names, self.length)
            count = performance_edits.retime(source, names, factor, whole_frames=self.whole_frames)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        return _report_edit(self, source, count, "retimed")


class TALKINGHEAD_OT_copy_performance(bpy.types.Operator):
    """Copy keyframes and values of the active strip's sliders to the other selected strips, in place of theirs"""

    bl_idname = "talkinghead.copy_performance"
    bl_label = "Copy Performance to Selected"
    bl_options = {"REGISTER", "UNDO"}

    group: _group_property()
    keep_time: BoolProperty(
        name="Keep Time", description="Leave keyframes at their frames, instead of moving them with the strip's start"
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, base.no_source, _no_target)

    def execute(self, context: Any) -> set[str]:
        source, targets = properties.source_of_active(context), _targets(context)
        names, count = slider_groups.names_in(self.group), 0
        try:
            for target in targets:
                curves.require_writable(target, names)
            for target in targets:
                count = performance_edits.copy(source, target, names, keep_time=self.keep_time)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        strips = "1 strip" if len(targets) == 1 else f"{len(targets)} strips"
        return _report_edit(self, source, count, "copied", f" to {strips}")


def _report_edit(operator: Any, source: Any, count: int, done: str, where: str = "") -> set[str]:
    if drivers.driven(source):
        operator.report({"WARNING"}, f"Drivers are not {done}. Bake the performance first so that all is {done}.")
    curves_text = "1 curve" if count == 1 else f"{count} curves"
    operator.report({"INFO"}, f"{curves_text} {done}{where}")
    return {"FINISHED"}


def _targets(context: Any) -> list[Any]:
    """The portraits of the selected strips, without the active one."""
    source = properties.source_of_active(context)
    found = {}
    for strip in compat.selected_strips(context):
        other = lookup.source_of(strip)
        if other is not None and other != source and other.th_role == properties.ROLE_SOURCE:
            found[other.name] = other
    return list(found.values())


def _no_driver(context: Any) -> str:
    return "" if drivers.driven(properties.source_of_active(context)) else "No driver is on: choose acting or speech"


def _no_keys(context: Any) -> str:
    source = properties.source_of_active(context)
    return "" if curves.animated(source, POSE_NAMES) else "The sliders have no keyframes"


def _no_target(context: Any) -> str:
    return "" if _targets(context) else "Select other animated portraits as well"


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_bake_performance,
        TALKINGHEAD_OT_save_performance,
        TALKINGHEAD_OT_load_performance,
        TALKINGHEAD_OT_mirror_performance,
        TALKINGHEAD_OT_retime_performance,
        TALKINGHEAD_OT_copy_performance,
    )
)
