# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether results are up to date: compares what they were rendered from with what their sources say now.

It is a quick look, at curves, settings and files (``source_state``); the worker's plan decides exactly.
"""

from __future__ import annotations

from typing import Any

from ...inference.errors import TalkingHeadError
from .. import compat
from . import lookup, missing_frames, source_state
from .pairs import ROLE_SOURCE
from .rendered import Rendered, read

NOT_RENDERED = "Not rendered yet"
_CHANGED = {
    source_state.SLIDERS: "Sliders have changed since the last render",
    source_state.ENGINE: "The engine or its settings have changed since the last render",
    source_state.FACE: "The choice of face has changed since the last render",
    source_state.SOURCE: "The source has changed since the last render",
    source_state.TIME: "The speed of the source has changed since the last render",
    source_state.DRIVERS: "Acting or speech has changed since the last render",
}


def reason(source: Any, frames: range | None = None) -> str:
    """Why the results of a source are out of date, in a short sentence without a period; "" while they are not.

    Looks at curves and files, so it is not for drawing: panels ask ``stale_watch.note``.

    Args:
        frames: timeline frames that matter; None for those that Render Frames would compute.
    """
    if source.th_role != ROLE_SOURCE:
        return ""
    needed = _needed(source) if frames is None else _clipped(source, frames)
    if not needed:
        return ""
    results = lookup.results_of(source)
    rendered = [item for result in results if (item := read(result)) is not None]
    if not results or len(rendered) < len(results):
        return NOT_RENDERED
    replaced = next((text for result in results if (text := missing_frames.notice(result.name))), "")
    return replaced or _difference(source, rendered, needed)


def stale_sources(scene: Any, frames: range | None = None) -> list[tuple[Any, str]]:
    """The sources of a scene whose results are out of date, each with the reason. Use them at once."""
    sources = [strip for strip in compat.all_strips(scene) if strip.th_role == ROLE_SOURCE]
    return [(source, why) for source in sources if (why := reason(source, frames))]


def _needed(source: Any) -> range:
    from ..jobs import builder  # which needs the strips' modules itself

    try:
        return builder.frames_in_range(source.id_data, source, source.id_data.th_range_mode)
    except TalkingHeadError:  # the range shows nothing of it
        return range(0)


def _clipped(source: Any, frames: range) -> range:
    return range(max(frames.start, compat.left(source)), min(frames.stop, compat.right(source)))


def _difference(source: Any, rendered: list[Rendered], needed: range) -> str:
    now = source_state.of(source)
    for item in rendered:
        for kind, value in now.items():
            if item.state.get(kind) != value:
                return _CHANGED[kind]
        if item.missing:
            total = item.end - item.first
            return f"{item.missing} of {total} frames are missing" if item.missing < total else NOT_RENDERED
    anchor = lookup.facts_of(source).anchor
    done = {frame for item in rendered for frame in range(item.first, item.end)}
    left = sum(frame - anchor not in done for frame in needed)
    if not left:
        return ""
    return f"{left} frames have not been rendered yet" if left > 1 else "1 frame has not been rendered yet"
