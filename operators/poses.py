# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying poses to sliders, the clipboard, and thumbnails."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.poses import pose_gallery, pose_pictures, poses
from ..inference.errors import TalkingHeadError
from ..inference.motion.poses import Pose, mirrored_pose, name_from
from . import base


class _OnSliders:
    """An operator that moves sliders of the active strip; what it is not told it takes from the panel."""

    report: Any  # Blender's, as of every operator
    properties: Any
    from_panel = {"groups": "th_pose_groups", "key": "th_pose_key"}
    bl_options = {"REGISTER", "UNDO"}

    groups: EnumProperty(
        name="Sliders", description=pose_gallery.GROUPS_TEXT, items=pose_gallery.GROUP_ITEMS,
        default=pose_gallery.ALL_GROUPS, options={"ENUM_FLAG", "SKIP_SAVE"},
    )  # fmt: skip
    key: BoolProperty(name="Key", description=pose_gallery.KEY_TEXT, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def invoke(self, context: Any, event: Any) -> set[str]:
        for name, panel_name in self.from_panel.items():
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(context.window_manager, panel_name))
        pose_pictures.draw_unasked(context)
        return self.execute(context)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        try:
            text = self.change(source)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, text)
        return {"FINISHED"}

    def change(self, source: Any) -> str:
        """Move the sliders; what was done, in words. May raise TalkingHeadError."""
        raise NotImplementedError

    def _apply(self, source: Any, pose: Pose, amount: float, mirrored: bool) -> None:
        values = mirrored_pose(pose.values) if mirrored else pose.values
        poses.apply(source, values, amount, pose_gallery.groups_of(self.groups), key=self.key)


class TALKINGHEAD_OT_apply_pose(_OnSliders, bpy.types.Operator):
    """Move the sliders to a pose, or part of the way, at the current frame"""

    bl_idname = "talkinghead.apply_pose"
    bl_label = "Apply Pose"

    from_panel = {**_OnSliders.from_panel, "blend": "th_pose_blend"}

    pose: StringProperty(
        name="Pose", description="Name of the pose; empty takes the one that is selected in the gallery",
        options={"SKIP_SAVE"},
    )  # fmt: skip
    blend: FloatProperty(
        name="Blend", description=pose_gallery.BLEND_TEXT, default=1.0, min=0.0, max=1.0, subtype="FACTOR",
        options={"SKIP_SAVE"},
    )  # fmt: skip
    mirrored: BoolProperty(name="Mirrored", description="Exchange left and right of the pose", options={"SKIP_SAVE"})

    def change(self, source: Any) -> str:
        entry = poses.entry_named(self.pose or pose_gallery.selected())
        self._apply(source, entry.pose, self.blend, self.mirrored)
        return f"{entry.pose.name} applied"


class TALKINGHEAD_OT_paste_pose(_OnSliders, bpy.types.Operator):
    """Move the sliders to the pose on the clipboard, at the current frame"""

    bl_idname = "talkinghead.paste_pose"
    bl_label = "Paste Pose"

    def change(self, source: Any) -> str:
        self._apply(source, poses.pasted_pose(), 1.0, False)
        return "Pose pasted"


class TALKINGHEAD_OT_paste_pose_mirrored(_OnSliders, bpy.types.Operator):
    """Move the sliders to the pose on the clipboard with left and right exchanged, at the current frame"""

    bl_idname = "talkinghead.paste_pose_mirrored"
    bl_label = "Paste Pose Mirrored"

    def change(self, source: Any) -> str:
        self._apply(source, poses.pasted_pose(), 1.0, True)
        return "Pose pasted mirrored"


class TALKINGHEAD_OT_mirror_pose(_OnSliders, bpy.types.Operator):
    """Exchange left and right of the sliders as they are at the current frame"""

    bl_idname = "talkinghead.mirror_pose"
    bl_label = "Mirror Pose"

    def change(self, source: Any) -> str:
        poses.mirror(source, pose_gallery.groups_of(self.groups), key=self.key)
        return "Left and right exchanged"


class TALKINGHEAD_OT_copy_pose(bpy.types.Operator):
    """Copy the sliders as they are at the current frame to the clipboard, as text that other files can paste"""

    bl_idname = "talkinghead.copy_pose"
    bl_label = "Copy Pose"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        poses.write_clipboard(poses.current_pose(source, name_from(source.name)).to_text())
        self.report({"INFO"}, "Pose copied")
        return {"FINISHED"}


class TALKINGHEAD_OT_draw_thumbnails(base.JobOperator, bpy.types.Operator):
    """Draw the gallery's poses with the face of the active strip"""

    bl_idname = "talkinghead.draw_thumbnails"
    bl_label = "Draw Thumbnails"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source, base.queued(pose_pictures.TITLE))

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        return pose_pictures.TITLE, lambda control: pose_pictures.draw(target, control)


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_apply_pose,
        TALKINGHEAD_OT_paste_pose,
        TALKINGHEAD_OT_paste_pose_mirrored,
        TALKINGHEAD_OT_mirror_pose,
        TALKINGHEAD_OT_copy_pose,
        TALKINGHEAD_OT_draw_thumbnails,
    )
)
