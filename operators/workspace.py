# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace for talking heads."""

from typing import Any

import bpy

from ..blender_talkinghead import workspace
from ..inference.errors import TalkingHeadError
from . import base


class TALKINGHEAD_OT_add_workspace(bpy.types.Operator):
    """Show the workspace Talking Head: the Preview with the sliders beside it, the sequencer, and the keys below"""

    bl_idname = "talkinghead.add_workspace"
    bl_label = "Talking Head Workspace"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, lambda context: "" if context.window else "There is no window")

    def execute(self, context: Any) -> set[str]:
        try:
            workspace.add(context)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        return {"FINISHED"}


def _draw_in_window_menu(self: Any, context: Any) -> None:
    """Where it is found from every workspace, by F3 as well: a new file shows no sequencer."""
    self.layout.separator()
    self.layout.operator(TALKINGHEAD_OT_add_workspace.bl_idname, icon="WORKSPACE")


def register() -> None:
    """Register the operator and hang it into the menu Window."""
    bpy.utils.register_class(TALKINGHEAD_OT_add_workspace)
    bpy.types.TOPBAR_MT_window.append(_draw_in_window_menu)  # type: ignore[attr-defined]


def unregister() -> None:
    """Take it away, and leave a workspace that is being arranged alone."""
    bpy.types.TOPBAR_MT_window.remove(_draw_in_window_menu)  # type: ignore[attr-defined]
    workspace.stop_arranging()
    bpy.utils.unregister_class(TALKINGHEAD_OT_add_workspace)
