# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text about what went wrong, for asking for help. It names no user."""

import platform
import sys
from pathlib import Path

import bpy

from ..preferences import device_choice
from ..worker import worker
from ..worker.process import log_tail
from . import service
from .runner import JobState

_LOG_LINES = 200


def text(job: JobState | None = None) -> str:
    """Versions, how a job ended and the last lines of the logs.

    Args:
        job: the last state of the job in question; None for the last one that ran.
    """
    where = worker.places()
    client = worker.client()
    lines = [
        f"Talking Head {worker.app_version()}",
        f"Blender {bpy.app.version_string}, Python {platform.python_version()}, {platform.platform()}",
        f"Worker: {worker.state().value}, named: {worker.is_named()}, {dict(client.greeting or {})}",
        f"Device: {_device()}",
        f"Online access: {bpy.app.online_access}, background: {bpy.app.background}",
    ]
    state = job or service.runner.state
    if state:
        lines.append(f"{'Job' if job else 'Last job'}: {state.title}, {state.phase.value}: {state.text}")
        if state.error:
            lines += [f"Error {state.error.code.value}: {state.error}", state.error.details]
    for name, log in (("worker.log", where.worker_log), ("setup.log", where.setup_log)):
        lines += [f"--- last lines of {name}", log_tail(log, _LOG_LINES)]
    return without_user("\n".join(lines))


def _device() -> str:
    """What neural engines compute on, as far as the worker said."""
    info = worker.device()
    installed = worker.neural_build() or "not installed here"
    return f"{info.line if info else 'not asked'}, chosen: {device_choice() or 'automatic'}, PyTorch for: {installed}"


def without_user(report: str) -> str:
    """A text in which the path of the user's home is written as ~."""
    home = str(Path.home())
    if len(home) < 3:
        return report
    report = report.replace(home, "~")
    return report.replace(home.replace("\\", "/"), "~") if sys.platform == "win32" else report
