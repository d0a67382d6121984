# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sidebar tab Talking Head of the Sequencer."""

from typing import Any

import bpy

from ..blender_talkinghead import compat, consent, fixes, properties, workspace
from ..blender_talkinghead.drivers import driver_strips
from ..blender_talkinghead.jobs import render_queue, service, stale_watch
from ..blender_talkinghead.preview import faces, preview
from ..blender_talkinghead.strips import lookup, missing_frames
from ..blender_talkinghead.strips.pairs import ROLE_RESULT
from ..blender_talkinghead.worker import worker, worker_box
from ..blender_talkinghead.worker.environment import State
from ..inference.controls import Group, controls_in
from ..inference.engines import description_of

_ORDER = (
    "Queue", "Face", "Acting", "Speech", "Strength", "Head", "Eyes", "Brows", "Mouth", "LivePortrait",
    "Thin-Plate Spline", "Emotion", "Motion Weights", "Poses", "Performance", "Engine", "Output",
)  # fmt: skip


def order_of(label: str) -> int:
    """``bl_order`` of the panel with a label."""
    return _ORDER.index(label)


class _Sidebar:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Talking Head"


class Child(_Sidebar):
    """A panel that is there once a strip is animated."""

    bl_parent_id = "TALKINGHEAD_PT_main"

    @classmethod
    def poll(cls, context: Any) -> bool:
        source = properties.source_of_active(context)
        return source is not None and source.th_role == properties.ROLE_SOURCE


class TALKINGHEAD_PT_main(_Sidebar, bpy.types.Panel):
    bl_idname = "TALKINGHEAD_PT_main"
    bl_label = "Talking Head"

    def draw(self, context: Any) -> None:
        layout = self.layout
        if worker.state() is not State.READY:
            worker_box.draw(layout)
        strip = compat.active_strip(context)
        if strip is None:
            self._draw_beginning(layout, context.workspace)
            return
        source = properties.source_of_active(context)
        if source is None:
            fixes.draw_note(layout, "The source of this result strip is no longer in the scene.", "ERROR")
            return
        if source.type == "SOUND":
            fixes.draw_note(layout, "A sound can speak: select the portrait, animate it, and choose this under Speech.")
            return
        if source.th_role != properties.ROLE_SOURCE:
            layout.operator("talkinghead.animate_portrait", icon="USER")
            if not consent.given():
                fixes.draw_note(layout, "You are asked once whether you may animate the people in your pictures.")
            return
        if strip != source:
            layout.label(text=f"Source: {source.name}", icon="LINKED")
        self._draw_verbs(layout, source)

    @staticmethod
    def _draw_beginning(layout: Any, shown: Any) -> None:
        fixes.draw_note(layout, "Select a portrait, an image or movie strip, or add one.")
        layout.operator("talkinghead.drop_portrait", text="Add Portrait", icon="ADD")
        column = layout.column(align=True)
        if shown is None or shown.name != workspace.NAME:
            column.operator("talkinghead.add_workspace", icon="WORKSPACE")
        column.operator("talkinghead.import_workflow", icon="IMPORT")

    @staticmethod
    def _draw_verbs(layout: Any, source: Any) -> None:
        for notice in missing_frames.notices():
            fixes.draw_note(layout, notice, "ERROR")
        row = layout.row(align=True)
        row.operator("talkinghead.render_frames", icon="RENDER_ANIMATION")
        row.operator("talkinghead.render_all", text="", icon="RENDERLAYERS")
        if preview.active():
            layout.operator("talkinghead.stop_preview", icon="HIDE_ON", depress=True)
            if shows := _shown_in_preview(source):
                fixes.draw_note(layout, shows)
        else:
            layout.operator("talkinghead.preview_frame", icon="HIDE_OFF")
        if doing := preview.doing():
            layout.label(text=doing, icon="SORTTIME")
        if (error := preview.error()) is not None:
            fixes.draw_error(layout, error)
        _draw_out_of_date(layout, source)


def _shown_in_preview(source: Any) -> str:
    """What the preview shows where it is not what will be rendered."""
    engine = description_of(source.th_engine)
    if engine.film is None:
        return ""
    if not engine.controls and engine.takes.driving_video:
        return f"The preview shows the clip that acts. {engine.label} has the portrait do that when it is rendered."
    if not engine.controls:
        return f"The preview shows the portrait. {engine.label} moves it when it is rendered."
    return "The preview shows the performance that will be redrawn."


def _draw_out_of_date(layout: Any, source: Any) -> None:
    """Below the buttons, so that these stay under the mouse when it comes and goes."""
    if (note := stale_watch.note(source)) and not render_queue.runs(source):
        layout.label(text=note, icon="FILE_REFRESH")
    if stale_watch.rendered_stale() and not service.blender_renders():
        fixes.draw_note(layout, "The last render showed results that are out of date.")
        layout.operator("talkinghead.render_animation", icon="RENDER_ANIMATION")


