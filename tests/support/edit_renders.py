# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders of the whole edit by Blender, and the pixels that come of them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import sequencer
import talking

FRAMES = 4


def render(*strips) -> None:
    for strip in strips:
        sequencer.select(strip)
        assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}


def reason(strip) -> str:
    return talking.core("strips.stale").reason(strip)


def animation(scene, folder: Path) -> list[np.ndarray]:
    """The pixels of the scene's frames as Blender renders them."""
    output = scene.render.image_settings
    if hasattr(output, "media_type"):
        output.media_type = "IMAGE"
    output.file_format, output.color_mode = "PNG", "RGBA"
    scene.render.resolution_percentage = 25
    scene.render.filepath = str(folder / "frame_")
    bpy.ops.render.render(animation=True, scene=scene.name)
    return [talking.pixels(path) for path in sorted(folder.glob("frame_*.png"))]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) == FRAMES and all(map(np.array_equal, one, other))


def fresh_animation(scene, strip, folder: Path) -> list[np.ndarray]:
    """What the render shows once Render Frames was pressed."""
    render(strip)
    return animation(scene, folder)
