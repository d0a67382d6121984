# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders that EDTalk alone has: emotions, and what its networks are given, number by number."""

from typing import Any

import bpy

from ..blender_talkinghead import fixes, properties
from ..inference.controls import Control, Group, controls_in
from ..inference.engines.edtalk.description import EDTALK, MODEL
from . import sidebar

_WITHOUT_EXPRESSIONS = "lip_pose"
_NEUTRAL = "edtalk_neutral"
_KINDS = ("Mouth", "Pose", "Expression")


class _Own(sidebar.Sliders):
    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and properties.source_of_active(context).th_engine == EDTALK.name


class TALKINGHEAD_PT_emotion(_Own, bpy.types.Panel):
    bl_label = "Emotion"
    bl_order = sidebar.order_of(bl_label)
    group = Group.EMOTION

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split = layout.use_property_decorate = True
        if not _has_expressions(source):
            fixes.draw_note(layout, "The model Mouth and Head has no emotions.")
        column = layout.column(align=True)
        column.active = _has_expressions(source)
        for control in sorted(controls_in(Group.EMOTION), key=lambda control: control.name != _NEUTRAL):
            column.prop(source, control.property_name, slider=True)


class TALKINGHEAD_PT_motion_weights(_Own, bpy.types.Panel):
    bl_label = "Motion Weights"
    bl_order = sidebar.order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}
    group = Group.EDTALK_WEIGHTS

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split = layout.use_property_decorate = True
        fixes.draw_note(layout, "For trying out: what each of these numbers moves, the published model does not say.")
        for kind in _KINDS:
            layout.label(text=kind)
            column = layout.column(align=True)
            column.active = kind != "Expression" or _has_expressions(source)
            for control in controls_in(Group.EDTALK_WEIGHTS):
                if _kind_of(control) == kind:
                    column.prop(source, control.property_name, slider=True)


def _kind_of(control: Control) -> str:
    return control.label.rpartition(" ")[0]


def _has_expressions(source: Any) -> bool:
    return getattr(source, properties.setting_property(EDTALK.name, MODEL.name)) != _WITHOUT_EXPRESSIONS


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_PT_emotion, TALKINGHEAD_PT_motion_weights))
