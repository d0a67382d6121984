# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace Talking Head: Blender's own Video Editing, with the sliders beside the Preview and the keys below.

Blender shows a new workspace some redraws after it was asked to, sets areas up anew after one was closed or split
(whoever shows a sidebar before that crashes 5.2), and knows the tabs of a sidebar only once that was drawn. So a timer
takes one step at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..inference.errors import ErrorCode, TalkingHeadError
from . import compat

NAME = "Talking Head"
TAB = "Talking Head"
_TEMPLATE, _TEMPLATE_WORKSPACE = Path("Video_Editing", "startup.blend"), "Video Editing"
_KEYS_SHARE = 0.45
_PAUSE_S, _PATIENCE = 0.2, 50
_next_step = _left_to_wait = 0


def add(context: Any) -> Any:
    """The workspace of that name, made if the file has none. In a window it is shown and arranged.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT when this Blender comes without its template Video Editing.
    """
    scene = compat.sequencer_scene(context)
    workspace = bpy.data.workspaces.get(NAME)
    if workspace is None:
        workspace = _append()
        workspace.name = NAME
        if not bpy.app.background:
            _arrange_soon()
    if hasattr(workspace, "sequencer_scene"):
        workspace.sequencer_scene = scene
    context.window.workspace = workspace
    return workspace


def _append() -> Any:
    folders: Any = bpy.utils.app_template_paths()
    template = next((Path(folder, _TEMPLATE) for folder in folders), None)
    if template is None or not template.is_file():
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            "This Blender comes without its template Video Editing.",
            "Open any Video Sequencer and its sidebar (N) instead; the tab Talking Head is there.",
        )
    known = set(bpy.data.workspaces)
    bpy.ops.workspace.append_activate(idname=_TEMPLATE_WORKSPACE, filepath=str(template))
    return next(workspace for workspace in bpy.data.workspaces if workspace not in known)


def _arrange_soon() -> None:
    global _next_step, _left_to_wait
    _next_step, _left_to_wait = 0, _PATIENCE
    bpy.app.timers.register(_arrange, first_interval=_PAUSE_S)


def _arrange() -> float | None:
    """Take the next step in the window that shows the workspace; the time until the one after, None when it is over."""
    global _next_step, _left_to_wait
    _left_to_wait -= 1
    window = next((one for one in bpy.context.window_manager.windows if one.workspace.name == NAME), None)
    if window is not None and _STEPS[_next_step](window):
        _next_step += 1
    return _PAUSE_S if _next_step < len(_STEPS) and _left_to_wait > 0 else None


def _close_properties(window: Any) -> bool:
    for area in _areas(window, "PROPERTIES")[:1]:
        with bpy.context.temp_override(window=window, screen=window.screen, area=area):
            bpy.ops.screen.area_close()
    return True


def _show_sidebar(window: Any) -> bool:
    """The sliders are beside the Preview, not beside the sequencer."""
    for area in _areas(window, "SEQUENCE_EDITOR"):
        area.spaces.active.show_region_ui = _view_of(area) == "PREVIEW"
    return True


def _add_keys(window: Any) -> bool:
    timeline = next((area for area in _areas(window, "SEQUENCE_EDITOR") if _view_of(area) == "SEQUENCER"), None)
    if timeline is not None:
        _add_keys_below(window, timeline)
    return True


def _add_keys_below(window: Any, area: Any) -> None:
    known = {one.as_pointer() for one in window.screen.areas}
    region = next(one for one in area.regions if one.type == "WINDOW")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=_KEYS_SHARE)
    pair = [one for one in window.screen.areas if one.as_pointer() not in known] + [area]
    lowest = min(pair, key=lambda one: one.y)
    lowest.type = "DOPESHEET_EDITOR"
    lowest.ui_type = "DOPESHEET"


def _open_tab(window: Any) -> bool:
    area = next((area for area in _areas(window, "SEQUENCE_EDITOR") if _view_of(area) == "PREVIEW"), None)
    region = None if area is None else next((one for one in area.regions if one.type == "UI"), None)
    if region is None:
        return False
    try:
        region.active_panel_category = TAB
    except TypeError:  # its tabs are known once they were drawn
        return False
    return True


def _view_of(area: Any) -> str:
    return str(area.spaces.active.view_type)


def _areas(window: Any, kind: str) -> list[Any]:
    return [area for area in window.screen.areas if area.type == kind]


_STEPS: tuple[Callable[[Any], bool], ...] = (_close_properties, _show_sidebar, _add_keys, _open_tab)


def stop_arranging() -> None:
    """Forget a workspace that was not arranged yet."""
    if bpy.app.timers.is_registered(_arrange):
        bpy.app.timers.unregister(_arrange)
