# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendering the frames of a portrait, or of all of them."""

from typing import Any

import bpy
from bpy.props import BoolProperty

from ..blender_talkinghead import compat, consent, properties
from ..blender_talkinghead.jobs import film_estimates, film_words, jobs, render_queue, service
from ..blender_talkinghead.jobs.jobs import Target
from ..blender_talkinghead.jobs.queue import Entry
from ..blender_talkinghead.jobs.runner import JobMaker, Phase
from ..blender_talkinghead.strips import lookup
from ..inference.errors import ErrorCode, TalkingHeadError
from . import base


class TALKINGHEAD_OT_render_frames(base.JobOperator, bpy.types.Operator):
    """Compute the frames of the active strip that changed and show them in its result strip"""

    bl_idname = "talkinghead.render_frames"
    bl_label = "Render Frames"
    needs_consent = True

    layout: Any  # Blender's, while it draws
    asked = False

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source)

    def invoke(self, context: Any, event: Any) -> set[str]:
        film = film_estimates.of_range(properties.source_of_active(context))
        if bpy.app.background or not consent.given() or film is None or not film_words.is_long(film):
            return super().invoke(context, event)
        self.asked, self.lines = True, film_words.question(film)
        return context.window_manager.invoke_props_dialog(self, width=480)

    def draw(self, context: Any) -> None:
        column = self.layout.column(align=True)
        for line in self.lines if self.asked else ():
            column.label(text=line)

    def execute(self, context: Any) -> set[str]:
        # The dialog's OK comes here as well; only then is there a window to run behind.
        return self.start(context) if self.asked else super().execute(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = base.active_target(context)
        return jobs.RENDER_TITLE, lambda control: jobs.render(target, control)

    def queue(self, context: Any) -> Entry:
        return render_queue.add(base.active_target(context))


class TALKINGHEAD_OT_render_all(base.JobOperator, bpy.types.Operator):
    """Compute the frames that changed of all animated portraits in the scene, one portrait after the other"""

    bl_idname = "talkinghead.render_all"
    bl_label = "Render All"
    needs_consent = True

    selected: BoolProperty(name="Selected Only", description="Leave out portraits that are not selected")

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, _no_scene)

    def start(self, context: Any) -> set[str]:
        refused: list[str] = []
        targets = self._targets(context)
        for target in targets:
            try:
                render_queue.add(target)
            except TalkingHeadError as error:
                refused.append(error.message)
        if len(refused) == len(targets):
            return base.report_error(self, _none_rendered(refused))
        for message in refused:
            self.report({"WARNING"}, message)
        self.report({"INFO"}, f"{len(targets) - len(refused)} portraits are in the queue")
        base.watch()
        return {"FINISHED"}

    def execute(self, context: Any) -> set[str]:
        if service.runner.running:
            self.report({"ERROR"}, "Another Talking Head job runs. Wait for it, or cancel it.")
            return {"CANCELLED"}
        targets = self._targets(context)
        failed = [message for target in targets if (message := self._failure(target))]
        if len(failed) == len(targets):
            return base.report_error(self, _none_rendered(failed))
        self.report({"INFO"}, f"{len(targets) - len(failed)} of {len(targets)} portraits rendered")
        if failed:
            self.report({"ERROR"}, f"{len(failed)} of {len(targets)} portraits were not rendered. {' '.join(failed)}")
        return {"FINISHED"}

    def _failure(self, target: Target) -> str:
        """Render a portrait to its end; why it failed, or ""."""
        try:
            state = service.run_to_end(jobs.RENDER_TITLE, render_queue.maker_of(render_queue.order_of(target)))
        except TalkingHeadError as error:
            return f"'{target.strip}': {error}"
        for warning in state.warnings:
            self.report({"WARNING"}, f"'{target.strip}': {warning}")
        return "" if state.phase is Phase.DONE else f"'{target.strip}': {state.text}"

    def _targets(self, context: Any) -> list[Target]:
        scene = compat.sequencer_scene(context)
        portraits = render_queue.portraits(scene)
        if self.selected:
            chosen = [lookup.source_of(strip) for strip in compat.selected_strips(context)]
            names = {source.name for source in chosen if source is not None}
            portraits = [strip for strip in portraits if strip.name in names]
        return [Target(scene.name, strip.name, scene.th_range_mode) for strip in portraits]


def _none_rendered(reasons: list[str]) -> TalkingHeadError:
    if not reasons:
        return TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "There is no animated portrait.", "Press Animate Portrait on a strip first."
        )
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, "No portrait was rendered.", " ".join(reasons))


def _no_scene(context: Any) -> str:
    return "" if compat.sequencer_scene(context) is not None else "Choose a scene in the Sequencer first"


register, unregister = bpy.utils.register_classes_factory((TALKINGHEAD_OT_render_frames, TALKINGHEAD_OT_render_all))
