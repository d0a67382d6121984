# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders that Thin-Plate Spline alone has."""

from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..inference.controls import Group
from ..inference.engines.tpsmm.description import TPSMM
from . import sidebar


class TALKINGHEAD_PT_tpsmm(sidebar.Sliders, bpy.types.Panel):
    bl_label = TPSMM.label
    bl_order = sidebar.order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}
    group = Group.TPSMM

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and properties.source_of_active(context).th_engine == TPSMM.name


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_PT_tpsmm,))
