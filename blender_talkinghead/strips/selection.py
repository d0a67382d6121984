# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two selected strips: an animated one, and another one that it is to use. Which of them is active does not matter."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .. import compat
from . import lookup
from .pairs import ROLE_MATTE, ROLE_NONE, ROLE_RESULT, ROLE_SOURCE


def source_of(context: Any) -> Any | None:
    """The animated strip that is active, or the only one that is selected; None without one. Results tell theirs."""
    active = compat.active_strip(context)
    source = None if active is None or active.th_role == ROLE_NONE else lookup.source_of(active)
    if source is not None:
        return source
    found = {strip.name: strip for strip in _sources(context)}
    return next(iter(found.values())) if len(found) == 1 else None


def other_of(context: Any, source: Any, types: Collection[str]) -> Any | None:
    """The only selected strip of some types beside a source and what belongs to it; None without one, or of several."""
    others = [
        strip
        for strip in _selected(context)
        if strip.type in types and strip != source and not _belongs_to(strip, source)
    ]
    return others[0] if len(others) == 1 else None


def _sources(context: Any) -> list[Any]:
    paired = [strip for strip in _selected(context) if strip.th_role in (ROLE_SOURCE, ROLE_RESULT)]
    return [source for strip in paired if (source := lookup.source_of(strip)) is not None]


def _selected(context: Any) -> list[Any]:
    """What the sequencer shows as selected; strips inside a closed meta strip may be selected, too, unseen."""
    scene = compat.sequencer_scene(context)
    if scene is None or scene.sequence_editor is None:
        return []
    return [strip for strip in compat.strips_in(compat.open_container(scene)) if strip.select]


def _belongs_to(strip: Any, source: Any) -> bool:
    return strip.th_role in (ROLE_RESULT, ROLE_MATTE) and lookup.source_of(strip) == source
