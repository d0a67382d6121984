# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long engines took for a frame on this computer; what is kept lies in the extension's user folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..preview import faces
from ..worker import worker
from .engine_speed import FILE_NAME, EngineSpeeds, Size, seconds_of

_speeds: EngineSpeeds | None = None


def seconds_per_frame(engine: str, size: Size | None) -> float | None:
    """Seconds that an engine took for a frame on this computer; None if it was not measured at about this size.

    Cheap enough for drawing.

    Args:
        engine: name of the engine.
        size: (width, height) of the source in px, as ``source_size`` tells.
    """
    return _known().seconds_per_frame(engine, size)


def source_size(source: Any) -> Size | None:
    """(width, height) in px of a source's pictures, as far as that is known without opening them."""
    analysis = faces.of(source)
    if analysis is not None:
        return analysis.size
    elements = getattr(source, "elements", None)
    if elements and elements[0].orig_width > 0:
        return elements[0].orig_width, elements[0].orig_height
    return None


def note(engine: str, source: Any | None, done: Mapping[str, object]) -> None:
    """Remember how long the frames of a render took.

    Args:
        source: its source strip, None when that is gone.
        done: fields of the worker's ``done`` message.
    """
    size = None if source is None else source_size(source)
    if size is not None:
        _known().note(engine, size, int(str(done["rendered"])), seconds_of(done))


def forget() -> None:
    """Read the file again when it is needed next."""
    global _speeds
    _speeds = None


def _known() -> EngineSpeeds:
    global _speeds
    if _speeds is None:
        _speeds = EngineSpeeds(worker.places().user / FILE_NAME)
    return _speeds
