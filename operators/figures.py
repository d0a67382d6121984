# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For engines that animate whole figures: who replaces the person in a shot, and what is made on the way to a frame."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..blender_talkinghead.jobs import service, stage_jobs
from ..blender_talkinghead.jobs.job_steps import Target
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.strips import character, folders, helpers, selection
from ..blender_talkinghead.strips.pairs import ROLE_SOURCE
from ..inference.errors import TalkingHeadError
from . import base

_STAGE = EnumProperty(
    name="Stage",
    description="Which of the pictures that the engine makes on the way to a frame",
    items=tuple((stage.name, stage.label, stage.description) for stage in helpers.STAGES),
)


def _source(context: Any) -> Any | None:
    """The animated strip that is meant."""
    source = selection.source_of(context)
    return source if source is not None and source.th_role == ROLE_SOURCE else None


def _no_source(context: Any) -> str:
    return "" if _source(context) is not None else "Select the animated strip, and the other strip with it"


def _no_character(context: Any) -> str:
    return character.refusal(_source(context))


def _no_stages(context: Any) -> str:
    return "" if helpers.stages_of(_source(context)) else "This engine has no stages to look at; Wan-Animate has some"


def _no_helper(context: Any) -> str:
    if selection.other_of(context, _source(context), helpers.TYPES) is not None:
        return ""
    return "Select the animated strip and one strip with the corrected pictures"


class TALKINGHEAD_OT_use_as_character(bpy.types.Operator):
    """Replace the person in the shot by the one in the picture of the other selected strip, or in a file"""

    bl_idname = "talkinghead.use_as_character"
    bl_label = "Use as Character"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="File Path", description="Picture of the new person", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_image: BoolProperty(
        name="Pictures", description="Show pictures in the browser", default=True, options={"HIDDEN"}
    )
    filter_folder: BoolProperty(
        name="Folders", description="Show folders in the browser", default=True, options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, _no_source, _no_character)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background or self.filepath or self._strip(context) is not None:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> set[str]:
        source = _source(context)
        try:
            path = folders.absolute(self.filepath) if self.filepath else character.picture_of(self._strip(context))
            character.use(source, Path(path))
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, f"The person in {path.name} replaces the one in '{source.name}'")
        return {"FINISHED"}

    @staticmethod
    def _strip(context: Any) -> Any | None:
        return selection.other_of(context, _source(context), character.TYPES)


class TALKINGHEAD_OT_add_helper_strip(base.JobOperator, bpy.types.Operator):
    """Make the pictures of a stage for the strip's frames and show them in a muted strip, to look at or to correct"""

    bl_idname = "talkinghead.add_helper_strip"
    bl_label = stage_jobs.TITLE
    needs_consent = True

    stage: _STAGE  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, _no_source, _no_stages, base.queued(stage_jobs.TITLE))

    def job(self, context: Any) -> tuple[str, JobMaker]:
        source, name = _source(context), self.stage
        scene = source.id_data
        target = Target(scene.name, source.name, scene.th_range_mode)
        return stage_jobs.TITLE, lambda control: stage_jobs.add_helper(target, name, control)


class _OfStage:
    """An operator on the corrected pictures of a stage."""

    stage: str
    report: Any

    def change(self, context: Any, source: Any) -> str:
        """Do it; what was done, as a sentence. May raise TalkingHeadError."""
        raise NotImplementedError

    def execute(self, context: Any) -> set[str]:
        try:
            text = self.change(context, _source(context))
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, text)
        return {"FINISHED"}


class TALKINGHEAD_OT_use_helper_strip(_OfStage, bpy.types.Operator):
    """Take the pictures of the other selected strip instead of those that the engine makes at a stage"""

    bl_idname = "talkinghead.use_helper_strip"
    bl_label = "Use Helper Strip"
    bl_options = {"REGISTER", "UNDO"}

    stage: _STAGE  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _no_source, _no_stages, _no_helper)

    def change(self, context: Any, source: Any) -> str:
        strip = selection.other_of(context, source, helpers.TYPES)
        return helpers.use(source, helpers.stage_of(source, self.stage), strip)


class TALKINGHEAD_OT_use_computed(_OfStage, bpy.types.Operator):
    """Take what the engine makes at a stage again, instead of corrected pictures; these stay on disk"""

    bl_idname = "talkinghead.use_computed"
    bl_label = "Use Computed Pictures"
    bl_options = {"REGISTER", "UNDO"}

    stage: _STAGE  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _no_source, _no_stages)

    def change(self, context: Any, source: Any) -> str:
        stage = helpers.stage_of(source, self.stage)
        helpers.drop(source, stage)
        return f"{stage.label} pictures are the engine's own again"


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_use_as_character,
        TALKINGHEAD_OT_add_helper_strip,
        TALKINGHEAD_OT_use_helper_strip,
        TALKINGHEAD_OT_use_computed,
    )
)
