# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live preview from Blender to the worker and back: from a change to its picture, in a Python with bpy.

Needs TALKINGHEAD_PYTHON (the worker's Python) and TALKINGHEAD_WEIGHTS (the models); TALKINGHEAD_ZIP names an extension
to install instead of the one built from the working tree. Blender's window is played: its handlers and the timer's
beats are called when the window would call them, so all is measured but drawing the picture in the window. Changes
come at random moments.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tools import build_extension, demo_edit, headless_blender

ROOT = Path(__file__).parents[1]
FRAMES = 48
PREVIEWS_PX = (512, 1024)
_PATIENCE_S = 30.0
_RANDOM = random.Random(0)  # noqa: S311 -- moments and frames, no secrets


def main(arguments: Sequence[str]) -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--changes", type=int, default=40, help="how many changes are timed for a figure")
    changes = parser.parse_args(arguments).changes
    if importlib.util.find_spec("bpy") is None:
        print("Skipped: this Python has no bpy")
        return
    os.environ["TALKINGHEAD_CONSENT"] = "1"  # the portrait is published, in the public domain, for such use
    with headless_blender.own_user_folder(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = os.environ.get("TALKINGHEAD_ZIP")
        headless_blender.install(Path(package) if package else build_extension.build_light(folder))
        print(
            f"Live preview, {os.cpu_count()} cores; milliseconds from a change to its picture: median, 95th percentile"
        )
        for media in make_media(folder):
            for size_px in PREVIEWS_PX:
                measure(media, size_px, changes)


def measure(media: Path, size_px: int, changes: int) -> None:
    """Time dragging a slider, scrubbing over keys, and scrubbing over what was shown before."""
    scene, strip = keyed(media)
    preview = _core("preview.preview")
    preview.start(scene, strip, size_px)
    _until_settled(preview)
    try:
        for step in (changes + 1, changes + 2):  # the first turn of the head prepares the portrait
            _timed(preview, lambda n=step: _drag(strip, n))
        _print(media, size_px, "slider", [_timed(preview, lambda n=n: _drag(strip, n)) for n in range(changes)])
        frames = list(range(2, FRAMES, 2))
        _print(media, size_px, "scrubbing", [_timed(preview, lambda n=n: scene.frame_set(n)) for n in frames])
        _print(media, size_px, "shown before", [_timed(preview, lambda n=n: scene.frame_set(n)) for n in frames])
    finally:
        preview.stop()
        _core("worker.worker").stop()


def keyed(media: Path) -> tuple[Any, Any]:
    """A new edit with a strip whose jaw and head are keyed; (scene, strip)."""
    import bpy

    scene = demo_edit.empty_edit(FRAMES)
    strips = demo_edit.strips_of(scene)
    add = strips.new_movie if media.suffix == ".mp4" else strips.new_image
    strip = add("Source", str(media), 1, 1)
    if media.suffix != ".mp4":
        strip.frame_final_duration = FRAMES
    demo_edit.select(scene, strip)
    bpy.ops.wm.save_as_mainfile(filepath=str(media.with_suffix(".blend")))
    bpy.ops.talkinghead.animate_portrait()  # type: ignore[attr-defined]
    for control, last in (("jaw_open", 1.0), ("head_yaw", 15.0), ("mouth_smile", 0.8)):
        for frame, value in ((1, 0.0), (FRAMES, last)):
            setattr(strip, f"th_{control}", value)
            strip.keyframe_insert(f"th_{control}", frame=frame)
    return scene, strip


def _drag(strip: Any, step: int) -> None:
    strip.th_head_pitch, strip.th_brow = 0.2 * step, 0.02 * step


def _timed(preview: Any, change: Callable[[], None]) -> float:
    """Seconds from a change, at a random moment between two beats, to its picture."""
    import bpy

    time.sleep(_RANDOM.random() * 0.1)
    start = time.perf_counter()
    change()
    preview.changed(bpy.context.scene)  # as Blender's handlers do
    _until_settled(preview)
    return time.perf_counter() - start


def _until_settled(preview: Any) -> None:
    """Beat as Blender's timer does until the picture of the last change is there."""
    deadline = time.perf_counter() + _PATIENCE_S
    while not preview.settled():
        time.sleep(preview.BUSY_S)
        preview.watch()
        if time.perf_counter() > deadline:
            raise RuntimeError(f"no picture came within {_PATIENCE_S:.0f} s: {preview.error()}")
    if preview.error() is not None:
        raise preview.error()


def _print(media: Path, size_px: int, what: str, seconds: Sequence[float]) -> None:
    milliseconds = sorted(1000 * value for value in seconds)
    high = milliseconds[min(round(0.95 * len(milliseconds)), len(milliseconds) - 1)]
    print(
        f"  {media.stem:14} at {size_px:4} px  {what:13} {statistics.median(milliseconds):5.0f} {high:5.0f}", flush=True
    )


def make_media(folder: Path) -> list[Path]:
    """A small and a large portrait and a movie, made by the worker's Python."""
    code = (
        "import pathlib, sys; from benchmarks.whole_path import movie, still; folder = pathlib.Path(sys.argv[1]); "
        f"still(folder, '512'), still(folder, '1080p'), movie(folder, '1080p', {FRAMES})"
    )
    subprocess.run([os.environ["TALKINGHEAD_PYTHON"], "-c", code, str(folder)], check=True, cwd=ROOT)
    return [folder / "portrait-512.png", folder / "portrait-1080p.png", folder / "movie.mp4"]


def _core(name: str) -> Any:
    return importlib.import_module(f"{headless_blender.MODULE}.blender_talkinghead.{name}")


if __name__ == "__main__":
    main(sys.argv[1:])
