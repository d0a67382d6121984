# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the installed extension as a user does: portrait in, sliders keyed, frames rendered."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import installed_extension
import numpy as np
import sequencer


def core(name: str) -> Any:
    """A module of the extension's core, such as ``service``."""
    return importlib.import_module(f"{installed_extension.MODULE}.blender_talkinghead.{name}")


def shared(name: str) -> Any:
    """A module of the pure part of ``inference``."""
    return importlib.import_module(f"{installed_extension.MODULE}.inference.{name}")


def fresh_start(consent: bool = True) -> None:
    """No job, no worker, consent as asked."""
    core("jobs.service").runner.drop("a test begins")
    core("jobs.service").runner.forget()
    core("jobs.service").queue.forget_all()
    core("jobs.queue_list").sync()
    core("preview.preview").stop()
    core("worker.worker").stop()
    core("preferences").preferences().consent = consent


def animated(path: Path, name: str = "Portrait", length: int = 6, channel: int = 1) -> Any:
    """An image strip that Animate Portrait was pressed on."""
    strip = sequencer.add_image(path, name=name, length=length, channel=channel)
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    return strip


def key(strip: Any, control: str, frame: int, value: float) -> None:
    """Key a slider."""
    setattr(strip, f"th_{control}", value)
    strip.keyframe_insert(f"th_{control}", frame=frame)


def result_of(source: Any) -> Any:
    """The result strip of a source."""
    return core("strips.lookup").results_of(source)[0]


def frame_files(source: Any) -> list[Path]:
    """The files that a source's result shows, one a frame."""
    result = result_of(source)
    folder = Path(bpy.path.abspath(result.directory))
    return [folder / element.filename for element in result.elements]


def rendered_frames(folder: Path) -> set[str]:
    """Names of the frames in a folder."""
    return {path.name for path in folder.glob("*.png") if len(path.stem) == 32}


def pixels(path: Path) -> np.ndarray:
    """(H, W, 4) uint8, origin bottom left, of an image file, as Blender reads it."""
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        image.alpha_mode = "CHANNEL_PACKED"
        values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
        image.pixels.foreach_get(values)
        return np.rint(values.reshape(image.size[1], image.size[0], 4) * 255).astype(np.uint8)
    finally:
        bpy.data.images.remove(image)


def start_render(source: Any, range_mode: str = "STRIP") -> Any:
    """Begin Render Frames as the GUI does, without driving it; returns the runner."""
    jobs, service = core("jobs.jobs"), core("jobs.service")
    target = jobs.Target(source.id_data.name, source.name, range_mode)
    service.runner.start(jobs.RENDER_TITLE, lambda control: jobs.render(target, control), 0.02)
    return service.runner


def step_until(runner: Any, reached: Callable[[Any], bool], limit: int = 5000) -> None:
    """Drive a job until its state satisfies a condition."""
    for _ in range(limit):
        assert runner.running, f"the job ended too early: {runner.state}"
        runner.step()
        if reached(runner.state):
            return
    raise AssertionError(f"the job never got there: {runner.state}")


def step_to_end(runner: Any, limit: int = 5000) -> Any:
    """Drive a job to its end; its last state."""
    for _ in range(limit):
        if not runner.running:
            return runner.state
        runner.step()
    raise AssertionError(f"the job never ended: {runner.state}")


def snapshot(scene: Any) -> list[tuple]:
    """What a failed operator must leave as it was: strips, their places and the add-on's values on them."""
    names = [name for name in dir(sequencer.strip_type()) if name.startswith("th_") and name != "th_points"]
    compat = core("compat")
    return [
        (strip.name, strip.channel, compat.left(strip), compat.right(strip), strip.mute, *_values(strip, names))
        for strip in sequencer.all_strips(scene)
    ]


def _values(strip: Any, names: list[str]) -> list[Any]:
    return [getattr(strip, name) for name in names]
