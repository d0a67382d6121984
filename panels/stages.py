# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is replaced, and what the engine makes on the way to its frames: to look at, correct and give back."""

from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..blender_talkinghead.strips import mask_points
from ..inference.engines import description_of
from ..inference.engines.description import Section, Stage
from .engine import SettingsPanel


class TALKINGHEAD_PT_engine_mask(SettingsPanel, bpy.types.Panel):
    bl_label = Section.MASK.value
    bl_order = 2
    section = Section.MASK

    def draw(self, context: Any) -> None:
        SettingsPanel.draw(self, context)
        source = properties.source_of_active(context)
        if mask_points.setting_of(source) is None:
            return
        column = self.layout.column(align=True)
        column.label(text=mask_points.summary(source), icon="EMPTY_AXIS")
        column.operator("talkinghead.place_mask_points")
        column.operator("talkinghead.clear_mask_points")


class TALKINGHEAD_PT_engine_stages(SettingsPanel, bpy.types.Panel):
    bl_label = Section.STAGES.value
    bl_order = 5
    section = Section.STAGES

    def draw(self, context: Any) -> None:
        source = properties.source_of_active(context)
        values = properties.settings_of(source)
        for stage in description_of(source.th_engine).stages:
            if stage.exists(values):
                _draw_stage(self.layout.column(align=True), source, stage)


def _draw_stage(column: Any, source: Any, stage: Stage) -> None:
    row = column.row(align=True)
    row.label(text=stage.label)
    row.operator("talkinghead.add_helper_strip", text="Add", icon="ADD").stage = stage.name
    if not stage.setting:
        return
    row.operator("talkinghead.use_helper_strip", text="Use", icon="LINKED").stage = stage.name
    name = properties.setting_property(source.th_engine, stage.setting)
    row = column.row(align=True)
    row.prop(source, name, text="")
    if getattr(source, name):
        row.operator("talkinghead.use_computed", text="", icon="X").stage = stage.name


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_PT_engine_mask, TALKINGHEAD_PT_engine_stages))
