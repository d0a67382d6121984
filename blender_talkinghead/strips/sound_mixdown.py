# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Blender write what a single sound strip plays, where its speed changes on the way.

It happens in a copy of the scene that is removed again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from . import folders

RATE_HZ = 48000


def mix_down(scene: Any, strip: Any, path: Path) -> None:
    """Write what a sound strip plays in its visible frames to a WAV file, which begins with the first of them.

    A file of an earlier call is written over in one step.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT before Blender 5.0, OUTPUT_NOT_WRITABLE, or SOURCE_UNREADABLE when Blender
            cannot mix it.
    """
    if not compat.MIXES_OTHER_SPEEDS:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The sound strip '{strip.name}' has several speeds, which can crash this version of Blender.",
            "Give the whole strip one speed, or use Blender 5.0 or later.",
        )
    folders.ensure(path.parent)
    window = bpy.context.window
    shown = window.scene
    copy = scene.copy()
    part = path.with_name(path.stem + ".part.wav")
    try:
        _play_only(copy, compat.strip_named(copy, strip.name))
        window.scene = copy
        copy.view_layers[0].update()
        bpy.ops.sound.mixdown(filepath=str(part), container="WAV", codec="PCM", format="S16", mixrate=RATE_HZ)
        os.replace(part, path)
    except (RuntimeError, OSError) as error:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE,
            f"Blender could not mix the sound of the strip '{strip.name}'.",
            "Check that it can be heard, and that the disk has room.",
            details=str(error),
        ) from error
    finally:
        window.scene = shown
        bpy.data.scenes.remove(copy)


def _play_only(copy: Any, strip: Any) -> None:
    first, end = compat.left(strip), compat.right(strip)
    kept = {strip.name}
    parent = strip.parent_meta()
    while parent is not None:
        kept.add(parent.name)
        parent = parent.parent_meta()
    for other in compat.all_strips(copy):
        other.mute = other.name not in kept
    container = compat.container_of(strip)
    container.channels[strip.channel].mute = False
    copy.frame_start, copy.frame_end = first, end - 1
    copy.use_preview_range = False
