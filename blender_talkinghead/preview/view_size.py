# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the previewed picture is on the screen, so that no pixel is computed that is not seen."""

from __future__ import annotations

import math
from typing import Any

import bpy

from .. import compat
from ..strips import lookup
from . import look, overlay, preview

_SMALLEST_PX, _LARGEST_PX = 256, 2048
# The picture is asked for in another size only when zooming has changed its own by more than this.
_GREW, _SHRANK = 1.25, 0.5


def size_px() -> int | None:
    """The longest side of the active source's picture in px of the screen; None where no Preview shows it."""
    longest = max((_longest_side(scene, region) for scene, region in _previews()), default=0.0)
    return min(max(math.ceil(longest), _SMALLEST_PX), _LARGEST_PX) if longest else None


def following(present_px: int) -> int:
    """The size to ask for: the present one while it is about right, so that kept pictures stay of use."""
    wanted = size_px()
    if wanted is None or present_px * _SHRANK <= wanted <= present_px * _GREW:
        return present_px
    return wanted


def _previews() -> list[tuple[Any, Any]]:
    """(scene, region) of each Preview in Blender's windows."""
    if bpy.app.background:
        return []
    return [
        (compat.edited_scene(window), region)
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "SEQUENCE_EDITOR" and area.spaces.active.view_type in {"PREVIEW", "SEQUENCER_PREVIEW"}
        for region in area.regions
        if region.type == "PREVIEW"
    ]


def _longest_side(scene: Any, region: Any) -> float:
    editor = scene.sequence_editor if scene else None
    strip = editor.active_strip if editor else None
    source = lookup.source_of(strip) if strip is not None else None
    if source is None:
        return 0.0
    placement = look.placement_of(scene, look.shown_by(source, strip), source, overlay.picture_size(source))
    corners = [region.view2d.view_to_region(x, y, clip=False) for x, y in placement.corners()]
    return max(math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2]))


def register() -> None:
    """Have the preview follow the zoom of the Preview."""
    preview.measure_with(following)


def unregister() -> None:
    """The preview keeps its size."""
    preview.measure_with(None)
