# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace Talking Head: Blender's own Video Editing, with the sliders beside the Preview and the keys below.

Blender shows a new workspace some redraws after it was asked to, and knows the tabs of a sidebar only once that was
drawn. So a timer arranges it in steps.
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
_PAUSE_S, _PATIENCE = 0.1, 50
_left_to_wait = 0


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
    template = next((Path(folder, _TEMPLATE) for folder in bpy.utils.app_template_paths()), None)
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
    global _left_to_wait
    _left_to_wait = _PATIENCE
    bpy.app.timers.register(_arrange_when_shown, first_interval=_PAUSE_S)


def _arrange_when_shown() -> float | None:
    return _retry(_arranged, _open_tab_when_drawn)


def _open_tab_when_drawn() -> float | None:
    return _retry(_tab_open, None)


def _retry(done: Callable[[Any], bool], then: Callable[[], float | None] | None) -> float | None:
    """Try a step on the window that shows the workspace; the time until the next try, None when it is over."""
    global _left_to_wait
    _left_to_wait -= 1
    window = next((one for one in bpy.context.window_manager.windows if one.workspace.name == NAME), None)
    if window is None or not done(window):
        return _PAUSE_S if _left_to_wait > 0 else None
    if then is not None:
        bpy.app.timers.register(then, first_interval=_PAUSE_S)
    return None


def _arranged(window: Any) -> bool:
    arrange(window)
    return True


def arrange(window: Any) -> None:
    """Arrange the screen of a window that shows Video Editing: Preview with sidebar, sequencer, keys below it."""
    properties = _areas(window, "PROPERTIES")
    if properties:
        with bpy.context.temp_override(window=window, screen=window.screen, area=properties[0]):
            bpy.ops.screen.area_close()
    preview, timeline = preview_of(window), _sequencer_of(window)
    if preview is not None:
        preview.spaces.active.show_region_ui = True
    if timeline is not None:
        timeline.spaces.active.show_region_ui = False  # the sliders are beside the Preview
        _add_keys_below(window, timeline)


def _add_keys_below(window: Any, area: Any) -> None:
    known = {one.as_pointer() for one in window.screen.areas}
    region = next(one for one in area.regions if one.type == "WINDOW")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=_KEYS_SHARE)
    pair = [one for one in window.screen.areas if one.as_pointer() not in known] + [area]
    lowest = min(pair, key=lambda one: one.y)
    lowest.type = "DOPESHEET_EDITOR"
    lowest.ui_type = "DOPESHEET"


def _tab_open(window: Any) -> bool:
    area = preview_of(window)
    region = None if area is None else next((one for one in area.regions if one.type == "UI"), None)
    if region is None:
        return False
    try:
        region.active_panel_category = TAB
    except TypeError:  # its tabs are known once they were drawn
        return False
    return True


def preview_of(window: Any) -> Any | None:
    """The area of a window that shows the Preview alone."""
    return next((area for area in _areas(window, "SEQUENCE_EDITOR") if _view_of(area) == "PREVIEW"), None)


def _sequencer_of(window: Any) -> Any | None:
    return next((area for area in _areas(window, "SEQUENCE_EDITOR") if _view_of(area) == "SEQUENCER"), None)


def _view_of(area: Any) -> str:
    return str(area.spaces.active.view_type)


def _areas(window: Any, kind: str) -> list[Any]:
    return [area for area in window.screen.areas if area.type == kind]


def stop_arranging() -> None:
    """Forget a workspace that was not arranged yet."""
    for step in (_arrange_when_shown, _open_tab_when_drawn):
        if bpy.app.timers.is_registered(step):
            bpy.app.timers.unregister(step)
