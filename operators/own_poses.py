# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own poses: save, rename, delete, import."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.poses import pose_gallery, pose_library, poses
from ..inference.errors import TalkingHeadError
from ..inference.motion.poses import LONGEST_NAME
from . import base


class TALKINGHEAD_OT_save_pose(bpy.types.Operator):
    """Keep the sliders as they are at the current frame as a pose of your own"""

    bl_idname = "talkinghead.save_pose"
    bl_label = "Save Pose"

    name: StringProperty(name="Name", description="What the pose is called", default="My Pose", maxlen=LONGEST_NAME)
    groups: EnumProperty(
        name="Sliders", description="Which sliders the pose sets; it leaves the others alone",
        items=pose_gallery.GROUP_ITEMS, default=pose_gallery.ALL_GROUPS, options={"ENUM_FLAG"},
    )  # fmt: skip
    replace: BoolProperty(name="Replace", description="Replace a pose that has this name already")

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.name, self.replace = pose_library.unused_name("My Pose"), False
        self.groups = context.window_manager.th_pose_groups
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            pose = poses.current_pose(source, self.name, pose_gallery.groups_of(self.groups))
            stored = pose_library.save(pose, replace=self.replace)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        return _show(self, stored, f"'{stored.pose.name}' saved")


class TALKINGHEAD_OT_rename_pose(bpy.types.Operator):
    """Give the selected pose of your own another name"""

    bl_idname = "talkinghead.rename_pose"
    bl_label = "Rename Pose"

    name: StringProperty(name="Name", description="What the pose is called from now on", maxlen=LONGEST_NAME)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _no_own_pose)

    def invoke(self, context: Any, event: Any) -> set[str]:
        self.name = poses.entry_named(pose_gallery.selected()).pose.name
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        chosen = _selected_own()
        assert chosen  # poll
        try:
            stored = pose_library.rename(chosen.path, self.name)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        return _show(self, stored, f"The pose is called '{stored.pose.name}' now")


class TALKINGHEAD_OT_delete_pose(bpy.types.Operator):
    """Delete the file of the selected pose of your own"""

    bl_idname = "talkinghead.delete_pose"
    bl_label = "Delete Pose"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, _no_own_pose)

    def invoke(self, context: Any, event: Any) -> set[str]:
        name = poses.entry_named(pose_gallery.selected()).pose.name
        return context.window_manager.invoke_confirm(
            self, event, title="Delete Pose", message=f"The file of '{name}' is deleted. This cannot be undone."
        )

    def execute(self, context: Any) -> set[str]:
        chosen = _selected_own()
        assert chosen  # poll
        try:
            pose_library.delete(chosen.path)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, f"'{chosen.pose.name}' deleted")
        return {"FINISHED"}


class TALKINGHEAD_OT_import_poses(ImportHelper, bpy.types.Operator):
    """Add pose files (.json) that you were given to your own poses"""

    bl_idname = "talkinghead.import_poses"
    bl_label = "Import Poses"

    filename_ext = pose_library.EXTENSION
    filepath: StringProperty(name="File Path", description="A pose file", subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: StringProperty(
        description="Folder of the files", subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"}
    )  # set when several files are chosen or dropped
    files: CollectionProperty(
        description="Names of the files", type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: StringProperty(
        description="Files that the browser shows", default=f"*{pose_library.EXTENSION}", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if self.files and self.directory:  # dropped: there is nothing to choose
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, context: Any) -> set[str]:
        added = []
        for path in self._paths():
            try:
                added.append(pose_library.add_file(path))
            except TalkingHeadError as error:
                self.report({"ERROR"}, f"{path.name}: {error}")
        if not added:
            return {"CANCELLED"}
        return _show(self, added[-1], "1 pose imported" if len(added) == 1 else f"{len(added)} poses imported")

    def _paths(self) -> list[Path]:
        folder = Path(bpy.path.abspath(self.directory))
        names = [file.name for file in self.files if file.name]
        return [folder / name for name in names] or [Path(bpy.path.abspath(self.filepath))]


class TALKINGHEAD_FH_pose(bpy.types.FileHandler):
    """Pose files dropped onto the Sequencer"""

    bl_idname = "TALKINGHEAD_FH_pose"
    bl_label = "Talking Head Pose"
    bl_import_operator = "talkinghead.import_poses"
    bl_file_extensions = pose_library.EXTENSION

    @classmethod
    def poll_drop(cls, context: Any) -> bool:
        return context.area is not None and context.area.type == "SEQUENCE_EDITOR"


class TALKINGHEAD_OT_reveal_poses(bpy.types.Operator):
    """Open the folder of your own poses; files in it can be passed on"""

    bl_idname = "talkinghead.reveal_poses"
    bl_label = "Open Pose Folder"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context)

    def execute(self, context: Any) -> set[str]:
        folder = pose_library.folder()
        folder.mkdir(parents=True, exist_ok=True)
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(folder))
        self.report({"INFO"}, str(folder))
        return {"FINISHED"}


def _show(operator: Any, stored: pose_library.StoredPose, text: str) -> set[str]:
    """Select a pose of the user's in the gallery and end an operator."""
    pose_gallery.select(poses.own_identifier(stored.path))
    service.redraw()
    operator.report({"INFO"}, text)
    return {"FINISHED"}


def _no_own_pose(context: Any) -> str:
    return "" if _selected_own() else "Select one of your own poses: supplied ones stay as they are"


def _selected_own() -> pose_library.StoredPose | None:
    chosen = pose_gallery.selected()
    return next((one for one in pose_library.library().poses if poses.own_identifier(one.path) == chosen), None)


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_save_pose,
        TALKINGHEAD_OT_rename_pose,
        TALKINGHEAD_OT_delete_pose,
        TALKINGHEAD_OT_import_poses,
        TALKINGHEAD_FH_pose,
        TALKINGHEAD_OT_reveal_poses,
    )
)
