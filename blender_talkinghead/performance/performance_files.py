# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performance files: what a strip does is saved as JSON, and a file becomes keys on a strip."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...inference import performance as performance_file
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.motion import edits
from ...inference.performance import Performance
from .. import compat
from ..drivers import driver_jobs, drivers
from ..jobs.job_steps import Target, find_strip, followed, until_blender_is_free
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..strips import sampling
from . import bake, performance_keys
from .performance_keys import ReducedCurve

SAVE_TITLE = "Save Performance"
SUFFIX = ".json"
DRIVERS_ADD = "The strip's drivers are on and add to the loaded keyframes. Switch them off to see the file alone."


def save(target: Target, path: Path, names: Collection[str], control: JobControl) -> JobSteps:
    """Write what a strip does in its visible frames, drivers included, at the scene's rate.

    Args:
        names: controls that are saved; all others rest.

    Raises:
        TalkingHeadError: a driver cannot be read, or the file cannot be written.
    """
    state = JobState(SAVE_TITLE, text="Reading the sliders")
    target = followed(target)
    yield from until_blender_is_free(state, control)
    warnings = yield from driver_jobs.read_drivers(target, state, control)
    strip = find_strip(target)
    frames = range(compat.left(strip), compat.right(strip))
    if drivers.driven(strip):
        performance, _, told = bake.mixed_as_sliders(strip, frames)
        warnings += told
    else:
        performance = sampling.sample(strip.id_data, strip, frames, every_engine=True)
    performance = edits.kept(performance, names)
    performance_file.save(performance, path)
    text = f"{len(frames)} frames of {len(edits.moving(performance))} sliders saved in {path.name}"
    yield replace(state, phase=Phase.DONE, text=text, warnings=warnings, fraction=1.0)


def load(
    strip: Any,
    performance: Performance,
    first: int,
    names: Collection[str],
    tolerance_percent: float,
    *,
    add: bool = False,
) -> tuple[ReducedCurve, ...]:
    """Write a performance as keys of a strip, in the scene's frames.

    Sliders that the performance leaves at rest throughout keep their keys.

    Args:
        first: timeline frame of its first frame.
        names: controls that are taken from it.
        add: add to what the sliders do; else their keys in these frames are replaced.

    Raises:
        TalkingHeadError: there is nothing in it for these controls, or a slider cannot be keyed.
    """
    scene = strip.id_data
    wanted = edits.resampled(edits.kept(performance, names), sampling.scene_rate(scene))
    moving = edits.moving(wanted)
    if not moving:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The performance moves none of the chosen sliders.",
            "Choose another group, or another file.",
        )
    if add:
        frames = range(first, first + len(wanted))
        wanted = edits.added(sampling.sample(scene, strip, frames, every_engine=True), wanted)
    reduced = tuple(performance_keys.reduce_curves(wanted, first, moving, tolerance_percent))
    performance_keys.write(strip, reduced)
    return reduced


def first_frame(strip: Any, *, at_cursor: bool) -> int:
    """Timeline frame at which a loaded performance begins: the strip's first visible one, or the current one."""
    return strip.id_data.frame_current if at_cursor else compat.left(strip)


def length_of(reduced: Sequence[ReducedCurve]) -> int:
    """Timeline frames that written curves span."""
    keys = reduced[0].keys
    return round(keys[-1].frame - keys[0].frame) + 1
