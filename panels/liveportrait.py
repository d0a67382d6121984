# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders that LivePortrait alone has, and the sample picture that some of them add."""

from collections.abc import Sequence
from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..inference.controls import BY_NAME, Group
from ..inference.engines.liveportrait.description import LIVEPORTRAIT, SAMPLE
from . import sidebar

_SAMPLE_WORD = "Sample "
MOUTH = ("pout", "purse", "grin", "lip_open")
RATIOS = ("eye_ratio", "lip_ratio")
SOURCE = ("source_ratio",)
SAMPLES = ("sample_expression", "sample_rotation", "sample_mouth", "sample_eyes")


class TALKINGHEAD_PT_liveportrait(sidebar.Sliders, bpy.types.Panel):
    bl_label = LIVEPORTRAIT.label
    bl_order = sidebar.order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}
    group = Group.LIVEPORTRAIT

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and properties.source_of_active(context).th_engine == LIVEPORTRAIT.name

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split = layout.use_property_decorate = True
        for heading, names in (("Mouth", MOUTH), ("Openness", RATIOS), ("Source", SOURCE)):
            layout.label(text=heading)
            _draw_sliders(layout.column(align=True), source, names)
        picture = properties.setting_property(LIVEPORTRAIT.name, SAMPLE.name)
        layout.label(text=SAMPLE.label)
        row = layout.row()
        row.use_property_decorate = False  # a file cannot be keyed
        row.prop(source, picture, text="")
        column = layout.column(align=True)
        column.active = bool(getattr(source, picture))
        _draw_sliders(column, source, SAMPLES)


def _draw_sliders(column: Any, source: Any, names: Sequence[str]) -> None:
    for name in names:
        control = BY_NAME[f"{LIVEPORTRAIT.name}_{name}"]
        column.prop(source, control.property_name, text=control.label.removeprefix(_SAMPLE_WORD), slider=True)


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_PT_liveportrait,))
