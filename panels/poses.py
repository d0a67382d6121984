# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Poses: a gallery, how it is applied, and the clipboard."""

from typing import Any

import bpy

from ..blender_talkinghead import fixes, properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.poses import pose_library, pose_pictures, poses
from ..inference.controls import controls_in
from ..inference.engines import description_of
from ..inference.motion.poses import GROUPS
from . import sidebar

_MOST_BAD_FILES = 3


_MENU: tuple[tuple[str, Any] | None, ...] = (
    ("apply_pose", "CHECKMARK"), None,
    ("copy_pose", "COPYDOWN"), ("paste_pose", "PASTEDOWN"), ("paste_pose_mirrored", "PASTEFLIPDOWN"),
    ("mirror_pose", "MOD_MIRROR"), None,
    ("save_pose", "ADD"), ("rename_pose", "GREASEPENCIL"), ("delete_pose", "TRASH"), None,
    ("import_poses", "IMPORT"), ("reveal_poses", "FILE_FOLDER"), None,
    ("draw_thumbnails", "FILE_REFRESH"),
)  # fmt: skip


class TALKINGHEAD_MT_poses(bpy.types.Menu):
    """Applying, copying and keeping poses"""

    bl_idname = "TALKINGHEAD_MT_poses"
    bl_label = "Poses"

    def draw(self, context: Any) -> None:
        self.layout.operator_context = "INVOKE_DEFAULT"
        for entry in _MENU:
            if entry is None:
                self.layout.separator()
            else:
                self.layout.operator(f"talkinghead.{entry[0]}", icon=entry[1])


class TALKINGHEAD_PT_poses(sidebar.ForSliders, bpy.types.Panel):
    bl_label = "Poses"
    bl_order = sidebar.order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout, manager = self.layout, context.window_manager
        layout.row().prop(manager, "th_pose_set", expand=True)
        layout.template_icon_view(manager, "th_pose", show_labels=True, scale=6.0, scale_popup=5.0)
        self._draw_thumbnails_button(layout, properties.source_of_active(context))
        if manager.th_pose_set == poses.SET_MINE:
            self._draw_bad_files(layout)
        row = layout.row(align=True)
        row.prop(manager, "th_pose_blend", slider=True)
        row.prop(manager, "th_pose_key", text="", icon="KEY_HLT" if manager.th_pose_key else "KEY_DEHLT")
        self._draw_groups(layout.row(align=True), properties.source_of_active(context))
        row = layout.row(align=True)
        row.operator("talkinghead.apply_pose").mirrored = False
        row.operator("talkinghead.apply_pose", text="", icon="MOD_MIRROR").mirrored = True
        row.operator("talkinghead.save_pose", text="", icon="ADD")
        row.menu("TALKINGHEAD_MT_poses", text="", icon="DOWNARROW_HLT")
        row = layout.row(align=True)
        row.operator("talkinghead.copy_pose", text="Copy", icon="COPYDOWN")
        row.operator("talkinghead.paste_pose", text="Paste", icon="PASTEDOWN")
        row.operator("talkinghead.paste_pose_mirrored", text="", icon="PASTEFLIPDOWN")
        row.operator("talkinghead.mirror_pose", text="Mirror", icon="MOD_MIRROR")

    @staticmethod
    def _draw_groups(row: Any, source: Any) -> None:
        known = description_of(source.th_engine).controls
        for group in GROUPS:
            if any(control.name in known for control in controls_in(group)):
                row.prop_enum(bpy.context.window_manager, "th_pose_groups", group.value)

    @staticmethod
    def _draw_thumbnails_button(layout: Any, source: Any) -> None:
        if not service.runner.running and pose_pictures.missing(source):
            layout.operator("talkinghead.draw_thumbnails", icon="FILE_REFRESH")

    @staticmethod
    def _draw_bad_files(layout: Any) -> None:
        bad = pose_library.library().bad
        for file in bad[:_MOST_BAD_FILES]:
            fixes.draw_note(layout, f"{file.name}: {file.reason}", "ERROR")
        if len(bad) > _MOST_BAD_FILES:
            layout.label(text=f"And {len(bad) - _MOST_BAD_FILES} more")


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_MT_poses, TALKINGHEAD_PT_poses))
