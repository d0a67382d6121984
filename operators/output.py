# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames on disk: export as a movie, clean up, folder; and the source that a cut-out hid."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty
from bpy_extras.io_utils import ExportHelper

from ..blender_talkinghead import compat, properties
from ..blender_talkinghead.jobs import jobs, service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.strips import cleanup, export, folders, lookup, results
from ..inference.errors import TalkingHeadError
from . import base


class TALKINGHEAD_OT_export_movie(base.JobOperator, ExportHelper, bpy.types.Operator):
    """Write the rendered frames of the active strip as a movie; the frames stay"""

    bl_idname = "talkinghead.export_movie"
    bl_label = "Export Movie"

    filename_ext = ""
    filter_glob: StringProperty(
        description="Files that the browser shows", default="*.mp4;*.mkv;*.mov", options={"HIDDEN"}
    )
    codec: EnumProperty(name="Codec", description="Format of the movie", items=export.CODECS)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source, _no_result, base.queued(jobs.RENDER_TITLE))

    def invoke(self, context: Any, event: Any) -> set[str]:
        return ExportHelper.invoke(self, context, event)

    def check(self, context: Any) -> bool:
        path = Path(self.filepath)
        wanted = str(path.with_suffix(export.EXTENSIONS[self.codec])) if path.name else self.filepath
        changed, self.filepath = wanted != self.filepath, wanted
        return changed

    def execute(self, context: Any) -> set[str]:
        # The file browser comes here as well; only then is there a window to run behind.
        return super().execute(context) if bpy.app.background else self.start(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        self.check(context)
        output = folders.absolute(self.filepath)
        movie = export.movie_of(properties.source_of_active(context), self.codec, output)
        return export.TITLE, lambda control: export.export(movie, control)


class TALKINGHEAD_OT_clean_up(bpy.types.Operator):
    """Delete frames that no strip of this file and no saved job refers to; says first how much that is"""

    bl_idname = "talkinghead.clean_up"
    bl_label = "Clean Up Unused Frames"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs, base.blender_renders)

    def invoke(self, context: Any, event: Any) -> set[str]:
        try:
            unused = cleanup.unused_frames(cleanup.frame_folders())
        except TalkingHeadError as error:
            return base.report_error(self, error)
        if not unused.files:
            self.report({"INFO"}, "There are no unused frames")
            return {"CANCELLED"}
        message = f"This deletes {len(unused.files)} frames and frees {unused.size_bytes / 1e6:.1f} MB."
        return context.window_manager.invoke_confirm(self, event, title=self.bl_label, message=message)

    def execute(self, context: Any) -> set[str]:
        try:
            gone = cleanup.delete(cleanup.unused_frames(cleanup.frame_folders()))
        except TalkingHeadError as error:
            return base.report_error(self, error)
        self.report({"INFO"}, f"{len(gone.files)} unused frames deleted, {gone.size_bytes / 1e6:.1f} MB freed")
        return {"FINISHED"}


class TALKINGHEAD_OT_choose_folder(bpy.types.Operator):
    """Choose where frames are kept"""

    bl_idname = "talkinghead.choose_folder"
    bl_label = "Choose Frames Folder"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(name="Folder", description="Folder for rendered frames", subtype="DIR_PATH")

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def invoke(self, context: Any, event: Any) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> set[str]:
        if not self.directory:
            self.report({"ERROR"}, "No folder was given.")
            return {"CANCELLED"}
        compat.sequencer_scene(context).th_output_folder = self.directory
        return {"FINISHED"}


class TALKINGHEAD_OT_reveal_folder(bpy.types.Operator):
    """Open the folder of this strip's frames in the file manager"""

    bl_idname = "talkinghead.reveal_folder"
    bl_label = "Show Frames Folder"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source)

    def execute(self, context: Any) -> set[str]:
        folder = folders.absolute(properties.source_of_active(context).th_folder)
        if not properties.source_of_active(context).th_folder or not folder.is_dir():
            self.report({"ERROR"}, "There is no frames folder yet. Render frames first.")
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(folder))
        self.report({"INFO"}, str(folder))
        return {"FINISHED"}


class TALKINGHEAD_OT_show_source(bpy.types.Operator):
    """Show the source below a cut-out again, as it was before it was hidden"""

    bl_idname = "talkinghead.show_source"
    bl_label = "Show Source"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source, _not_hidden)

    def execute(self, context: Any) -> set[str]:
        results.show_source(properties.source_of_active(context))
        service.redraw()
        return {"FINISHED"}


def _no_result(context: Any) -> str:
    return "" if lookup.results_of(properties.source_of_active(context)) else "Render the frames first"


def _not_hidden(context: Any) -> str:
    return "" if properties.source_of_active(context).th_hidden_source else "The source is not hidden"


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_export_movie,
        TALKINGHEAD_OT_clean_up,
        TALKINGHEAD_OT_choose_folder,
        TALKINGHEAD_OT_reveal_folder,
        TALKINGHEAD_OT_show_source,
    )
)
