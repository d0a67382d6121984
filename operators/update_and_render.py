# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendering with Blender once all results are up to date, and what is said when a render shows an old one."""

import functools
from typing import Any

import bpy

from ..blender_talkinghead import compat
from ..blender_talkinghead.jobs import before_render, service, stale_watch
from ..blender_talkinghead.jobs.before_render import Outdated
from ..blender_talkinghead.jobs.queue import Entry
from ..blender_talkinghead.jobs.runner import JobMaker, JobState, Phase
from . import base

_ADVICE = "Press Esc to stop, then Render > Update and Render Animation"


class _UpdateAndRender(base.JobOperator):
    needs_consent = True
    about_strip = False
    animation = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, _no_sequencer)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        outdated = self._outdated(context)
        return before_render.TITLE, lambda control: before_render.update(outdated, control)

    def start(self, context: Any) -> set[str]:
        if not self._outdated(context):
            _render(compat.sequencer_scene(context), self.animation)
            return {"FINISHED"}
        return super().start(context)

    def queue(self, context: Any) -> Entry:
        scene = compat.sequencer_scene(context)
        assert scene is not None  # by poll
        at_end = functools.partial(_render_if_done, scene.name, self.animation)
        return service.start(*self.job(context), at_end)

    def execute(self, context: Any) -> set[str]:
        ended = super().execute(context) if self._outdated(context) else {"FINISHED"}
        if ended != {"FINISHED"}:
            return ended
        scene = compat.sequencer_scene(context)
        bpy.ops.render.render(animation=self.animation, write_still=not self.animation, scene=scene.name)
        return {"FINISHED"}

    def _outdated(self, context: Any) -> list[Outdated]:
        scene = compat.sequencer_scene(context)
        assert scene is not None  # by poll
        one = range(scene.frame_current, scene.frame_current + 1)
        return before_render.out_of_date(scene, before_render.all_frames(scene) if self.animation else one)


class TALKINGHEAD_OT_render_animation(_UpdateAndRender, bpy.types.Operator):
    """Compute the frames that changed of all results in the edit, then render the animation"""

    bl_idname = "talkinghead.render_animation"
    bl_label = "Update and Render Animation"


class TALKINGHEAD_OT_render_image(_UpdateAndRender, bpy.types.Operator):
    """Compute the current frame of all results in the edit if it changed, then render it"""

    bl_idname = "talkinghead.render_image"
    bl_label = "Update and Render Image"
    animation = False


class TALKINGHEAD_OT_tell_stale(bpy.types.Operator):
    """Tell which results Blender renders out of date"""

    bl_idname = "talkinghead.tell_stale"
    bl_label = "Results Are Out of Date"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context)

    # The timer starts it, and Blender shows what an operator reports only if that came by an event of the window.
    def invoke(self, context: Any, event: Any) -> set[str]:
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        self.cancel(context)
        names = ", ".join(map(str, stale_watch.rendered_stale()))
        if names:
            self.report({"WARNING"}, f"Rendered out of date: {names}. {_ADVICE}")
        return {"FINISHED"}

    def cancel(self, context: Any) -> None:
        context.window_manager.event_timer_remove(self._timer)


def _no_sequencer(context: Any) -> str:
    scene = compat.sequencer_scene(context)
    if scene is None or scene.sequence_editor is None:
        return "There is no edit in the Sequencer"
    return "" if scene.render.use_sequencer else "Turn on Post Processing > Sequencer in the Output properties"


def _render_if_done(scene_name: str, animation: bool, state: JobState) -> None:
    """Begin Blender's render when the job that had to come first is done. On the main thread."""
    scene = bpy.data.scenes.get(scene_name)
    if state.phase is Phase.DONE and scene is not None and not service.blender_renders():
        window = bpy.context.window or bpy.context.window_manager.windows[0]
        with bpy.context.temp_override(window=window, screen=window.screen):
            _render(scene, animation)


def _render(scene: Any, animation: bool) -> None:
    options = compat.render_options(bpy.context, scene)
    bpy.ops.render.render("INVOKE_DEFAULT", animation=animation, use_viewport=True, **options)


def _draw_in_render_menu(self: Any, context: Any) -> None:
    self.layout.separator()
    self.layout.operator_context = "INVOKE_DEFAULT"
    self.layout.operator(TALKINGHEAD_OT_render_image.bl_idname, icon="RENDER_STILL")
    self.layout.operator(TALKINGHEAD_OT_render_animation.bl_idname, icon="RENDER_ANIMATION")


def _draw_in_image_header(self: Any, context: Any) -> None:
    """In the window in which Blender shows a render: what it shows out of date."""
    image, stale = context.space_data.image, stale_watch.rendered_stale()
    if stale and image is not None and image.type == "RENDER_RESULT":
        names = ", ".join(item.target.strip for item in stale)
        self.layout.label(text=f"Out of date: {names}", icon="FILE_REFRESH")
        self.layout.operator(TALKINGHEAD_OT_render_animation.bl_idname)


_CLASSES = (TALKINGHEAD_OT_render_animation, TALKINGHEAD_OT_render_image, TALKINGHEAD_OT_tell_stale)
_register, _unregister = bpy.utils.register_classes_factory(_CLASSES)


def register() -> None:
    """Register the operators and hang them into the menu Render and above the rendered image."""
    _register()
    bpy.types.TOPBAR_MT_render.append(_draw_in_render_menu)  # type: ignore[attr-defined]
    bpy.types.IMAGE_HT_header.append(_draw_in_image_header)  # type: ignore[attr-defined]


def unregister() -> None:
    """Take them out again."""
    bpy.types.IMAGE_HT_header.remove(_draw_in_image_header)  # type: ignore[attr-defined]
    bpy.types.TOPBAR_MT_render.remove(_draw_in_render_menu)  # type: ignore[attr-defined]
    _unregister()
