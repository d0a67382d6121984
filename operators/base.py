# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators share: reasons for a refusal, and jobs that run behind a modal operator or to their end."""

from ast import literal_eval
from collections.abc import Callable
from typing import Any

import bpy

from ..blender_talkinghead import compat, consent, properties
from ..blender_talkinghead.jobs import jobs, service
from ..blender_talkinghead.jobs.jobs import Target
from ..blender_talkinghead.jobs.queue import Entry, EntryState
from ..blender_talkinghead.jobs.runner import JobMaker, JobState, Phase
from ..blender_talkinghead.worker import models_job, setup_job, worker
from ..blender_talkinghead.worker.environment import State
from ..inference.errors import TalkingHeadError

ANIMATED_TYPES = frozenset({"IMAGE", "MOVIE", "SCENE", "META", "MOVIECLIP", "COLOR", "TEXT"})
Reason = Callable[[Any], str]
_WATCH = "TALKINGHEAD_OT_watch_job"
_SETTING_UP = setup_job.TITLES | {models_job.TITLE}


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
    """Why what no job may see happen cannot be done now, or ""."""
    return "Another Talking Head job runs" if service.runner.running else ""


def short_job_runs(context: Any) -> str:
    """Why strips and sliders are better left alone for a moment, or "". A render has read them when it runs."""
    state = service.runner.state
    if not service.runner.running or state is None or state.title == jobs.RENDER_TITLE:
        return ""
    return f"Wait until {state.title} is done, or cancel it"


def set_up_queued(context: Any) -> str:
    """Why the worker cannot be changed now, or "": that is done one at a time."""
    title = next((entry.title for entry in _unfinished() if entry.title in _SETTING_UP), "")
    return f"{title} runs, or waits in the queue" if title else ""


def queued(title: str) -> Reason:
    """A reason against a job that runs already for the active strip, or waits for its turn."""

    def reason(context: Any) -> str:
        source = properties.source_of_active(context)
        same = source is not None and any(e.title == title and e.strip == source.name for e in _unfinished())
        return f"{title} runs for this strip, or waits in the queue" if same else ""

    return reason


def _unfinished() -> tuple[Entry, ...]:
    running = service.queue.running
    return (*((running,) if running else ()), *service.queue.pending)


def worker_not_ready(context: Any) -> str:
    """Why the worker cannot be started, or ""."""
    state = worker.state()
    if state is State.READY:
        return ""
    return "Set up the worker first" if state is State.MISSING else "Repair the worker first"


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


def report_state(operator: Any, state: JobState | None) -> set[str]:
    """Tell how a job ended and end an operator."""
    if state is None:
        return {"CANCELLED"}
    if state.error:
        return report_error(operator, state.error)
    for warning in state.warnings:
        operator.report({"WARNING"}, warning)
    operator.report({"INFO"}, state.text)
    return {"FINISHED"} if state.phase is Phase.DONE else {"CANCELLED"}


def ask_for_consent(operator: Any) -> set[str]:
    """Show the question; the operator goes on once it is answered, with what it was asked for."""
    bpy.ops.talkinghead.give_consent(  # type: ignore[attr-defined]
        "INVOKE_DEFAULT", then=operator.bl_idname, options=repr(operator.as_keywords())
    )
    return {"CANCELLED"}


def go_on(name: str, options: str) -> None:
    """Invoke the operator that asked for consent; see ``ask_for_consent``."""
    category, _, short = name.replace("_OT_", ".").lower().partition(".")
    getattr(getattr(bpy.ops, category), short)("INVOKE_DEFAULT", **literal_eval(options))


def watch() -> None:
    """Show the running job in the status bar and let ESC cancel it, unless that is so already."""
    windows = bpy.context.window_manager.windows
    if not any(operator.bl_idname == _WATCH for window in windows for operator in window.modal_operators):
        bpy.ops.talkinghead.watch_job("INVOKE_DEFAULT")  # type: ignore[attr-defined]


class JobOperator:
    """An operator that runs a job: behind the user's back when it is invoked in the GUI, to its end otherwise.

    In the GUI its job waits in the queue while another one runs.
    """

    needs_consent = False
    about_strip = True
    report: Any  # Blender's, as of every operator
    bl_idname: str

    def job(self, context: Any) -> tuple[str, JobMaker]:
        """Title and maker of the job; may raise TalkingHeadError."""
        raise NotImplementedError

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        if self.needs_consent and not consent.given():
            return ask_for_consent(self)
        return self.start(context)

    def start(self, context: Any) -> set[str]:
        """Begin the job, or have it wait for its turn, and watch what runs."""
        try:
            entry = service.queue.find(self.queue(context).id)
        except TalkingHeadError as error:
            return report_error(self, error)
        if entry is not None and entry.state is EntryState.WAITING:
            self.report({"INFO"}, f"{entry.title} waits in the queue")
        watch()
        return {"FINISHED"}

    def queue(self, context: Any) -> Entry:
        """Put the job into the queue; may raise TalkingHeadError."""
        title, make = self.job(context)
        source = properties.source_of_active(context) if self.about_strip else None
        return service.start(title, make, strip=source.name if source else "")

    def execute(self, context: Any) -> set[str]:
        try:
            state = service.run_to_end(*self.job(context))
        except TalkingHeadError as error:
            return report_error(self, error)
        return report_state(self, state)
