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
from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.performance import Performance
from .. import compat
from ..drivers import driver_jobs, driver_media, driver_strips, drivers, exact
from ..drivers.driver_strips import Part
from ..jobs import service
from ..jobs.job_steps import Target, find_strip, followed, until_blender_is_free
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..strips import sampling
from . import curves, performance_keys

TITLE = "Bake Performance"
_EXACT_POINTS = (
    "Mouth and brows followed the actor point by point (Exact). As keyframes they follow with the sliders only."
)
_EXACT_CLIP = "{engine} followed the clip itself (Exact). As keyframes the face follows with the sliders only."
_EXACT_SOUND = "{engine} listened to the sound itself (Exact). As keyframes the mouth follows with the sliders only."
_EXACT_WHOLE = "{engine} moves whole figures by the clip itself (Exact), which no keyframes can do."


def bake(target: Target, tolerance_percent: float, control: JobControl) -> JobSteps:
    """Write what the drivers of a strip do, strengths included, as keys over its visible frames; switch them off.

    Sliders that the drivers do not move keep their keys as they are. The drivers stay chosen.

    Args:
        tolerance_percent: largest error, in percent of each control's soft range.

    Raises:
        TalkingHeadError: no driver is on, it cannot be read, it moves nothing, or a slider cannot be keyed; nothing is
            changed then.
    """
    state = JobState(TITLE, text="Reading the drivers")
    target = followed(target)
    yield from until_blender_is_free(state, control)
    _require_driver(target)
    _require_sliders(find_strip(target))
    warnings = yield from driver_jobs.read_drivers(target, state, control)
    strip = find_strip(target)
    frames = range(compat.left(strip), compat.right(strip))
    performance, moved, told = mixed_as_sliders(strip, frames)
    if not moved:
        raise _nothing_moves(strip)
    curves.require_writable(strip, moved)
    reduced = []
    for curve in performance_keys.reduce_curves(performance, frames[0], moved, tolerance_percent):
        control.check()
        reduced.append(curve)
        yield replace(state, phase=Phase.RUNNING, text="Setting keys", fraction=len(reduced) / len(moved))
    yield from until_blender_is_free(state, control)
    strip = find_strip(target)
    performance_keys.write(strip, reduced)
    for part in Part:
        setattr(strip, part.switch, False)
    service.push_undo(TITLE)
    text = performance_keys.summary(reduced, len(frames))
    yield replace(state, phase=Phase.DONE, text=text, warnings=warnings + told, fraction=1.0)


def mixed_as_sliders(strip: Any, frames: range) -> tuple[Performance, tuple[str, ...], tuple[str, ...]]:
    """What a strip does at timeline frames, sliders and drivers, with nothing left to exact motion where that can be.

    Returns:
        The performance, the names of the controls that the drivers move, and sentences for the user.

    Raises:
        TalkingHeadError: a driver is missing or was not read yet.
    """
    scene = strip.id_data
    sampled = sampling.samples(scene, strip, frames, every_engine=True)
    told = _exact_warning(strip)
    with _without_exact(strip):
        driven = drivers.add_drivers(scene, strip, frames, sampled)
    sliders = sampling.performance(scene, sampled.sliders)
    moves = np.any(driven.performance.values != sliders.values, axis=0)
    moved = tuple(name for name, moves_it in zip(POSE_NAMES, moves, strict=True) if moves_it)
    return driven.performance, moved, driven.warnings + told


def _exact_warning(strip: Any) -> tuple[str, ...]:
    """What keyframes lose of what the engine takes from clip and sound themselves."""
    engine, told = description_of(strip.th_engine), []
    if _acts_whole(strip):
        told.append(_EXACT_WHOLE)
    elif exact.follows_clip(strip):
        told.append(_EXACT_CLIP)
    elif driver_strips.is_on(strip, Part.ACTING) and exact.taken(strip):
        told.append(_EXACT_POINTS)
    if exact.hears(strip):
        told.append(_EXACT_SOUND)
    return tuple(text.format(engine=engine.label) for text in told)


def _acts_whole(strip: Any) -> bool:
    return driver_strips.is_on(strip, Part.ACTING) and driver_media.acts_whole(strip)


@contextmanager
def _without_exact(strip: Any) -> Iterator[None]:
    """Everything by the sliders; only a clip that is shown whole moves none."""
    names = ("th_speech_exact",) if _acts_whole(strip) else ("th_speech_exact", "th_acting_exact")
    before = {name: getattr(strip, name) for name in names}
    for name in names:
        setattr(strip, name, False)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(strip, name, value)


def _nothing_moves(strip: Any) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"The drivers of '{strip.name}' move nothing in its frames, so there is nothing to bake.",
        "Check that they lie at the same time, and their strengths.",
    )


def _require_sliders(strip: Any) -> None:
    if _acts_whole(strip):
        label = description_of(strip.th_engine).label
        hint = "Keep the driver, or set the engine's Area to Face."
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, _EXACT_WHOLE.format(engine=label), hint)


def _require_driver(target: Target) -> None:
    if not drivers.driven(find_strip(target)):
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"No driver of '{target.strip}' is on.",
            "Choose a clip in the panel Acting or a sound in the panel Speech.",
        )
