# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting sliders back to rest."""

from typing import Any

import bpy
from bpy.props import EnumProperty

from ..blender_talkinghead import properties
from ..inference.controls import BY_NAME, Group
from . import base, slider_groups

_GROUPS = (
    (slider_groups.ALL, "All", "Every slider but the strengths"),
    *slider_groups.ITEMS,
    (Group.STRENGTH.value, "Strength", "The strengths of drivers"),
)


class TALKINGHEAD_OT_reset_controls(bpy.types.Operator):
    """Put sliders back to rest at this frame; keyframes stay, and hold the sliders again when the frame changes"""

    bl_idname = "talkinghead.reset_controls"
    bl_label = "Reset Sliders"
    bl_options = {"REGISTER", "UNDO"}

    group: EnumProperty(name="Group", description="Which sliders are put back to rest", items=_GROUPS)

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        for name in slider_groups.names_in(self.group):
            setattr(source, BY_NAME[name].property_name, BY_NAME[name].rest)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_reset_controls,))
