# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting sliders back to rest."""

from typing import Any

import bpy
from bpy.props import EnumProperty

from ..blender_talkinghead import properties
from ..inference.controls import POSE_CONTROLS, Group, controls_in
from . import base

_ALL = "all"
_GROUPS = (
    (_ALL, "All", "Every slider but the strengths"),
    (Group.HEAD.value, "Head", "The sliders of the head"),
    (Group.EYES.value, "Eyes", "The sliders of the eyes"),
    (Group.BROWS.value, "Brows", "The sliders of the eyebrows"),
    (Group.MOUTH.value, "Mouth", "The sliders of the mouth"),
    (Group.LIVEPORTRAIT.value, "LivePortrait", "The sliders that LivePortrait alone has"),
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
        chosen = POSE_CONTROLS if self.group == _ALL else controls_in(Group(self.group))
        for control in chosen:
            setattr(source, control.property_name, control.rest)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_reset_controls,))
