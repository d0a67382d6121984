# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The box that says whether the worker is set up; drawn in the preferences and, until it is, in the sidebar."""

from typing import Any

from .. import fixes
from ..jobs import service
from . import models_job, setup_job, worker
from .environment import State
from .optional_tier import DIFFUSION, NEURAL, SPEECH

_TEXTS = {
    State.READY: "The worker is set up",
    State.MISSING: "The worker is not set up yet. It computes the frames in a Python of its own; Blender's own stays "
    "as it is.",
    State.OUTDATED: "The worker was set up by another version of Talking Head.",
}
_SPEECH_TEXTS = {
    State.READY: f"{SPEECH.label} is installed",
    State.MISSING: f"{SPEECH.label} is not installed. {SPEECH.description}; {SPEECH.download_mb} MB.",
    State.OUTDATED: f"{SPEECH.label} was installed by another version of Talking Head.",
}
_NEURAL_TEXTS = {
    State.READY: f"{NEURAL.label} is installed",
    State.MISSING: f"{NEURAL.label} is not installed. {NEURAL.description}; it needs 0.2 to 5 GB of download.",
    State.OUTDATED: f"{NEURAL.label} was installed by another version of Talking Head.",
}
_DIFFUSION_TEXTS = {
    State.READY: f"{DIFFUSION.label} is installed",
    State.MISSING: f"{DIFFUSION.label} is not installed. {DIFFUSION.description}; {DIFFUSION.download_mb} MB on top of "
    "PyTorch.",
    State.OUTDATED: f"{DIFFUSION.label} was installed by another version of Talking Head.",
}


def draw(layout: Any) -> None:
    """Draw the state of the worker and what can be done about it."""
    state, job = worker.state(), service.runner.state
    box = layout.box()
    fixes.draw_note(box, _TEXTS[state], "CHECKMARK" if state is State.READY else "INFO")
    if job and job.title in (*setup_job.TITLES, models_job.TITLE):
        _draw_job(box, job)
        if service.runner.running:
            return
    if state is State.READY:
        _draw_device(box)
    if worker.is_named():
        fixes.draw_note(box, "Its Python is named in the preferences or by TALKINGHEAD_PYTHON.")
        if state is State.READY:
            fixes.draw_note(box, f"For {SPEECH.label}, install this yourself: {worker.speech_command()}")
            fixes.draw_note(box, f"For {NEURAL.label}, install this yourself: {worker.neural_command()}")
            fixes.draw_note(box, f"For {DIFFUSION.label}, install this yourself: {worker.diffusion_command()}")
        return
    row = box.row()
    if state is State.MISSING:
        row.operator("talkinghead.set_up_worker")
    else:
        row.operator("talkinghead.repair_worker")
        row.operator("talkinghead.remove_worker")
    if state is State.READY:
        _draw_speech(box)
        _draw_neural(box)
        _draw_diffusion(box)


def _draw_speech(box: Any) -> None:
    state = worker.speech_state()
    box.separator()
    fixes.draw_note(box, _SPEECH_TEXTS[state], "CHECKMARK" if state is State.READY else "INFO")
    box.operator("talkinghead.install_speech", text="Install Again" if state is State.READY else "Install")


def _draw_neural(box: Any) -> None:
    state = worker.neural_state()
    box.separator()
    text = f"{_NEURAL_TEXTS[state]}: {worker.neural_build()}" if state is State.READY else _NEURAL_TEXTS[state]
    fixes.draw_note(box, text, "CHECKMARK" if state is State.READY else "INFO")
    box.operator("talkinghead.install_neural", text="Install Again" if state is State.READY else "Install")


def _draw_diffusion(box: Any) -> None:
    state = worker.diffusion_state()
    box.separator()
    fixes.draw_note(box, _DIFFUSION_TEXTS[state], "CHECKMARK" if state is State.READY else "INFO")
    box.operator("talkinghead.install_diffusion", text="Install Again" if state is State.READY else "Install")


def _draw_device(box: Any) -> None:
    """What neural engines compute on, once the worker said so, and what it holds in memory."""
    info = worker.device()
    if info is not None:
        fixes.draw_note(box, info.line, "CHECKMARK")
        if info.warning:
            fixes.draw_note(box, info.warning, "ERROR")
    row = box.row()
    if worker.neural_state() is State.READY:
        row.operator("talkinghead.check_device")
    row.operator("talkinghead.free_memory")


def _draw_job(box: Any, job: Any) -> None:
    if service.runner.running:
        box.progress(text=job.line, factor=job.progress, type="BAR")
        box.operator("talkinghead.cancel")
    elif job.error:
        fixes.draw_error(box, job.error)
        row = box.row()
        row.operator("talkinghead.show_log")
        row.operator("talkinghead.copy_report")
