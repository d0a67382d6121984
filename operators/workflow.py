# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import of ComfyUI workflows, expressions and motion templates."""

from typing import Any

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..blender_talkinghead import compat
from ..blender_talkinghead.strips import folders
from ..blender_talkinghead.workflow import workflow_import
from ..inference.errors import TalkingHeadError
from ..inference.workflow.files import read_plan
from . import base


class TALKINGHEAD_OT_import_workflow(ImportHelper, bpy.types.Operator):
    """Import a ComfyUI workflow as strips and keyframes, or a LivePortrait expression or motion file as keyframes"""

    bl_idname = "talkinghead.import_workflow"
    bl_label = "Import ComfyUI Workflow"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File Path", description="The workflow, .exp or .pkl file", subtype="FILE_PATH")
    filter_glob: StringProperty(
        description="Files that the browser shows", default="*.json;*.exp;*.pkl", options={"HIDDEN"}
    )
    media_folder: StringProperty(
        name="Media Folder",
        description="Where the pictures and movies are that the workflow names; empty looks beside it "
        "and in the input folders around it",
    )
    frame_start: IntProperty(name="Start Frame", description="Timeline frame of the film's first frame", default=1)
    onto_active: BoolProperty(
        name="Onto Active Strip", description="Put the keyframes on the active strip instead of a new portrait"
    )
    keep_speed: BoolProperty(
        name="Keep Speed",
        description="Move keyframes in time so that the film keeps its speed at the scene's frame rate; "
        "otherwise each frame stays a frame",
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, _no_scene)

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.frame_start = compat.sequencer_scene(context).frame_current
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: Any) -> set[str]:
        path = folders.absolute(self.filepath)
        options = workflow_import.Options(
            path=path,
            folder=folders.absolute(self.media_folder) if self.media_folder else None,
            start=self.frame_start,
            onto_active=self.onto_active,
            keep_speed=self.keep_speed,
        )
        try:
            plan = read_plan(path)
            imported = workflow_import.make(context, plan, options)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        for remark in imported.remarks:
            self.report({"WARNING"} if "not found" in remark else {"INFO"}, remark)
        if plan.not_understood:
            count = len(plan.not_understood)
            items = "1 item was" if count == 1 else f"{count} items were"
            self.report(
                {"WARNING"}, f"{items} not understood or not used: see the text '{workflow_import.REPORT_NAME}'"
            )
        self.report({"INFO"}, f"{imported.keys} keyframes on '{imported.strip}'")
        return {"FINISHED"}


def _no_scene(context: Any) -> str:
    return "" if compat.sequencer_scene(context) is not None else "Add a scene to the sequencer first"


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_import_workflow,))
