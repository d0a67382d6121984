# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of engine settings, kept where Blender keeps presets."""

from pathlib import Path
from typing import Any

import bpy
from bl_operators.presets import AddPresetBase
from bpy.props import BoolProperty, StringProperty

from ..blender_talkinghead import engine_presets, properties
from ..blender_talkinghead.jobs import service
from ..inference.errors import TalkingHeadError
from . import base


class TALKINGHEAD_OT_add_engine_preset(AddPresetBase, bpy.types.Operator):
    """Keep the settings of the engine as a preset, or remove one"""

    bl_idname = "talkinghead.add_engine_preset"
    bl_label = "Add Engine Preset"
    preset_menu = "TALKINGHEAD_PT_engine_presets"

    name: StringProperty(
        name="Name", description="Name of the preset and of its file", maxlen=64, options={"SKIP_SAVE"}
    )
    remove_name: BoolProperty(description="Remove the preset of this name", options={"HIDDEN", "SKIP_SAVE"})
    remove_active: BoolProperty(description="Remove the preset that was used last", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source)

    @property
    def preset_subdir(self) -> str:
        """Where this engine's presets are, below Blender's folder of presets."""
        return engine_presets.folder_of(properties.source_of_active(bpy.context))

    def add(self, context: Any, filepath: str) -> None:
        """Write the preset; Blender has found the place for it."""
        try:
            engine_presets.save(properties.source_of_active(context), Path(filepath))
        except TalkingHeadError as error:
            base.report_error(self, error)


class TALKINGHEAD_OT_apply_engine_preset(bpy.types.Operator):
    """Set the settings of the engine as they are in this preset"""

    bl_idname = "talkinghead.apply_engine_preset"
    bl_label = "Apply Engine Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(
        name="File Path", description="File of the preset", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_source)

    def execute(self, context: Any) -> set[str]:
        path = Path(self.filepath)
        try:
            count = engine_presets.apply(properties.source_of_active(context), path)
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, f"{count} settings of {bpy.path.display_name(path.name)} applied")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_add_engine_preset, TALKINGHEAD_OT_apply_engine_preset)
)
