# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drives a face besides its sliders: acting, speech, and how much of them is used."""

from typing import Any

import bpy

from ..blender_talkinghead import fixes, properties
from ..blender_talkinghead.drivers import driver_strips, driver_tracks, drivers, exact
from ..blender_talkinghead.drivers.driver_strips import Part
from ..inference.acting import AUTOMATIC
from ..inference.controls import Group, controls_in
from .sidebar import Child, order_of

_IDLE = ("strength_blinks", "strength_sway")
_OF_SOUND = "strength_mouth"


class _Driver(Child):
    """Of one driver; its header holds the switch."""

    layout: Any  # Blender's, while it draws
    part: Part

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and driver_strips.can_drive(properties.source_of_active(context), cls.part)

    def draw_header(self, context: Any) -> None:
        self.layout.prop(properties.source_of_active(context), self.part.switch, text="")

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.active = driver_strips.is_on(source, self.part)
        layout.prop(source, self.part.reference, icon="SEQ_SEQUENCER")
        if not getattr(source, self.part.name_kept):
            layout.prop(source, self.part.file)
        self.draw_settings(layout, source)
        if driver_strips.is_on(source, self.part):
            _draw_reading(layout, source, self.part)

    @staticmethod
    def draw_settings(layout: Any, source: Any) -> None:
        """Draw what belongs to this kind of driver alone."""
        raise NotImplementedError


class TALKINGHEAD_PT_acting(_Driver, bpy.types.Panel):
    bl_label = "Acting"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}
    part = Part.ACTING

    @staticmethod
    def draw_settings(layout: Any, source: Any) -> None:
        if not source.th_acting_name and source.th_acting_file:
            layout.prop(source, "th_acting_face")
        layout.prop(source, "th_acting_smoothing", slider=True)
        layout.prop(source, "th_acting_exact")
        if effect := exact.effect(source):
            fixes.draw_note(layout, effect)
        _draw_added(layout.column(), source)
        if source.th_acting_neutral != AUTOMATIC:
            layout.label(text=f"Chosen neutral picture: {source.th_acting_neutral + 1}")
            layout.operator("talkinghead.neutral_automatic", icon="LOOP_BACK")
        layout.operator("talkinghead.neutral_here", icon="EYEDROPPER")


class TALKINGHEAD_PT_speech(_Driver, bpy.types.Panel):
    bl_label = "Speech"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}
    part = Part.SPEECH

    @staticmethod
    def draw_settings(layout: Any, source: Any) -> None:
        if exact.can_hear(source):
            if not exact.only_hears(source):
                layout.prop(source, "th_speech_exact")
            fixes.draw_note(layout, exact.heard_effect(source))
        if exact.only_hears(source):
            return
        transcript = layout.row()
        transcript.active = not (exact.can_hear(source) and source.th_speech_exact)
        transcript.prop(source, "th_transcript")
        if driver_strips.is_on(source, Part.ACTING) and source.th_speech_on:
            fixes.draw_note(layout, "Speech moves the mouth; Acting moves head, eyes and brows.")
        else:
            layout.prop(source, "th_idle_seed")


class TALKINGHEAD_PT_strength(Child, bpy.types.Panel):
    bl_label = "Strength"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not super().poll(context):
            return False
        source = properties.source_of_active(context)
        # An engine without sliders shows a clip as it is.
        return drivers.driven(source) and (exact.can_hear(source) or not exact.only_hears(source))

    def draw_header_preset(self, context: Any) -> None:
        operator = self.layout.operator("talkinghead.reset_controls", text="", icon="LOOP_BACK", emboss=False)
        operator.group = Group.STRENGTH.value

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split = layout.use_property_decorate = True
        for control in controls_in(Group.STRENGTH):
            if exact.only_hears(source) and control.name != _OF_SOUND:
                continue
            row = layout.row()
            row.active = control.name not in _IDLE or (source.th_speech_on and not source.th_acting_on)
            row.prop(source, control.property_name, text=control.label.removesuffix(" Strength"), slider=True)


def _draw_added(column: Any, source: Any) -> None:
    """The clips that give a part of the face instead of the acting clip."""
    column.active = driver_strips.takes_parts(source)
    for part in (Part.HEAD, Part.EXPRESSION):
        column.prop(source, part.reference, icon="SEQ_SEQUENCER")
        if not getattr(source, part.name_kept):
            column.prop(source, part.file)
        if driver_strips.is_on(source, part):
            _draw_added_report(column, source, part)


def _draw_added_report(column: Any, source: Any, part: Part) -> None:
    name = getattr(source, part.name_kept)
    if name and driver_strips.find(source, part) is None:
        fixes.draw_note(column, f"The strip '{name}' is gone. Choose another one.", "ERROR")
    else:
        _draw_report(column, source, part)


def _draw_reading(layout: Any, source: Any, part: Part) -> None:
    name = getattr(source, part.name_kept)
    if not name and not getattr(source, part.file):
        fixes.draw_note(layout, "Choose a strip or a file.")
    elif name and driver_strips.find(source, part) is None:
        fixes.draw_note(layout, f"The strip '{name}' is gone. Choose another one.", "ERROR")
    else:
        layout.operator("talkinghead.read_drivers", icon="FILE_REFRESH")
        _draw_report(layout, source, part)


def _draw_report(layout: Any, source: Any, part: Part) -> None:
    read = driver_tracks.shown(source, part)
    if read is None:
        fixes.draw_note(layout, "Not read yet. Render Frames reads it as well.")
        return
    for number, line in enumerate(read.report):
        fixes.draw_note(layout, line, "CHECKMARK" if number == 0 else "DOT")


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_PT_acting, TALKINGHEAD_PT_speech, TALKINGHEAD_PT_strength)
)
