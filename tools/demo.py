# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: an edit with two animated portraits, made through the installed extension in headless Blender.

    python -m tools.demo --output build/demo        (in a Python with bpy; ``nox -s demo`` does everything)

Needs TALKINGHEAD_ZIP (the extension), TALKINGHEAD_PYTHON (the worker's Python) and TALKINGHEAD_WEIGHTS (the models).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools import demo_performance, headless_blender, sample_files

WIDTH_PX, HEIGHT_PX = 1280, 720
RATE = 24
SECONDS = demo_performance.SECONDS
FRAMES = RATE * SECONDS


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


def make_demo(output: Path, package: Path) -> list[Rendered]:
    """Make ``demo.blend``, its frames and ``demo.mp4`` in ``output``, which is emptied first."""
    import bpy

    headless_blender.install(package)
    shutil.rmtree(output, ignore_errors=True)
    media = output / "media"
    media.mkdir(parents=True)
    shutil.copy(sample_files.hopper(), media / "hopper.jpg")
    shutil.copy(sample_files.astronaut(), media / "astronaut.png")
    scene = empty_edit()
    bpy.context.preferences.filepaths.save_version = 0
    write_background(media / "background.png")
    bpy.ops.wm.save_as_mainfile(filepath=str(output / "demo.blend"))

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

    rendered = [
        animate(scene, hopper, demo_performance.HOPPER),
        animate(scene, astronaut, demo_performance.ASTRONAUT),
    ]
    bpy.ops.wm.save_mainfile()
    render_edit(scene)
    bpy.ops.wm.save_mainfile()
    return rendered


def empty_edit() -> Any:
    """An empty scene with a sequence editor, and a window that shows it; gives back the scene."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = WIDTH_PX, HEIGHT_PX, 100
    scene.render.fps, scene.render.fps_base = RATE, 1.0
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.view_settings.view_transform = "Standard"
    scene.sequence_editor_create()
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


def add_picture(scene: Any, name: str, file: str, channel: int) -> Any:
    """A picture over the whole edit."""
    editor = scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_image(name=name, filepath=file, channel=channel, frame_start=1)
    strip.frame_final_duration = FRAMES
    return strip


def animate(scene: Any, strip: Any, performance: Mapping[str, Sequence[tuple[float, float]]]) -> Rendered:
    """Animate a portrait as a user does: button, keys on sliders, button."""
    import bpy

    for other in scene.sequence_editor.strips:
        other.select = other == strip
    scene.sequence_editor.active_strip = strip
    name = strip.name
    buttons: Any = bpy.ops.talkinghead  # type: ignore[attr-defined]
    opening_s = timed(buttons.animate_portrait)
    strip = scene.sequence_editor.strips_all[name]
    for control, keys in performance.items():
        for second, value in keys:
            setattr(strip, f"th_{control}", value)
            strip.keyframe_insert(f"th_{control}", frame=1 + second * RATE, group="Talking Head")
    return Rendered(name, FRAMES, opening_s, timed(buttons.render_frames))


def timed(operator: Any) -> float:
    """Run an operator in the sequencer; gives back the seconds it took.

    Raises:
        RuntimeError: it was cancelled.
    """
    import bpy

    area = largest_area()
    region = next(region for region in area.regions if region.type == "WINDOW")
    begin = time.perf_counter()
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region):
        result = operator()
    if result != {"FINISHED"}:
        raise RuntimeError(f"{operator.idname_py()} ended with {result}")
    return time.perf_counter() - begin


def render_edit(scene: Any) -> None:
    """Render the edit from the sequencer to ``demo.mp4`` beside the file."""
    import bpy

    render, image = scene.render, scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.filepath, render.use_file_extension = "//demo.mp4", False
    render.use_sequencer = True
    bpy.ops.render.render(animation=True)


def check(output: Path) -> None:
    """Look at what was made.

    Raises:
        RuntimeError: a file is missing, or a strip has an absolute path.
    """
    import bpy

    missing = [name for name in ("demo.blend", "demo.mp4", "contact_sheet.png") if not (output / name).is_file()]
    if missing:
        raise RuntimeError(f"The demo did not write {', '.join(missing)}")
    pictures = [strip for strip in bpy.context.scene.sequence_editor.strips_all if strip.type == "IMAGE"]
    absolute = [strip.name for strip in pictures if not strip.directory.startswith("//")]
    if absolute:
        raise RuntimeError(f"These strips would be lost when the folder is moved: {', '.join(absolute)}")
    for strip in pictures:
        folder = Path(bpy.path.abspath(strip.directory))
        lost = [element.filename for element in strip.elements if not (folder / element.filename).is_file()]
        if lost:
            raise RuntimeError(f"{strip.name} shows {len(lost)} pictures that are not there")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder for the demo; it is emptied first")
    output = parser.parse_args(argv).output.absolute()
    os.environ["TALKINGHEAD_CONSENT"] = "1"  # both portraits are published, in the public domain, for such use
    with headless_blender.own_user_folder():
        rendered = make_demo(output, Path(os.environ["TALKINGHEAD_ZIP"]).absolute())
        worker = os.environ["TALKINGHEAD_PYTHON"]
        sheet = [worker, "-m", "tools.contact_sheet", "--output", str(output / "contact_sheet.png")]
        subprocess.run(sheet, check=True)
        check(output)
    for entry in rendered:
        sys.stdout.write(f"{entry.line()}\n")
    sys.stdout.write(f"The demo is in {output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
