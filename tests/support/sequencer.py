# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers for tests that edit in Blender's Video Sequencer, the same for every version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy


def make_editor(scene: Any = None) -> Any:
    """The scene's sequence editor, created if it is not there; the sequencer then shows this scene (Blender 5.0 on)."""
    scene = scene or bpy.context.scene
    workspace = bpy.context.window.workspace
    if hasattr(workspace, "sequencer_scene"):
        workspace.sequencer_scene = scene
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    return scene.sequence_editor


def strips(scene: Any = None) -> Any:
    """The top-level strips of a scene (``sequences`` in Blender 4.2)."""
    editor = make_editor(scene)
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def all_strips(scene: Any = None) -> Any:
    """The strips of a scene with those inside of meta strips."""
    editor = make_editor(scene)
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def strip_type() -> type:
    """The base type of strips (``Sequence`` in Blender 4.2)."""
    return bpy.types.Strip if hasattr(bpy.types, "Strip") else bpy.types.Sequence


def add_image(path: Path, name: str = "Portrait", channel: int = 1, start: int = 1, length: int = 24) -> Any:
    """Add an image strip, select it alone and make it active."""
    strip = strips().new_image(name=name, filepath=str(path), channel=channel, frame_start=start)
    strip.frame_final_duration = length
    select(strip)
    return strip


def add_movie(path: Path, name: str = "Shot", channel: int = 1, start: int = 1) -> Any:
    """Add a movie strip, select it alone and make it active."""
    strip = strips().new_movie(name=name, filepath=str(path), channel=channel, frame_start=start)
    select(strip)
    return strip


def add_movie_at_own_speed(path: Path, channel: int = 1, start: int = 5) -> Any:
    """Add a movie the way the GUI does: it keeps its own speed in a scene of another rate."""
    options: dict[str, Any] = {"sound": False, "adjust_playback_rate": True, "use_framerate": False}
    if "move_strips" in bpy.ops.sequencer.movie_strip_add.get_rna_type().properties:
        options["move_strips"] = False  # or Blender 5 crashes in background
    known = {strip.name for strip in all_strips()}
    with override():
        bpy.ops.sequencer.movie_strip_add(
            "EXEC_DEFAULT", filepath=str(path), frame_start=start, channel=channel, fit_method="ORIGINAL", **options
        )
    return next(strip for strip in all_strips() if strip.name not in known)


def select(*chosen: Any) -> None:
    """Select these strips and no others; the first one is active."""
    for strip in all_strips():
        strip.select = False
    for strip in chosen:
        strip.select = True
    make_editor().active_strip = chosen[0] if chosen else None


@contextmanager
def override(scene: Any = None, view_type: str = "SEQUENCER", region_type: str = "WINDOW") -> Iterator[None]:
    """Run operators as if called from a sequencer area.

    Args:
        view_type: "SEQUENCER", "PREVIEW" or "SEQUENCER_PREVIEW".
    """
    make_editor(scene)
    window = bpy.context.window_manager.windows[0]
    if scene is not None:
        window.scene = scene
    area = max(window.screen.areas, key=lambda candidate: candidate.width * candidate.height)
    area.type = "SEQUENCE_EDITOR"
    area.spaces.active.view_type = view_type
    region = next(candidate for candidate in area.regions if candidate.type == region_type)
    with bpy.context.temp_override(window=window, area=area, region=region):
        yield


def render_frame(path: Path, frame: int | None = None, scene: Any = None, view: str = "Standard") -> Path:
    """Render one frame of the edit to an 8-bit RGBA PNG, without a view transform unless told; gives back its path."""
    scene = scene or bpy.context.scene
    if frame is not None:
        scene.frame_set(frame)
    render, image = scene.render, scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"
    image.file_format, image.color_mode, image.color_depth = "PNG", "RGBA", "8"
    render.film_transparent, render.use_sequencer = True, True
    render.resolution_percentage = 100
    scene.view_settings.view_transform = view
    render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return path
