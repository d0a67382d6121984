# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source strip's performance with its drivers: what a render uses, and what baking writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..inference.acting import ExactMotion
from ..inference.performance import Performance
from . import driver_strips, driver_tracks, sampling
from .driver_strips import Part
from .driver_tracks import Wanted


@dataclass(frozen=True)
class Driven:
    """Sliders and drivers of consecutive frames. ``exact``: landmark motion on top, None without."""

    performance: Performance
    exact: ExactMotion | None = None


def driven(strip: Any) -> bool:
    """Whether a source strip has a driver that is on."""
    return any(driver_strips.is_on(strip, part) for part in Part)


def pending(scene: Any, strip: Any) -> tuple[Wanted, ...]:
    """The tracks that must be read before :func:`mixed` can answer.

    Raises:
        TalkingHeadError: a driver is missing or cannot be followed.
    """
    return driver_tracks.pending(scene, strip)


def mixed(scene: Any, strip: Any, frames: Sequence[int]) -> Performance:
    """The pose of a source strip at timeline frames: sliders and drivers, within limits, as a render uses it.

    With *Exact* on, mouth and brows of the acting are not in it (see :func:`performance_of`).

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed, or was not read yet (action READ_DRIVER).
    """
    return performance_of(scene, strip, frames).performance


def performance_of(scene: Any, strip: Any, frames: Sequence[int]) -> Driven:
    """As :func:`mixed`, with the exact motion.

    Raises:
        TalkingHeadError: as :func:`mixed`.
    """
    return Driven(sampling.sample(scene, strip, frames))
