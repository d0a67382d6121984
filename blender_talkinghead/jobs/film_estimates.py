# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing a strip's film will take on this computer: for panels, dialogs and the queue."""

from __future__ import annotations

import os
import time
from collections.abc import Hashable
from typing import Any

from ...inference.engines import description_of
from ...inference.errors import TalkingHeadError
from ...inference.estimate import SPEEDS_FILE, Estimate, FilmSpeeds, film_estimate
from .. import compat, properties
from ..preferences import device_choice
from ..worker import worker
from . import builder

# Panels are drawn often, and what was measured lies in a file.
_RECHECK_S = 5.0
_MOST_KEPT = 32
_seen: dict[Hashable, tuple[float, Estimate | None]] = {}


def estimate_of(source: Any, frames: range | None = None) -> Estimate | None:
    """What a strip's film takes if nothing of it is there; None for engines that draw frame by frame.

    Cheap enough for drawing.

    Args:
        frames: timeline frames that are wanted; None for all that the strip shows.
    """
    engine = description_of(source.th_engine)
    if engine.film is None:
        return None
    try:
        settings = properties.settings_of(source)
    except TalkingHeadError:  # rendering says so
        return None
    left, count = compat.left(source), compat.right(source) - compat.left(source)
    key = (engine.name, tuple(sorted(settings.items())), count, left, frames, _device())
    seen_s, estimate = _seen.get(key, (0.0, None))
    now_s = time.monotonic()
    if now_s - seen_s > _RECHECK_S or key not in _seen:
        wanted = None if frames is None else range(frames.start - left, frames.stop - left)
        estimate = film_estimate(engine, settings, count, _speeds(), _device(), wanted)
        if len(_seen) >= _MOST_KEPT:
            _seen.clear()
        _seen[key] = now_s, estimate
    return estimate


def of_range(source: Any) -> Estimate | None:
    """What Render Frames takes if nothing is there: the frames of the scene's range. Cheap enough for drawing."""
    try:
        frames = builder.frames_in_range(source.id_data, source, source.id_data.th_range_mode)
    except TalkingHeadError:  # the range shows nothing of it
        return None
    return estimate_of(source, frames)


def forget() -> None:
    """Look again the next time: something was drawn."""
    _seen.clear()


def _speeds() -> FilmSpeeds:
    return FilmSpeeds(worker.places().user / "cache" / SPEEDS_FILE)


def _device() -> str:
    return os.environ.get(worker.DEVICE_VARIABLE) or device_choice()
