# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that make video in an edit, from end to end, with tiny seeded models: few frames, steps and pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import redraw_edit
import sequencer
import talking

AT_ONCE = 5
QUICK = {"size": "128", "steps": 2, "guidance": 1.0, "frames_at_once": AT_ONCE, "seed": 7}


def set_up(strip: Any, engine: str, **settings: object) -> Any:
    """Have a strip drawn small and quickly by an engine."""
    strip.th_engine = engine
    for name, value in {**QUICK, **settings}.items():
        setattr(strip, f"th_{engine}_{name}", value)
    sequencer.select(strip)
    return strip


def portrait(path: Path, engine: str, length: int, **settings: object) -> Any:
    """An animated picture that an engine draws."""
    return set_up(talking.animated(path, length=length), engine, **settings)


def shot(path: Path, engine: str, length: int, **settings: object) -> Any:
    """An animated movie that an engine draws, its first frames."""
    strip = sequencer.add_movie(path)
    strip.frame_final_duration = length
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    return set_up(strip, engine, **settings)


def drawn(strip: Any) -> list[np.ndarray]:
    """(H, W, 4) uint8 of each frame of the result; each is another drawing."""
    pictures = redraw_edit.shown(strip)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    return pictures


def over_color(strip: Any, path: Path, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """A frame of the edit with the result over blue: (H, W, 4) uint8 of the render and of the result's own picture.

    The scene's resolution is made that of the result.
    """
    result = talking.result_of(strip)
    picture = talking.pixels(talking.frame_files(strip)[frame - result.frame_final_start])
    render = bpy.context.scene.render
    render.resolution_y, render.resolution_x = picture.shape[:2]
    blue = sequencer.strips().new_effect(
        name="Blue", type="COLOR", channel=30, frame_start=1, **_ends(result.frame_final_end)
    )
    blue.color, result.channel, result.blend_type = (0.0, 0.0, 1.0), 31, "ALPHA_OVER"
    with talking.core("worker.memory").own_render():  # else the worker would free the engine for Blender's render
        return talking.pixels(sequencer.render_frame(path, frame)), picture


def _ends(end: int) -> dict[str, int]:
    """How long an effect is, as this Blender wants it."""
    return {"length": end - 1} if bpy.app.version >= (5, 0, 0) else {"frame_end": end}
