# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a source itself instead of its results, while points are placed on it.

Which strips were muted before is kept on them, so that undo steps and files that were saved meanwhile know it, too.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from .. import compat
from . import lookup

_WAS_SHOWN, _WAS_MUTED = 1, 2
_uncovered: set[str] = set()  # names of the scenes in which points are placed now


def uncover(source: Any) -> None:
    """Show a source itself until ``cover``."""
    scene = source.id_data
    _uncovered.add(scene.name)
    for strip in (source, *lookup.results_of(source)):
        strip.th_uncovered = _WAS_MUTED if strip.mute else _WAS_SHOWN
        strip.mute = strip.name != source.name


def cover(scene: Any) -> None:
    """Take back ``uncover``; harmless where nothing is uncovered."""
    _uncovered.discard(scene.name)
    for strip in compat.all_strips(scene):
        if strip.th_uncovered:
            strip.mute = strip.th_uncovered == _WAS_MUTED
            strip.th_uncovered = 0


@persistent
def _on_other_state(*_arguments: Any) -> None:
    """Undo, or a file, has brought back a moment at which points were placed."""
    for scene in bpy.data.scenes:
        if scene.name not in _uncovered:
            cover(scene)


@persistent
def _before_load(*_arguments: Any) -> None:
    _uncovered.clear()


_HANDLERS = (
    ("undo_post", _on_other_state), ("redo_post", _on_other_state), ("load_pre", _before_load),
    ("load_post", _on_other_state),
)  # fmt: skip


def register() -> None:
    """Look at what undo and files bring back."""
    for name, handler in _HANDLERS:
        if handler not in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Look no more."""
    _uncovered.clear()
    for name, handler in _HANDLERS:
        if handler in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).remove(handler)
