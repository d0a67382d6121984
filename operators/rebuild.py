# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a strip again from the saved job beside its frames."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from ..blender_talkinghead import compat
from ..blender_talkinghead.strips import rebuild
from ..inference.errors import TalkingHeadError
from ..inference.job import JOB_SUFFIX
from . import base


class TALKINGHEAD_OT_rebuild_job(ImportHelper, bpy.types.Operator):
    """Insert the source strip of a saved job (.job.json) at the current frame, with its sliders keyed"""

    bl_idname = "talkinghead.rebuild_job"
    bl_label = "Rebuild from Job File"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = JOB_SUFFIX
    filepath: StringProperty(name="File Path", description="The saved job beside the frames", subtype="FILE_PATH")
    filter_glob: StringProperty(
        description="Files that the browser shows", default=f"*{JOB_SUFFIX}", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.short_job_runs, base.blender_renders, _no_scene)

    def execute(self, context: Any) -> set[str]:
        scene = compat.sequencer_scene(context)
        path = Path(bpy.path.abspath(self.filepath))
        try:
            strip, missing = rebuild.rebuild(scene, path, scene.frame_current)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        if missing:
            self.report({"WARNING"}, missing)
        else:
            self.report({"INFO"}, f"'{strip.name}' is there again. Render Frames shows its frames")
        return {"FINISHED"}


def _no_scene(context: Any) -> str:
    return "" if compat.sequencer_scene(context) is not None else "Choose a scene in the Sequencer first"


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_rebuild_job,))
