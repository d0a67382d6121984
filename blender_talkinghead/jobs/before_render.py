# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which results a render of Blender's would show out of date, and the job that brings them up to date."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat, preferences, properties
from ..strips import lookup, source_state, stale
from ..worker import worker
from . import jobs
from .job_steps import Target, answer_of
from .runner import JobControl, JobState, JobSteps, Phase

TITLE = "Update Results"
VARIABLE = "TALKINGHEAD_BEFORE_RENDER"
MAY_HAVE_CHANGED = "May have changed"


class Choice(str, Enum):
    """What is done about results that are out of date. STRICT is for render farms, by the variable alone."""

    UPDATE = "UPDATE"
    WARN = "WARN"
    NOTHING = "NOTHING"
    STRICT = "STRICT"


@dataclass(frozen=True)
class Outdated:
    """A result that a render would show out of date.

    Attributes:
        target: its source, and the frames that the render shows of it.
        reason: why, in a sentence without a period.
    """

    target: Target
    reason: str

    def __str__(self) -> str:
        return f"{self.target.strip} ({self.reason[0].lower()}{self.reason[1:]})"


def choice() -> Choice:
    """What the user wants: the variable, or else the preference.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a variable that means nothing.
    """
    named = os.environ.get(VARIABLE, "").strip().upper()
    if not named:
        return Choice(preferences.preferences().before_render)
    if named not in Choice.__members__:
        names = ", ".join(item.value.lower() for item in Choice)
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"The variable {VARIABLE} cannot be '{named.lower()}'.", f"Use one of: {names}."
        )
    return Choice(named)


def out_of_date(scene: Any, frames: range, *, uncertain: bool = True) -> list[Outdated]:
    """The results that a render of some frames of a scene would show out of date; those of scene strips as well.

    Results that are muted, or that the user removed, are left alone.

    Args:
        uncertain: also those of which only the worker's plan can tell (``source_state.uncertain``).
    """
    found = []
    for shown, shown_frames in _rendered_scenes(scene, frames, set()):
        for source in compat.all_strips(shown):
            reason = _reason(source, shown_frames, uncertain) if source.th_role == properties.ROLE_SOURCE else ""
            if reason:
                found.append(Outdated(_target(shown, source, shown_frames), reason))
    return found


def all_frames(scene: Any) -> range:
    """The frames of a scene's animation."""
    return range(scene.frame_start, scene.frame_end + 1)


def update(outdated: Sequence[Outdated], control: JobControl, failures: list[str] | None = None) -> JobSteps:
    """Render what is out of date, one after the other, then have the worker free the graphics card for Blender.

    Args:
        failures: takes a sentence for each result that fails, and the job goes on; None: the first failure ends it.

    Raises:
        TalkingHeadError: as ``jobs.render``.
    """
    state = JobState(TITLE)
    warnings: tuple[str, ...] = ()
    done = 0
    for item in outdated:
        try:
            for state in jobs.render(item.target, control):
                text = f"{item.target.strip}: {state.text}"
                phase = Phase.RUNNING if state.phase is Phase.DONE else state.phase
                yield replace(state, title=TITLE, phase=phase, text=text, warnings=warnings)
            warnings += tuple(f"{item.target.strip}: {warning}" for warning in state.warnings)
            done += 1
        except TalkingHeadError as error:
            if failures is None or error.code is ErrorCode.CANCELLED:
                raise
            failures.append(f"{item.target.strip} could not be brought up to date: {error}")
    yield from _free_memory(control)
    text = "1 result is up to date" if done == 1 else f"{done} results are up to date"
    yield JobState(TITLE, Phase.DONE, text, fraction=1.0, warnings=warnings)


def _free_memory(control: JobControl) -> JobSteps:
    client = worker.running_client()
    if client is not None:
        state = JobState(TITLE, Phase.RUNNING, "Freeing memory for Blender", fraction=1.0)
        yield from answer_of(client.submit("unload", {"large": True}), state, control, progress=False)


def _rendered_scenes(scene: Any, frames: range, seen: set[str]) -> Iterator[tuple[Any, range]]:
    """A scene and those that its scene strips show, with the frames that are seen of each."""
    # A linked scene is brought up to date in its own file: what was changed here would be lost.
    if scene.name in seen or not scene.render.use_sequencer or not scene.is_editable:
        return
    seen.add(scene.name)
    yield scene, frames
    for strip in compat.all_strips(scene):
        if strip.type == "SCENE" and strip.scene and strip.scene_input == "SEQUENCER" and _is_seen(strip, frames):
            # Which of its frames the strip shows is left open: all that it may show are brought up to date.
            yield from _rendered_scenes(strip.scene, all_frames(strip.scene), seen)


def _reason(source: Any, frames: range, uncertain: bool) -> str:
    if not any(_is_seen(result, frames) for result in lookup.results_of(source)):
        return ""
    return stale.reason(source, frames) or (MAY_HAVE_CHANGED if uncertain and source_state.uncertain(source) else "")


def _is_seen(strip: Any, frames: range) -> bool:
    if not frames or compat.left(strip) >= frames.stop or compat.right(strip) <= frames.start:
        return False
    above: Any = strip
    while above is not None:
        channel = compat.container_of(above).channels[above.channel]
        # A result is hidden by the add-on itself while its frames are missing; then the user wants to see it.
        if (above.mute and not above.th_hidden_source) or channel.mute:
            return False
        above = above.parent_meta()
    return True


def _target(scene: Any, source: Any, frames: range) -> Target:
    first, end = compat.left(source), compat.right(source)
    shown = range(max(first, frames.start), min(end, frames.stop))
    only = None if shown == range(first, end) else shown
    return Target(scene.name, source.name, properties.RANGE_STRIP, only, source.th_id)
