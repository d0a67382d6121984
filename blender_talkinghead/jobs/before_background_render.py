# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings results up to date when Blender begins to render in background: ``blender -b edit.blend -a``, and scripts.

Blender calls the handler in the main thread before it copies the scene, so frames that are exchanged here are the ones
that it renders, in all versions. In a window it calls it in a thread of its own, where strips must not be touched:
there ``stale_watch`` tells the user.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...inference.errors import TalkingHeadError
from ..worker import memory, worker
from . import before_render, blender_render, service
from .before_render import Choice, Outdated
from .command_line import FAILED, SPEAKER, Printer, say

_FRAME_OPTIONS = ("-f", "--render-frame")
# Besides these options, frames named by -f are not all that is rendered.
_MORE_OPTIONS = ("-a", "--render-anim", "-P", "--python", "--python-expr", "--python-text", "--command", "-c")


def bring_up_to_date(scene: Any) -> list[str]:
    """Do for a scene that is about to be rendered what the user wants, and print what is done.

    Returns:
        What went wrong, in sentences.
    """
    wanted = before_render.choice()
    if wanted is Choice.NOTHING:
        return []
    uncertain = wanted is not Choice.WARN
    outdated = [
        item for frames in _frames(scene) for item in before_render.out_of_date(scene, frames, uncertain=uncertain)
    ]
    if not outdated:
        return []
    names = ", ".join(map(str, outdated))
    if wanted is Choice.WARN:
        say(f"warning: out of date and rendered as they are: {names}.", error=True)
        return []
    say(f"bringing results up to date before rendering: {names}.")
    return _update(outdated)


def _frames(scene: Any) -> list[range]:
    """Which frames may be rendered: those of -f, or else the animation and, for a still, the current one."""
    named = frames_of(sys.argv)
    if named is not None:
        return [named]
    every, current = before_render.all_frames(scene), scene.frame_current
    return [every] if current in every else [every, range(current, current + 1)]


def frames_of(arguments: Sequence[str]) -> range | None:
    """The range around the frames that a command line of Blender's renders with ``-f``; None where it is not that.

    Args:
        arguments: such as ["blender", "-b", "edit.blend", "-f", "1,5..10"].
    """
    own = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    if any(option in own for option in _MORE_OPTIONS):
        return None
    found: list[int] = []
    for option, value in pairwise(own):
        if option in _FRAME_OPTIONS:
            # A sign means a frame counted from the scene's start or end.
            if not re.fullmatch(r"\d+((,|\.\.)\d+)*", value):
                return None
            found += [int(number) for number in re.findall(r"\d+", value)]
    return range(min(found), max(found) + 1) if found else None


def _update(outdated: Sequence[Outdated]) -> list[str]:
    failures: list[str] = []
    printer = Printer(SPEAKER)
    try:
        state = service.run_to_end(
            before_render.TITLE, lambda control: before_render.update(outdated, control, failures), printer.show
        )
    except TalkingHeadError as error:
        return [*failures, str(error)]
    for warning in state.warnings:
        say(f"warning: {warning}", error=True)
    if not failures:
        say(f"{state.text}.")
    return failures


@persistent
def _on_render(scene: Any, *_arguments: Any) -> None:
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not bpy.app.background or memory.own_renders():
        return
    if blender_render.frame_in_progress() or service.runner.running:
        return  # a scene strip is rendered for a frame that is being rendered
    try:
        failures = bring_up_to_date(scene)
    except TalkingHeadError as error:
        failures = [str(error)]
    for failure in failures:
        say(f"error: {failure}", error=True)
    if failures:
        _go_on_or_end()


def _go_on_or_end() -> None:
    if os.environ.get(before_render.VARIABLE, "").strip().upper() != Choice.STRICT:
        say("error: frames that are out of date are rendered as they are.", error=True)
        return
    say("error: nothing is rendered.", error=True)
    worker.stop()
    sys.stdout.flush()
    # Blender catches exceptions of handlers and would render.
    os._exit(FAILED)


def register() -> None:
    """Watch for renders."""
    if _on_render not in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.append(_on_render)


def unregister() -> None:
    """No longer watch for renders."""
    if _on_render in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.remove(_on_render)
