# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows no second head below a see-through preview, as Cut Out gives it, without changing a strip.

The preview is drawn over what the Preview shows: the last rendered frame, or the source. Where the new picture is
transparent, that would be seen through it. So, while such a picture is shown, the Preview is limited to the channels
below the pair, by its own setting *Channel* (``display_channel``). That setting belongs to the area, not to the edit:
renders ignore it, undo does not know it, and the strips are the user's at any moment. Muting the strips instead would
have to be taken back before a render, which begins in a thread of its own without asking. What it costs: strips above
the pair are not seen while such a preview is shown. Below a pair on the lowest channels there is nothing: the frame is
then drawn black under the preview.

The setting is put back when the preview ends, before the file is saved, and when the add-on is disabled. A file that
was saved meanwhile, as an automatic save does, carries a mark on the screen, by which opening it puts it back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import IntProperty

from .. import compat
from ..jobs import service
from ..strips import lookup
from .look import Look
from .preview import Picture

# While the next frame's preview is on its way, what is hidden stays hidden for as long.
PATIENCE_S = 0.5
_ALL_CHANNELS = 0
_wanted: dict[str, tuple[int, float]] = {}  # by scene: highest channel that is shown, when the preview was last seen
_limited: dict[int, tuple[int, int]] = {}  # by space: the user's channel, ours
_looked_at: list[tuple[Any, bool]] = []  # the newest picture's pixels, and whether some are transparent


def update(scene: Any, source: Any, picture: Picture | None, look: Look) -> None:
    """Take note of what is shown for the active source of a scene, or of nothing being shown."""
    if picture is None:
        return
    lowest = _lowest_channel(source)
    if lowest is None or not see_through(picture, look):
        _wanted.pop(scene.name, None)
    else:
        _wanted[scene.name] = lowest - 1, time.monotonic()


def tidy_up(active: bool) -> bool:
    """Hide what is to be hidden, and show what is no longer; whether something is hidden now.

    Args:
        active: a preview is shown or on its way.
    """
    now = time.monotonic()
    for name in [name for name, (_, seen_s) in _wanted.items() if not active or now - seen_s > PATIENCE_S]:
        del _wanted[name]
    _restore({name: channel for name, (channel, _) in _wanted.items()})
    for scene_name, (channel, _) in _wanted.items():
        if channel > 0:
            _limit(scene_name, channel)
    return bool(_wanted or _limited)


def covers(scene: Any) -> bool:
    """Whether a preview is to be drawn over black, because nothing else can hide what lies below it."""
    return scene.name in _wanted and _wanted[scene.name][0] == 0


def restore() -> None:
    """Show everything again."""
    _wanted.clear()
    _restore({})


def see_through(picture: Picture, look: Look) -> bool:
    """Whether anything below a preview is seen through it."""
    if look.replaces:
        return False
    if not _looked_at or _looked_at[0][0] is not picture.pixels:
        _looked_at[:] = [(picture.pixels, bool(picture.pixels[..., 3].min() < 255))]
    return look.alpha < 1.0 or _looked_at[0][1]


def _lowest_channel(source: Any) -> int | None:
    """Lowest channel on which a source or one of its results is seen at the current frame; None for none."""
    frame, channels = source.id_data.frame_current, compat.container_of(source).channels
    return min(
        (
            strip.channel
            for strip in (source, *lookup.results_of(source))
            if not strip.mute and not channels[strip.channel].mute and compat.left(strip) <= frame < compat.right(strip)
        ),
        default=None,
    )


def _previews() -> Iterator[tuple[Any, Any, Any]]:
    """(edited scene, screen, space) of every Preview in a window."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            space: Any = area.spaces.active
            if area.type == "SEQUENCE_EDITOR" and space.view_type != "SEQUENCER":
                yield compat.edited_scene(window), window.screen, space


def _limit(scene_name: str, channel: int) -> None:
    for scene, screen, space in _previews():
        shown, key = space.display_channel, space.as_pointer()
        if scene is None or scene.name != scene_name or key in _limited:
            continue
        if shown == _ALL_CHANNELS or shown > channel:
            _limited[key] = shown, channel
            space.display_channel = screen.th_limited_to = channel


def _restore(keep: dict[str, int]) -> None:
    """Put the user's channels back, except in Previews of scenes that are to keep the channel they show."""
    kept = {
        space.as_pointer(): keep[scene.name]
        for scene, _, space in _previews()
        if scene is not None and scene.name in keep
    }
    leaving = {key: pair for key, pair in _limited.items() if kept.get(key) != pair[1]}
    if not leaving:
        return
    screen: Any
    for screen in bpy.data.screens:
        spaces = [space for area in screen.areas for space in area.spaces if space.type == "SEQUENCE_EDITOR"]
        for space in spaces:
            before, ours = leaving.get(space.as_pointer(), (None, None))
            if before is not None and space.display_channel == ours:  # else the user chose another one meanwhile
                space.display_channel = before
        if not any(space.as_pointer() in _limited and space.as_pointer() not in leaving for space in spaces):
            screen.th_limited_to = _ALL_CHANNELS
    for key in leaving:
        del _limited[key]


@persistent
def _before_save(*_arguments: Any) -> None:
    _restore({})


@persistent
def _after_load(*_arguments: Any) -> None:
    screen: Any
    for screen in bpy.data.screens:
        if screen.th_limited_to == _ALL_CHANNELS:
            continue
        for area in screen.areas:
            space: Any
            for space in area.spaces:
                if space.type == "SEQUENCE_EDITOR" and space.display_channel == screen.th_limited_to:
                    space.display_channel = _ALL_CHANNELS
        screen.th_limited_to = _ALL_CHANNELS


_HANDLERS = (("save_pre", _before_save), ("load_post", _after_load))


def register() -> None:
    """Look after saving and opening files."""
    screen: Any = bpy.types.Screen
    screen.th_limited_to = IntProperty(
        name="Shown Channel", description="Channel that a preview limits the Preview to", options={"HIDDEN"}
    )
    service.leavers.append(restore)
    for event, handler in _HANDLERS:
        if handler not in getattr(bpy.app.handlers, event):
            getattr(bpy.app.handlers, event).append(handler)


def unregister() -> None:
    """Show everything again."""
    restore()
    service.leavers.remove(restore)
    for event, handler in _HANDLERS:
        if handler in getattr(bpy.app.handlers, event):
            getattr(bpy.app.handlers, event).remove(handler)
    screen: Any = bpy.types.Screen
    del screen.th_limited_to
