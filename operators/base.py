# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share: reasons for a refusal, and jobs that run behind a modal operator or to their end."""

from collections.abc import Callable
from typing import Any

import bpy

from ..blender_talkinghead import compat, consent, properties, service
from ..blender_talkinghead.jobs import Target
from ..blender_talkinghead.runner import JobMaker, JobState, Phase
from ..inference.errors import TalkingHeadError

ANIMATED_TYPES = frozenset({"IMAGE", "MOVIE", "SCENE", "META", "MOVIECLIP", "COLOR", "TEXT"})
Reason = Callable[[Any], str]


def allow(cls: Any, context: Any, *reasons: Reason) -> bool:
    """For ``poll``: whether no reason speaks against an operator; the first that does is shown on the button."""
    for reason in reasons:
        text = reason(context)
        if text:
            cls.poll_message_set(text)
            return False
    return True


def no_strip(context: Any) -> str:
    """Why the active strip cannot be animated, or ""."""
    strip = compat.active_strip(context)
    if strip is None:
        return "Select an image or movie strip in the Sequencer"
    if properties.source_of_active(context) is None:
        return "The source of this result strip is no longer in the scene"
    if strip.type not in ANIMATED_TYPES and "input_1" not in strip.bl_rna.properties and strip.type != "COMPOSITOR":
        return f"A strip of the type {strip.bl_rna.name} shows no picture; select an image or movie strip"
    return ""


def no_source(context: Any) -> str:
    """Why the active strip has no sliders in use, or ""."""
    reason = no_strip(context)
    if not reason and properties.source_of_active(context).th_role != properties.ROLE_SOURCE:
        return "Animate the portrait first"
    return reason


def job_runs(context: Any) -> str:
    """Why no job can begin, or ""."""
    return "Another Talking Head job runs" if service.runner.running else ""


def blender_renders(context: Any) -> str:
    """Why strips cannot be changed now, or ""."""
    return "Blender is rendering" if service.blender_renders() else ""


def active_target(context: Any) -> Target:
    """The source of the active strip, by name, with the scene's range."""
    source = properties.source_of_active(context)
    scene = source.id_data
    return Target(scene.name, source.name, scene.th_range_mode)


def report_error(operator: Any, error: TalkingHeadError) -> set[str]:
    """Tell an error and end an operator."""
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


class JobOperator:
    """An operator that runs a job: behind its back when it is invoked in the GUI, to its end otherwise.

    The job itself is driven by the timer; being modal only catches ESC and shows the progress.
    """

    needs_consent = False
    report: Any  # Blender's, as of every operator
    bl_idname: str
    _timer: Any = None

    def job(self, context: Any) -> tuple[str, JobMaker]:
        """Title and maker of the job; may raise TalkingHeadError."""
        raise NotImplementedError

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if self.needs_consent and not consent.given():
            return bpy.ops.talkinghead.give_consent(  # type: ignore[attr-defined]
                "INVOKE_DEFAULT", then=self.bl_idname
            )
        return self.start(context)

    def start(self, context: Any) -> set[str]:
        """Begin the job and go modal."""
        try:
            service.start(*self.job(context))
        except TalkingHeadError as error:
            return report_error(self, error)
        window_manager = context.window_manager
        self._timer = window_manager.event_timer_add(0.25, window=context.window)
        window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        state = service.runner.state
        if not service.runner.running or state is None:
            self._end(context)
            return self._report(state)
        if event.type == "ESC" and event.value == "PRESS":
            service.runner.cancel()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            ending = "Canceling" if service.runner.cancelling else "ESC: Cancel"
            context.workspace.status_text_set(f"Talking Head: {state.line}    {ending}")
        return {"PASS_THROUGH"}

    def cancel(self, context: Any) -> None:
        self._end(context)

    def execute(self, context: Any) -> set[str]:
        try:
            state = service.run_to_end(*self.job(context))
        except TalkingHeadError as error:
            return report_error(self, error)
        return self._report(state)

    def _end(self, context: Any) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        context.workspace.status_text_set(None)

    def _report(self, state: JobState | None) -> set[str]:
        if state is None:
            return {"CANCELLED"}
        if state.error:
            return report_error(self, state.error)
        for warning in state.warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, state.text)
        return {"FINISHED"} if state.phase is Phase.DONE else {"CANCELLED"}
