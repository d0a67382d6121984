# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers to keyframes: what a strip does with its drivers becomes keys of its sliders, and the drivers go off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ...inference.controls import POSE_NAMES
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.performance import Performance
from .. import compat
from ..drivers import driver_jobs, driver_strips, drivers
from ..drivers.driver_strips import Part
from ..jobs import service
from ..jobs.job_steps import Target, find_strip, until_blender_is_free
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..strips import sampling
from . import curves, performance_keys

TITLE = "Bake Performance"
EXACT_WARNING = (
    "Mouth and brows followed the actor point by point (Exact). As keyframes they follow with the sliders only."
)


def bake(target: Target, tolerance_percent: float, control: JobControl) -> JobSteps:
    """Write what the drivers of a strip do, strengths included, as keys over its visible frames; switch them off.

    Sliders that the drivers do not move keep their keys as they are. The drivers stay chosen.

    Args:
        tolerance_percent: largest error, in percent of each control's soft range.

    Raises:
        TalkingHeadError: no driver is on, it cannot be read, or a slider cannot be keyed; nothing is changed then.
    """
    state = JobState(TITLE, text="Reading the drivers")
    yield from until_blender_is_free(state, control)
    _require_driver(target)
    warnings = yield from driver_jobs.read_drivers(target, state, control)
    strip = find_strip(target)
    frames = range(compat.left(strip), compat.right(strip))
    warnings += (EXACT_WARNING,) if exact_is_on(strip) else ()
    performance, moved = mixed_as_sliders(strip, frames)
    curves.require_writable(strip, moved)
    reduced = []
    for curve in performance_keys.reduce_curves(performance, frames[0], moved, tolerance_percent):
        control.check()
        reduced.append(curve)
        yield replace(state, phase=Phase.RUNNING, text="Setting keys", fraction=len(reduced) / len(moved))
    strip = find_strip(target)
    performance_keys.write(strip, reduced)
    for part in Part:
        setattr(strip, part.switch, False)
    service.push_undo(TITLE)
    text = performance_keys.summary(reduced, len(frames))
    yield replace(state, phase=Phase.DONE, text=text, warnings=warnings, fraction=1.0)


def mixed_as_sliders(strip: Any, frames: range) -> tuple[Performance, tuple[str, ...]]:
    """What a strip does at timeline frames, sliders and drivers, with nothing left to exact motion.

    Returns:
        The performance, and the names of the controls that the drivers move.

    Raises:
        TalkingHeadError: a driver is missing or was not read yet.
    """
    scene = strip.id_data
    sampled = sampling.samples(scene, strip, frames)
    with _without_exact(strip):
        performance = drivers.add_drivers(scene, strip, frames, sampled).performance
    sliders = sampling.performance(scene, sampled.sliders)
    moves = np.any(performance.values != sliders.values, axis=0)
    return performance, tuple(name for name, moved in zip(POSE_NAMES, moves, strict=True) if moved)


def exact_is_on(strip: Any) -> bool:
    """Whether a strip's acting is transferred point by point now."""
    return driver_strips.is_on(strip, Part.ACTING) and drivers.uses_exact(strip)


@contextmanager
def _without_exact(strip: Any) -> Iterator[None]:
    exact = strip.th_acting_exact
    strip.th_acting_exact = False
    try:
        yield
    finally:
        strip.th_acting_exact = exact


def _require_driver(target: Target) -> None:
    if not drivers.driven(find_strip(target)):
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"No driver of '{target.strip}' is on.",
            "Choose a clip in the panel Acting or a sound in the panel Speech.",
        )
