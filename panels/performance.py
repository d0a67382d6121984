# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Performance: drivers to keyframes, files, and edits of the keyframes as a whole."""

from typing import Any

import bpy

from . import sidebar


class TALKINGHEAD_PT_performance(sidebar.ForSliders, bpy.types.Panel):
    bl_label = "Performance"
    bl_order = sidebar.order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout = self.layout
        layout.operator("talkinghead.bake_performance", icon="KEYFRAME_HLT")
        row = layout.row(align=True)
        row.operator("talkinghead.save_performance", text="Save", icon="EXPORT")
        row.operator("talkinghead.load_performance", text="Load", icon="IMPORT")
        row = layout.row(align=True)
        row.operator("talkinghead.mirror_performance", text="Mirror", icon="MOD_MIRROR")
        row.operator("talkinghead.retime_performance", text="Retime", icon="TIME")
        layout.operator("talkinghead.copy_performance", text="Copy to Selected", icon="COPYDOWN")


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_PT_performance,))
