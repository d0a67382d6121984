# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What job generators share: the strip they work on, waiting for Blender and for the worker."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.protocol import Message
from .. import compat
from ..strips.pairs import ROLE_SOURCE
from ..worker import worker
from ..worker.client import Request
from . import service
from .runner import JobControl, JobState, JobSteps, Phase

WAITING_TEXT = "Waiting until Blender has rendered"


@dataclass(frozen=True)
class Target:
    """A strip by name, and which of its frames.

    Attributes:
        only: timeline frames of the range to compute, None for all.
        pair_id: the source's id, by which it is found when it was renamed; "" without (see ``followed``).
        first_section: of these, only the frames that the first section of the engine's film has (``film_jobs``).
    """

    scene: str
    strip: str
    range_mode: str
    only: range | None = None
    pair_id: str = ""
    first_section: bool = False


def answer_of(
    request: Request, state: JobState, control: JobControl, *, progress: bool = True
) -> Generator[JobState, None, Message]:
    """Wait for the answer to a request.

    Args:
        progress: its ``progress`` shows in the state; else the state stays as it is.

    Raises:
        TalkingHeadError: the worker's error; CANCELLED.
    """
    try:
        while request.open:
            if control.cancelled:
                worker.client().cancel(request)
            worker.client().pump(control.wait_s)
            for message in request.poll():
                if progress and message.type == "progress":
                    state = with_progress(state, message)
            yield state
        return request.result()
    finally:
        worker.client().cancel(request)


def find_scene(target: Target) -> Any:
    """The scene of a job.

    Raises:
        TalkingHeadError: INVALID_REQUEST when it is gone.
    """
    scene = bpy.data.scenes.get(target.scene)
    if scene is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"The scene '{target.scene}' is gone.", "Select a strip and start again."
        )
    return scene


def find_strip(target: Target) -> Any:
    """The strip of a job.

    Raises:
        TalkingHeadError: INVALID_REQUEST when it is gone.
    """
    scene = find_scene(target)
    strip = compat.strip_named(scene, target.strip)
    if strip is None and target.pair_id:
        sources = [s for s in compat.all_strips(scene) if s.th_role == ROLE_SOURCE and s.th_id == target.pair_id]
        strip = sources[0] if len(sources) == 1 else None
    if strip is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"There is no strip named '{target.strip}' in the scene '{target.scene}'.",
            "Select an image or movie strip and start again.",
        )
    return strip


def followed(target: Target) -> Target:
    """The target, so that its strip, if it is a source, is found when it is renamed while the job goes on."""
    strip = find_strip(target)
    return replace(target, pair_id=strip.th_id) if strip.th_role == ROLE_SOURCE else target


def shown_frame(scene: Any, strip: Any) -> int:
    """The scene's current frame, or the nearest one that a strip shows."""
    return min(max(scene.frame_current, compat.left(strip)), compat.right(strip) - 1)


@contextmanager
def main_window() -> Iterator[None]:
    """Give timers, which have no window, the first one: rendering a strip needs one.

    Raises:
        TalkingHeadError: INVALID_REQUEST when Blender has none.
    """
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    if window is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "Blender has no window.", "Open a file that was saved with a window."
        )
    with bpy.context.temp_override(window=window):
        yield


def starting_text() -> str:
    """What is done while the first answer of the worker is awaited."""
    return "Asking the worker" if worker.client().running else "Starting the worker"


def until_blender_is_free(state: JobState, control: JobControl) -> JobSteps:
    """Wait until no strip is being rendered, so that they may be changed.

    Raises:
        TalkingHeadError: CANCELLED.
    """
    yield state
    while service.blender_renders():
        control.check()
        yield replace(state, phase=Phase.WAITING, text=WAITING_TEXT)
    control.check()


def with_progress(state: JobState, message: Message) -> JobState:
    """The state after a ``progress`` message."""
    fields = message.fields
    eta = fields.get("eta_s")
    return replace(
        state,
        phase=Phase.RUNNING,
        text=str(fields.get("stage") or state.text).capitalize(),
        done=int(fields.get("done") or 0),
        total=int(fields.get("total") or 0),
        eta_s=None if eta is None else float(eta),
        in_steps=fields.get("unit") == "steps",
    )
