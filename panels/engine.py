# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the frames: the engine and its settings, in sub-panels by what they are about."""

from typing import Any

import bpy
from bl_ui.utils import PresetPanel

from ..blender_talkinghead import engine_presets, fixes, properties
from ..blender_talkinghead.drivers import exact
from ..blender_talkinghead.jobs import film_estimates, film_words, measured_speed
from ..blender_talkinghead.worker import models_box, worker
from ..blender_talkinghead.worker.environment import State
from ..blender_talkinghead.worker.optional_tier import DIFFUSION, NEURAL
from ..inference.engines import description_of
from ..inference.engines.common_settings import SEED
from ..inference.engines.description import LARGE_MB, EngineDescription, Section, Setting, SettingKind
from ..inference.engines.wananimate.description import CHARACTER
from .sidebar import Child, order_of

_ADD_PRESET = "talkinghead.add_engine_preset"


class TALKINGHEAD_PT_engine_presets(PresetPanel, bpy.types.Panel):
    """Presets of the engine's settings, in the header of its panel"""

    bl_label = "Engine Presets"
    bl_space_type = "SEQUENCE_EDITOR"
    preset_operator = "talkinghead.apply_engine_preset"
    preset_add_operator = _ADD_PRESET

    @property
    def preset_subdir(self) -> str:
        """Where this engine's presets are, below Blender's folder of presets."""
        return engine_presets.folder_of(properties.source_of_active(bpy.context))

    def draw(self, context: Any) -> None:
        if bpy.utils.preset_paths(self.preset_subdir):
            PresetPanel.draw(self, context)
        else:  # before there is the first one, Blender's menu would complain about a missing folder
            row = self.layout.row()
            row.prop(context.window_manager, "preset_name", text="")
            row.operator(_ADD_PRESET, text="", icon="ADD").name = context.window_manager.preset_name


class TALKINGHEAD_PT_engine(Child, bpy.types.Panel):
    bl_label = "Engine"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Also before a strip is animated: whether there must be a face depends on the engine."""
        source = properties.source_of_active(context)
        return source is not None and source.type != "SOUND"

    def draw_header_preset(self, context: Any) -> None:
        self.layout.emboss = "NONE"
        self.layout.popover("TALKINGHEAD_PT_engine_presets", icon="PRESET", text="")

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(source, "th_engine")
        _draw_switches(layout, source)
        _draw_costs(layout, source)
        _draw_packages(layout, _engine_of(source))
        if lacking := exact.needs_sound(source):
            fixes.draw_note(layout, f"{lacking} Choose one under Speech.", "ERROR")
        models_box.draw_missing(layout, _engine_of(source), properties.settings_of(source))
        draw_settings(layout, source, Section.MAIN)
        if _engine_of(source).film is not None:
            layout.operator("talkinghead.render_first_section", icon="RENDER_STILL")
        if source.th_hidden_source:
            layout.operator("talkinghead.show_source", icon="HIDE_OFF")


class SettingsPanel(Child):
    """The settings of a section, for engines that have some that change anything now."""

    layout: Any  # Blender's, while it draws
    bl_parent_id = "TALKINGHEAD_PT_engine"
    bl_options = {"DEFAULT_CLOSED"}
    section: Section

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and bool(_shown(properties.source_of_active(context), cls.section))

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        if unused := self.unused(source):
            layout.label(text=unused, icon="INFO")
        column = layout.column()
        column.active = not unused
        draw_settings(column, source, self.section)

    @staticmethod
    def unused(source: Any) -> str:
        """Why these settings change nothing now, or ""."""
        return ""


class TALKINGHEAD_PT_engine_prompt(SettingsPanel, bpy.types.Panel):
    bl_label = Section.PROMPT.value
    bl_order = 0
    section = Section.PROMPT


class TALKINGHEAD_PT_engine_driving(SettingsPanel, bpy.types.Panel):
    bl_label = Section.DRIVING.value
    bl_order = 1
    section = Section.DRIVING

    @staticmethod
    def unused(source: Any) -> str:
        if _engine_of(source).film is not None:  # without a clip, the sliders' performance is what drives
            return ""
        if exact.follows_clip(source) or exact.hears(source):
            return ""
        return f"Used with {'Acting or Speech' if exact.can_hear(source) else 'Acting'} and Exact only"


class TALKINGHEAD_PT_engine_picture(SettingsPanel, bpy.types.Panel):
    bl_label = Section.PICTURE.value
    bl_order = 3
    section = Section.PICTURE


class TALKINGHEAD_PT_engine_sampling(SettingsPanel, bpy.types.Panel):
    bl_label = Section.SAMPLING.value
    bl_order = 4
    section = Section.SAMPLING


def _draw_switches(layout: Any, source: Any) -> None:
    """The choices that decide which other settings there are, each with all that can be chosen."""
    engine = _engine_of(source)
    deciding = {name for setting in engine.settings for name, _values in setting.when}
    for setting in _shown(source, Section.MAIN):
        if setting.name in deciding:
            layout.row().prop(source, properties.setting_property(engine.name, setting.name), expand=True)


def _draw_costs(layout: Any, source: Any) -> None:
    """What the engine takes on this computer, as far as that is known."""
    engine, film = _engine_of(source), film_estimates.of_range(source)
    if film is not None:
        fixes.draw_note(layout, f"{film_words.work_line(film)}. {film_words.time_line(film)}.", "TIME")
        layout.label(text=film_words.memory_line(film), icon="MEMORY")
        return
    seconds = measured_speed.seconds_per_frame(source.th_engine, measured_speed.source_size(source))
    if seconds is not None:
        layout.label(text=f"About {seconds:.2g} s a frame on this computer", icon="TIME")
    if engine.memory_mb >= LARGE_MB:
        layout.label(text=f"Needs about {engine.memory_mb / 1000:.1f} GB of memory", icon="MEMORY")


def _draw_packages(layout: Any, engine: EngineDescription) -> None:
    """What the engine lacks of the worker's packages, with the button that installs it."""
    if worker.state() is not State.READY:
        return
    if engine.tier == NEURAL.name and worker.neural_state() is not State.READY:
        size = "0.2 to 5 GB of download"
        _draw_lacking(layout, engine, "PyTorch", size, worker.neural_state(), worker.neural_command())
    if engine.tier == DIFFUSION.name and worker.diffusion_state() is not State.READY:
        size = f"{DIFFUSION.download_mb} MB of download" + (
            "" if worker.neural_state() is State.READY else ", and PyTorch, which is 0.2 to 5 GB"
        )
        _draw_lacking(layout, engine, "Diffusers", size, worker.diffusion_state(), worker.diffusion_command())


