# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a file is opened: frames that were deleted or not brought along are replaced before Blender reads them.

An element without its file can crash Blender 5.2, so it gets another picture of the same strip; where none is left the
strip is muted. The sliders are untouched, so the next render makes the frames again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from .. import compat
from . import folders, rendered
from .pairs import ROLE_MATTE, ROLE_RESULT
from .results import hide_source, show_source

_notices: dict[str, str] = {}


def notices() -> tuple[str, ...]:
    """What was replaced in the open file, in sentences."""
    return tuple(_notices.values())


def notice(result: str) -> str:
    """What was replaced in a result strip of the open file, "" for nothing."""
    return _notices.get(result, "")


def forget(result: str) -> None:
    """A result strip was rendered again."""
    _notices.pop(result, None)


def replace_missing(scene: Any) -> dict[str, str]:
    """Replace the missing pictures of a scene's result strips.

    Returns:
        A sentence for each strip that was changed, by its name.
    """
    made = [strip for strip in compat.all_strips(scene) if strip.th_role in (ROLE_RESULT, ROLE_MATTE)]
    return {strip.name: sentence for strip in made if (sentence := _mend(strip))}


def _mend(strip: Any) -> str:
    there = _file_names(folders.absolute(strip.directory))
    missing = [element for element in strip.elements if element.filename not in there]
    if not missing:
        show_source(strip)  # hidden at an earlier opening, when the frames' disk was not there
        return ""
    own = [element.filename for element in strip.elements if element.filename in there]
    stand_in = next(iter(own or sorted(there)), None)
    if stand_in is None:
        hide_source(strip)
        return f"All frames of '{strip.name}' are missing, so it is muted. Render Frames makes them again."
    for element in missing:
        element.filename = stand_in
    rendered.lose(strip, len(missing))
    return f"{len(missing)} frames of '{strip.name}' are missing. Render Frames makes them again."


def _file_names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.suffix in (".png", ".exr")}
    except OSError:
        return set()


@persistent
def _on_load(*_arguments: Any) -> None:
    _notices.clear()
    for scene in bpy.data.scenes:
        _notices.update(replace_missing(scene))


def register() -> None:
    """Look at every file that is opened."""
    if _on_load not in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.append(_on_load)


def unregister() -> None:
    """Stop looking."""
    if _on_load in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_on_load)
    _notices.clear()