class TALKINGHEAD_PT_face(_Sidebar, bpy.types.Panel):
    bl_idname = "TALKINGHEAD_PT_face"
    bl_parent_id = "TALKINGHEAD_PT_main"
    bl_label = "Face"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return properties.source_of_active(context) is not None

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        if source.th_manual:
            layout.label(text="Points placed by hand", icon="EMPTY_AXIS")
            layout.operator("talkinghead.place_points", text="Edit Points")
            layout.operator("talkinghead.clear_points")
        else:
            self._draw_found(layout, source)
            layout.operator("talkinghead.place_points")
        shown = layout.column(heading="Show", align=True)
        shown.prop(context.window_manager, "th_show_face", text="Face")
        shown.prop(context.window_manager, "th_show_landmarks", text="Landmarks")
        layout.prop(source, "th_as_seen")

    @staticmethod
    def _draw_found(layout: Any, source: Any) -> None:
        analysis = faces.of(source)
        if driver_strips.sees_whole(source):
            fixes.draw_note(layout, _no_face_needed(source))
        layout.operator("talkinghead.find_faces", icon="VIEWZOOM")
        if analysis is None:
            return
        count = len(analysis.faces)
        layout.label(text="1 face found" if count == 1 else f"{count} faces found")
        if count > 1:
            layout.operator("talkinghead.choose_face", icon="RESTRICT_SELECT_OFF")
            layout.prop(source, "th_face_index")


def _no_face_needed(source: Any) -> str:
    engine = description_of(source.th_engine)
    name, values = engine.whole_when
    setting = next(setting for setting in engine.settings if setting.name == name)
    if {choice.value for choice in setting.choices} == set(values):
        return f"{engine.label} needs no face."
    value = getattr(source, properties.setting_property(engine.name, setting.name))
    chosen = next(choice.label for choice in setting.choices if choice.value == value)
    return f"{engine.label} needs no face while {setting.label} is {chosen}."


class ForSliders(Child):
    """A panel that is there where the engine has sliders at all."""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return super().poll(context) and bool(description_of(properties.source_of_active(context).th_engine).controls)


class Sliders(ForSliders):
    """The sliders of one group."""

    layout: Any  # Blender's, while it draws
    group: Group

    def draw_header_preset(self, context: Any) -> None:
        operator = self.layout.operator("talkinghead.reset_controls", text="", icon="LOOP_BACK", emboss=False)
        operator.group = self.group.value

    def draw(self, context: Any) -> None:
        layout, source = self.layout, properties.source_of_active(context)
        layout.use_property_split = layout.use_property_decorate = True
        heeded = driver_strips.sliders_of(source)
        for control in controls_in(self.group):
            row = layout.row()
            row.active = control.name in heeded
            row.prop(source, control.property_name, slider=True)


class TALKINGHEAD_PT_head(Sliders, bpy.types.Panel):
    bl_label = "Head"
    bl_order = order_of(bl_label)
    group = Group.HEAD


class TALKINGHEAD_PT_eyes(Sliders, bpy.types.Panel):
    bl_label = "Eyes"
    bl_order = order_of(bl_label)
    group = Group.EYES


class TALKINGHEAD_PT_brows(Sliders, bpy.types.Panel):
    bl_label = "Brows"
    bl_order = order_of(bl_label)
    group = Group.BROWS


class TALKINGHEAD_PT_mouth(Sliders, bpy.types.Panel):
    bl_label = "Mouth"
    bl_order = order_of(bl_label)
    group = Group.MOUTH


def result_of_active(context: Any) -> Any | None:
    """The active strip if it is a result, else the best result of the active source; None without one."""
    strip, source = compat.active_strip(context), properties.source_of_active(context)
    if source is None or strip == source:
        return None if source is None else next(iter(lookup.results_of(source)), None)
    return strip if strip.th_role == ROLE_RESULT else None


class TALKINGHEAD_PT_output(Child, bpy.types.Panel):
    bl_label = "Output"
    bl_order = order_of(bl_label)
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Any) -> None:
        layout, scene = self.layout, compat.sequencer_scene(context)
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(scene, "th_range_mode")
        layout.prop(scene, "th_output_folder")
        if (result := result_of_active(context)) is not None:
            layout.prop(result, "th_follow")
        if not bpy.data.is_saved and not scene.th_output_folder:
            fixes.draw_note(layout, "Save the file or choose a folder: frames of an unsaved file are lost.", "ERROR")
        layout.operator("talkinghead.export_movie", icon="FILE_MOVIE")
        layout.operator("talkinghead.add_matte", icon="IMAGE_ALPHA")
        layout.operator("talkinghead.reveal_folder", icon="FILE_FOLDER")
        layout.operator("talkinghead.clean_up", icon="TRASH")


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_PT_main,
        TALKINGHEAD_PT_face,
        TALKINGHEAD_PT_head,
        TALKINGHEAD_PT_eyes,
        TALKINGHEAD_PT_brows,
        TALKINGHEAD_PT_mouth,
        TALKINGHEAD_PT_output,
    )
)