def _draw_lacking(layout: Any, engine: EngineDescription, package: str, size: str, state: State, command: str) -> None:
    if worker.is_named():
        text = f"{engine.label} needs {package}, which the Python that you named lacks. Install it there yourself:"
        fixes.draw_note(layout, f"{text} {command}", "ERROR")
        return
    if state is State.OUTDATED:
        text = f"{package} was installed by another version of Talking Head. {engine.label} needs it installed again."
    else:
        text = f"{engine.label} needs {package}, {size}. The button says first what your computer needs."
    fixes.draw_note(layout, text, "ERROR")
    layout.operator(f"talkinghead.install_{engine.tier}", icon="IMPORT")


def draw_settings(layout: Any, source: Any, section: Section) -> None:
    """Draw the settings of a section that change anything now; switches stand above."""
    engine = _engine_of(source)
    deciding = {name for setting in engine.settings for name, _values in setting.when}
    for setting in _shown(source, section):
        if section is not Section.MAIN or setting.name not in deciding:
            _draw_setting(layout, source, engine, setting)


def _shown(source: Any, section: Section) -> list[Setting]:
    """The settings of a section that change anything now, and that are not placed in the picture."""
    engine, values = _engine_of(source), properties.settings_of(source)
    of_section = [setting for setting in engine.settings if setting.section is section and not setting.placed]
    return [setting for setting in of_section if setting.matters(values)]


def _draw_setting(layout: Any, source: Any, engine: EngineDescription, setting: Setting) -> None:
    name = properties.setting_property(engine.name, setting.name)
    if setting.kind is SettingKind.TEXT:  # words need the panel's whole width
        layout.label(text=setting.label)
        layout.prop(source, name, text="")
        return
    row = layout.row(align=True)
    row.prop(source, name)
    if setting.name == SEED.name:
        row.operator("talkinghead.new_seed", text="", icon="FILE_REFRESH")
    elif setting is CHARACTER:
        row.operator("talkinghead.use_as_character", text="", icon="USER")


def _engine_of(source: Any) -> EngineDescription:
    return description_of(source.th_engine)


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_PT_engine_presets,
        TALKINGHEAD_PT_engine,
        TALKINGHEAD_PT_engine_prompt,
        TALKINGHEAD_PT_engine_driving,
        TALKINGHEAD_PT_engine_picture,
        TALKINGHEAD_PT_engine_sampling,
    )
)
