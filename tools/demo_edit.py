# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both demos do in Blender: an empty edit, strips, operators with their time, the film."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WIDTH_PX, HEIGHT_PX = 1280, 720
RATE = 24


@dataclass(frozen=True)
class Rendered:
    """How long a portrait took: the face and the source, then the frames; the worker runs already in the second."""

    name: str
    frames: int
    opening_s: float
    rendering_s: float

    def line(self) -> str:
        """One line for people."""
        rate = self.frames / self.rendering_s
        return f"{self.name}: {self.frames} frames in {self.rendering_s:.1f} s, {rate:.1f} frames per second"


def empty_edit(frames: int) -> Any:
    """An empty scene with a sequence editor, and a window that shows it; gives back the scene."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = WIDTH_PX, HEIGHT_PX, 100
    scene.render.fps, scene.render.fps_base = RATE, 1.0
    scene.frame_start, scene.frame_end = 1, frames
    scene.view_settings.view_transform = "Standard"
    scene.sequence_editor_create()
    bpy.context.preferences.filepaths.save_version = 0
    show_sequencer()
    return scene


def show_sequencer() -> None:
    """Turn the largest area of the window into a sequencer with its preview."""
    area = largest_area()
    area.type = "SEQUENCE_EDITOR"
    area.spaces.active.view_type = "SEQUENCER_PREVIEW"
    area.spaces.active.show_region_ui = True


def largest_area() -> Any:
    """The largest area of the first window."""
    import bpy

    screen = bpy.context.window_manager.windows[0].screen
    return max(screen.areas, key=lambda area: area.width * area.height)


def write_background(path: Path) -> None:
    """A dark studio wall with a light spot, as PNG."""
    import bpy

    y, x = np.meshgrid(np.linspace(0, 1, HEIGHT_PX), np.linspace(0, 1, WIDTH_PX), indexing="ij")
    light = np.exp(-(((x - 0.35) / 0.45) ** 2 + ((y - 0.6) / 0.6) ** 2))[..., None]
    wall, spot = np.array([0.05, 0.07, 0.11]), np.array([0.36, 0.42, 0.52])
    pixels = np.ones((HEIGHT_PX, WIDTH_PX, 4), np.float32)
    pixels[..., :3] = wall + light * (spot - wall)
    image = bpy.data.images.new("background", WIDTH_PX, HEIGHT_PX)
    image.pixels.foreach_set(pixels.ravel())  # type: ignore[attr-defined]
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def strips_of(scene: Any) -> Any:
    """The strips of an edit (``sequences`` in Blender 4.2)."""
    editor = scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def select(scene: Any, strip: Any) -> None:
    """Select a strip alone and make it active."""
    for other in strips_of(scene):
        other.select = other == strip
    scene.sequence_editor.active_strip = strip


def add_picture(scene: Any, name: str, file: str, channel: int) -> Any:
    """A picture over the whole edit."""
    strip = strips_of(scene).new_image(name=name, filepath=file, channel=channel, frame_start=1)
    strip.frame_final_duration = scene.frame_end
    return strip


def add_portraits(scene: Any) -> tuple[Any, Any]:
    """The studio, Hopper cut out before it and a close shot of the astronaut; gives back the two portraits."""
    add_picture(scene, "Background", "//media/background.png", 1)
    hopper = add_picture(scene, "Hopper", "//media/hopper.jpg", 2)
    hopper.transform.scale_x = hopper.transform.scale_y = HEIGHT_PX / 600
    hopper.transform.offset_x = -250
    hopper.th_puppet_cut_out = True
    astronaut = add_picture(scene, "Astronaut", "//media/astronaut.png", 5)
    # A close shot: the square of 260 px around the head, beside Hopper.
    crop = astronaut.crop
    crop.min_x, crop.max_x, crop.min_y, crop.max_y = 95, 157, 242, 10
    astronaut.transform.scale_x = astronaut.transform.scale_y = 1.6
    astronaut.transform.offset_x, astronaut.transform.offset_y = 380, -150
    astronaut.th_puppet_background = "hold"
    return hopper, astronaut


def timed(operator: Callable[..., set[str]], **options: Any) -> float:
    """Run an operator in the sequencer; gives back the seconds it took.

    Raises:
        RuntimeError: it was cancelled.
    """
    import bpy

    area = largest_area()
    region = next(region for region in area.regions if region.type == "WINDOW")
    begin = time.perf_counter()
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region):
        result = operator(**options)
    if result != {"FINISHED"}:
        raise RuntimeError(f"{operator} ended with {result}")
    return time.perf_counter() - begin


def render_edit(scene: Any, name: str, sound: bool = False) -> None:
    """Render the edit from the sequencer to a film beside the file."""
    import bpy

    render, image = scene.render, scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.audio_codec = "AAC" if sound else "NONE"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.filepath, render.use_file_extension = f"//{name}", False
    render.use_sequencer = True
    bpy.ops.render.render(animation=True)


def curves_of(scene: Any) -> list[Any]:
    """The F-curves of a scene's own action; from Blender 4.4 on those of its slot."""
    animation = scene.animation_data
    if animation is None:
        return []
    if not hasattr(animation, "action_slot"):
        return list(animation.action.fcurves)
    bags = [strip.channelbag(animation.action_slot) for layer in animation.action.layers for strip in layer.strips]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def check(file: Path, sound: bool = False) -> None:
    """Look at the open edit: its film is there, its strips can move with the folder and show files that exist.

    Args:
        sound: the film must have an AAC sound track.

    Raises:
        RuntimeError: what is wrong.
    """
    import bpy

    if not file.with_suffix(".mp4").is_file():
        raise RuntimeError(f"The demo did not write {file.with_suffix('.mp4')}")
    if sound and b"mp4a" not in file.with_suffix(".mp4").read_bytes():
        raise RuntimeError(f"{file.with_suffix('.mp4')} has no sound")
    pictures = [strip for strip in bpy.context.scene.sequence_editor.strips_all if strip.type == "IMAGE"]
    absolute = [strip.name for strip in pictures if not strip.directory.startswith("//")]
    if absolute:
        raise RuntimeError(f"These strips would be lost when the folder is moved: {', '.join(absolute)}")
    for strip in pictures:
        folder = Path(bpy.path.abspath(strip.directory))
        lost = [element.filename for element in strip.elements if not (folder / element.filename).is_file()]
        if lost:
            raise RuntimeError(f"{strip.name} shows {len(lost)} pictures that are not there")
