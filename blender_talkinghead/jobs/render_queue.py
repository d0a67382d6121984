# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders in the queue: from a strip to an order, and from an order to a job."""

from __future__ import annotations

from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from ..strips import lookup
from ..strips.pairs import ROLE_SOURCE
from . import builder, film_estimates, film_jobs, jobs, measured_speed, service
from .job_steps import Target, find_scene, find_strip
from .queue import AtEnd, Entry, EntryState, RenderOrder, seconds_left
from .runner import JobControl, JobMaker, JobSteps


def add(target: Target, at_end: AtEnd | None = None) -> Entry:
    """Queue a render; it begins at once if nothing else runs.

    Args:
        at_end: see ``service.start``.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the strip is gone, is not animated or has no frame in the range, or has
            no first section.
    """
    order = order_of(target)
    return service.start(jobs.RENDER_TITLE, maker_of(order), at_end, strip=order.strip, order=order)


def order_of(target: Target) -> RenderOrder:
    """What is to be rendered, as of now.

    Raises:
        TalkingHeadError: as ``add``.
    """
    scene, strip = find_scene(target), _animated(target)
    frames = builder.frames_in_range(scene, strip, target.range_mode)
    if target.first_section:
        frames = film_jobs.first_frames(scene, strip, frames)
    estimate = film_estimates.estimate_of(strip, frames)
    return RenderOrder(
        scene=scene.name,
        strip=strip.name,
        range_mode=target.range_mode,
        pair_id=strip.th_id,
        engine=strip.th_engine,
        frames=len(frames),
        size=measured_speed.source_size(strip),
        first_section=target.first_section,
        film_s=None if estimate is None else estimate.seconds,
    )


def target_of(order: RenderOrder) -> Target:
    """The strip of an order."""
    return Target(order.scene, order.strip, order.range_mode, pair_id=order.pair_id, first_section=order.first_section)


def maker_of(order: RenderOrder) -> JobMaker:
    """What begins the render."""
    return lambda control: _render(order, control)


def portraits(scene: Any) -> list[Any]:
    """The animated portraits of a scene, the earliest first, of these the lowest channel first."""
    sources = [strip for strip in compat.all_strips(scene) if strip.th_role == ROLE_SOURCE]
    return sorted(sources, key=lambda strip: (compat.left(strip), strip.channel, strip.name))


def runs(source: Any) -> bool:
    """Whether a source is being rendered. For drawing."""
    running = (entry.order for entry in service.queue.entries if entry.state is EntryState.RUNNING)
    return any(order is not None and order.pair_id == source.th_id for order in running)


def left_s() -> float | None:
    """Seconds until the renders that run and wait are done, None while that cannot be told. For drawing."""
    return seconds_left(service.queue, service.runner.state, measured_speed.seconds_per_frame)


def _render(order: RenderOrder, control: JobControl) -> JobSteps:
    target = target_of(order)
    _animated(target)
    yield from jobs.render(target, control)


def _animated(target: Target) -> Any:
    strip = lookup.source_of(find_strip(target))
    if strip is None or strip.th_role != ROLE_SOURCE:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The strip '{target.strip}' is not animated.",
            "Press Animate Portrait on it, then render its frames.",
        )
    return strip
