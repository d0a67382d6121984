# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of following sources share: a rendered pair, edits of strips, and what the window does after each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numbered
import rendered_jobs
import sequencer
from rendered_jobs import core, number_of


def add_still(folder: Path) -> Any:
    """A still on frames 10 to 29, channel 1."""
    path = numbered.write_png(folder / "portrait.png", numbered.picture(7))
    return sequencer.add_image(path, "Face", start=10, length=20)


def add_source(kind: str, scene: Any, folder: Path) -> Any:
    """A still, a sequence or a movie that shows 20 frames from frame 10 on, channel 1."""
    if kind == "still":
        return add_still(folder)
    if kind == "sequence":
        strip = numbered.add_sequence(scene, numbered.sequence(folder / "pictures", 20), "Face", start=10)
    else:
        strip = sequencer.add_movie(numbered.movie(folder / "movie.mp4", 20), "Face", start=10)
    sequencer.select(strip)
    return strip


def rendered(scene, source) -> Any:
    """The result of a source, whose curves and place have been looked at."""
    result = rendered_jobs.render(scene, source).strip
    update()
    return result


def update() -> None:
    """What happens after each edit in the window: handlers note it, the timer does what is to be done."""
    bpy.context.view_layer.update()
    core("jobs.follow_watch").beat()


def look_now() -> None:
    """What the timer does when it is time to look, because Blender tells no handler of some edits."""
    watch = core("jobs.follow_watch")
    watch._noted.next_look_s = 0.0
    watch.beat()


def place_of(strip) -> tuple[int, int]:
    """First visible frame, and the one after the last."""
    return core("compat").left(strip), core("compat").right(strip)


def set_place(strip, left: int, right: int) -> None:
    """Set both handles."""
    core("compat").set_left(strip, left)
    core("compat").set_right(strip, right)


def shift(strip, frames: int) -> None:
    """Move content and handles, as a script does."""
    compat = core("compat")
    compat.set_content_start(strip, compat.content_start(strip) + frames)


def slide(strip, frames: int, channels: int = 0) -> None:
    """Move a strip with Blender's operator."""
    sequencer.select(strip)
    with sequencer.override():
        bpy.ops.transform.seq_slide(value=(frames, channels))
    update()


def split(frame: int, *strips) -> None:
    """Cut strips with Blender's operator."""
    sequencer.select(*strips)
    with sequencer.override():
        bpy.ops.sequencer.split("EXEC_DEFAULT", frame=frame, channel=1, type="SOFT", side="NO_CHANGE")
    look_now()


def by_role(role: str) -> list[Any]:
    """The sources or results in the order of time."""
    strips = [strip for strip in sequencer.all_strips() if strip.th_role == role]
    return sorted(strips, key=lambda strip: core("compat").left(strip))


def contents_at(scene, frames: range, tmp_path) -> list[int]:
    """The numbers that the edit shows."""
    return numbered.shown_numbers(scene, frames, tmp_path)


def numbers(contents) -> list[int]:
    """The numbers on the pictures of content frames."""
    return [number_of(content) for content in contents]


def curve_of(strip, path: str) -> Any | None:
    """The curve of a strip's property."""
    full = f"{strip.path_from_id()}.{path}"
    return next((curve for curve in core("compat").fcurves_of(strip.id_data) if curve.data_path == full), None)


def keys_of(strip, path: str) -> list[tuple[float, float]]:
    """Frames and values of a strip's keys."""
    curve = curve_of(strip, path)
    return [] if curve is None else [(key.co.x, key.co.y) for key in curve.keyframe_points]
