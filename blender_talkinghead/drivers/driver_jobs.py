# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the worker read drivers: a job of its own, and the first steps of jobs that need them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from .. import compat, consent
from ..jobs.job_steps import (
    Target,
    answer_of,
    find_scene,
    find_strip,
    followed,
    main_window,
    starting_text,
    until_blender_is_free,
)
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from ..strips import lookup, prerender, sound_mixdown
from ..strips.sources import Rendering
from ..worker import worker
from . import driver_tracks, drivers
from .driver_media import Prerendering
from .driver_tracks import ReadTrack, Wanted

READ_TITLE = "Read Driver"
# Pictures that Blender renders in one step, between which the user gets the program back.
_RENDERED_A_STEP = 5


def read(target: Target, control: JobControl) -> JobSteps:
    """Read the drivers of a strip, also those that were read before.

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed or read; CANCELLED.
    """
    consent.require()
    state = JobState(READ_TITLE, text=starting_text())
    target = followed(target)
    yield from until_blender_is_free(state, control)
    for item in driver_tracks.all_wanted(find_scene(target), _source(target)):
        driver_tracks.forget(item)
    warnings = yield from read_drivers(target, state, control)
    yield replace(state, phase=Phase.DONE, text="Done: the panel tells what was found", warnings=warnings, fraction=1.0)


def read_drivers(target: Target, state: JobState, control: JobControl) -> Generator[JobState, None, tuple[str, ...]]:
    """Steps of a job: read those drivers of a strip whose tracks are not in memory; then strips may be changed.

    Returns:
        What was found wrong with them, in sentences.

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed or read; LICENCE_NOT_ACCEPTED; CANCELLED.
    """
    warnings: tuple[str, ...] = ()
    # Looked at again after each one: while it was read the user may have changed what is needed.
    while items := drivers.pending(find_scene(target), _source(target)):
        consent.require()
        item = items[0]
        doing = replace(state, text=f"Reading the driver {item.medium.name}")
        yield from until_blender_is_free(doing, control)
        if item.medium.prerendering is not None:
            yield from _render_pictures(target, item.medium.prerendering, doing, control)
        if item.medium.mixdown is not None:
            driver = _driver(target, item.medium.mixdown.strip)
            with main_window():
                sound_mixdown.mix_down(find_scene(target), driver, item.medium.mixdown.path)
        found = yield from _read(item, doing, control)
        warnings += tuple(finding.text for finding in found.track.findings)
    yield from until_blender_is_free(state, control)  # a render may have begun while the worker was reading
    return warnings


def _driver(target: Target, name: str) -> Any:
    return find_strip(replace(target, strip=name, pair_id=""))


def _source(target: Target) -> Any:
    strip = find_strip(target)
    return lookup.source_of(strip) or strip  # of a result without a source the job itself tells


def _read(item: Wanted, state: JobState, control: JobControl) -> Generator[JobState, None, ReadTrack]:
    request = worker.client().submit(item.request, item.fields)
    answer = yield from answer_of(request, state, control)
    return driver_tracks.remember(item, answer)


def _render_pictures(target: Target, wanted: Prerendering, state: JobState, control: JobControl) -> JobSteps:
    driver = _driver(target, wanted.strip)
    frames = range(compat.left(driver), compat.right(driver))
    for first in range(frames.start, frames.stop, _RENDERED_A_STEP):
        yield from until_blender_is_free(state, control)
        some = frames[first - frames.start : first - frames.start + _RENDERED_A_STEP]
        with main_window():
            scene, driver = find_scene(target), _driver(target, wanted.strip)
            as_seen = wanted.rendering is Rendering.AS_SEEN
            prerender.render(scene, driver, some, wanted.planned, as_seen=as_seen)
        yield replace(
            state,
            phase=Phase.RUNNING,
            text="Rendering the driver's pictures",
            done=first - frames.start + len(some),
            total=len(frames),
        )
