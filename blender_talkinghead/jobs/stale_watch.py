# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps in Python which results are out of date, for panels to draw, and tells when Blender renders such a result.

In a window Blender renders in a thread of its own, in which nothing may be looked at: its handler notes that it was
called, and the timer does the rest. Nothing is changed while Blender renders.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...inference.errors import TalkingHeadError
from .. import compat
from ..strips import stale
from ..strips.pairs import ROLE_SOURCE
from ..worker import memory
from . import before_render, service
from .before_render import Choice, Outdated

_LOGGER = logging.getLogger(__name__)
_BEAT_S = 0.5
# Files change without Blender noticing, and it tells some edits to no handler.
_LOOK_AGAIN_S = 3.0
# What looking may take: at once, and as a share of the time.
_BUDGET_S, _SHORT_BEAT_S = 0.01, 0.05
_SHARE = 0.1


@dataclass
class _Watch:
    """Verdicts by scene and strip, those that are still to be made again, and what happened since."""

    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)
    changed: bool = True
    next_look_s: float = 0.0
    earliest_look_s: float = 0.0
    waiting: list[tuple[str, str]] = field(default_factory=list)
    began: str = ""
    rendered_stale: tuple[Outdated, ...] = ()


_watch = _Watch()


def note(source: Any) -> str:
    """Why the result of a source is out of date, as of the last look; "" while it is not. Cheap enough for drawing."""
    return _watch.verdicts.get((source.id_data.name, source.name), "")


def rendered_stale() -> tuple[Outdated, ...]:
    """What Blender's last render showed out of date, until it is up to date. Cheap enough for drawing."""
    return _watch.rendered_stale


def look() -> None:
    """Look at all sources of the file at once."""
    _begin_look()
    while _watch.waiting:
        _look_at_next()


def beat() -> float:
    """What the timer does: look if something changed, and tell if Blender renders what is out of date."""
    try:
        if _watch.began:
            name, _watch.began = _watch.began, ""
            _tell(bpy.data.scenes.get(name))
        if not (service.blender_renders() or service.playing() or service.runner.running):
            _look_a_little()
    except Exception:  # Blender drops a timer that raises
        _LOGGER.exception("looking for results that are out of date failed")
        _watch.waiting.clear()
    return _SHORT_BEAT_S if _watch.waiting else _BEAT_S


def _look_a_little() -> None:
    """Go on looking for as long as nobody notices."""
    begun_s = time.monotonic()
    if not _watch.waiting and begun_s > (_watch.earliest_look_s if _watch.changed else _watch.next_look_s):
        _begin_look()
        _watch.next_look_s = begun_s + _LOOK_AGAIN_S
    if _watch.waiting:
        while _watch.waiting and time.monotonic() < begun_s + _BUDGET_S:
            _look_at_next()
        _watch.earliest_look_s = begun_s + (time.monotonic() - begun_s) / _SHARE
        _watch.next_look_s = max(_watch.next_look_s, _watch.earliest_look_s)


def _begin_look() -> None:
    _watch.changed = False
    _watch.waiting = [
        (scene.name, strip.name)
        for scene in bpy.data.scenes
        if scene.is_editable  # paths in linked ones mean other folders
        for strip in compat.all_strips(scene)
        if strip.th_role == ROLE_SOURCE
    ]
    gone = _watch.verdicts.keys() - set(_watch.waiting)
    for key in gone:
        del _watch.verdicts[key]


def _look_at_next() -> None:
    scene_name, name = key = _watch.waiting.pop()
    scene = bpy.data.scenes.get(scene_name)
    strip = compat.strip_named(scene, name) if scene else None
    verdict = stale.reason(strip) if strip is not None else ""
    if verdict != _watch.verdicts.get(key, ""):
        _watch.verdicts[key] = verdict
        _redraw()
    if _watch.rendered_stale and not _watch.waiting and not any(map(_still_stale, _watch.rendered_stale)):
        _watch.rendered_stale = ()
        _redraw()


def _still_stale(item: Outdated) -> bool:
    return bool(_watch.verdicts.get((item.target.scene, item.target.strip)))


def _tell(scene: Any | None) -> None:
    """Say in the window what a render that has begun shows out of date."""
    try:
        wanted = before_render.choice()
    except TalkingHeadError as error:
        _LOGGER.error("%s", error)
        return
    if scene is None or wanted is Choice.NOTHING:
        return
    _watch.rendered_stale = tuple(before_render.out_of_date(scene, before_render.all_frames(scene), uncertain=False))
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    if _watch.rendered_stale and window is not None:
        with bpy.context.temp_override(window=window):
            bpy.ops.talkinghead.tell_stale("INVOKE_DEFAULT")  # type: ignore[attr-defined]
        _redraw()


def _redraw() -> None:
    """Have the panels drawn again, and the header of the rendered image."""
    service.redraw()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                area.tag_redraw()


@persistent
def _on_change(*_arguments: Any) -> None:
    _watch.changed = True


@persistent
def _on_load(*_arguments: Any) -> None:
    _watch.verdicts, _watch.rendered_stale, _watch.began, _watch.changed = {}, (), "", True
    _watch.waiting.clear()
    _watch.earliest_look_s = 0.0


@persistent
def _on_render(scene: Any, *_arguments: Any) -> None:
    # In any thread: nothing but the note that it was called.
    if not memory.own_renders():
        _watch.began = scene.name


_HANDLERS = (
    ("depsgraph_update_post", _on_change), ("undo_post", _on_change), ("redo_post", _on_change),
    ("load_post", _on_load), ("render_init", _on_render),
)  # fmt: skip


def register() -> None:
    """Watch edits and renders."""
    for name, handler in _HANDLERS:
        if handler not in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).append(handler)
    if not bpy.app.background and not bpy.app.timers.is_registered(beat):
        bpy.app.timers.register(beat, first_interval=_BEAT_S, persistent=True)


def unregister() -> None:
    """No longer watch."""
    if bpy.app.timers.is_registered(beat):
        bpy.app.timers.unregister(beat)
    for name, handler in _HANDLERS:
        if handler in getattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).remove(handler)
    _on_load()
