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


def register() -> None:
    """Register the operator."""
    bpy.utils.register_class(TALKINGHEAD_OT_add_workspace)


def unregister() -> None:
    """Unregister it, and leave a workspace that is being arranged alone."""
    workspace.stop_arranging()
    bpy.utils.unregister_class(TALKINGHEAD_OT_add_workspace)
