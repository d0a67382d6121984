# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Blender render the pictures of a strip that is no plain file: scenes, metas, effects, text, retimed movies.

It happens in a copy of the scene that is removed again. The copy must be the window's scene while it renders, or
animated values stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.source import Source, SourceKind
from .. import compat
from ..worker import memory
from . import folders, follow
from .sources import StripSource

_INPUTS = ("input_1", "input_2", "seq_1", "seq_2", "input1", "input2", "seq1", "seq2")
_USE_EVERYTHING_BELOW = ("MULTICAM",)


def plan(strip: Any, folder: Path, anchor: int) -> StripSource:
    """The image sequence that rendering a strip makes: one picture for each visible frame, named by content frame.

    A frame keeps its picture index when the strip is trimmed or moved, or the range of a job changes; so the sequence
    has gaps, before the left handle and wherever nothing is rendered. Nothing is rendered yet.

    Args:
        anchor: timeline frame of the strip's content frame 0.
    """
    first, end = compat.left(strip) - anchor, compat.right(strip) - anchor
    base = min(0, first)
    files = tuple(str(folder / f"{number:06d}.png") for number in range(base, end))
    source = Source(SourceKind.SEQUENCE, files, gaps=True)
    return StripSource(source, compat.left(strip), tuple(range(first - base, end - base)))


def render(
    scene: Any, strip: Any, frames: Sequence[int], planned: StripSource, *, as_seen: bool, depth: int = 8
) -> None:
    """Render timeline frames of a strip into the files of a plan.

    Files of an earlier call are written over, each in one step; the same pixels give the same file.

    Args:
        as_seen: with crop, transform and modifiers, in the scene's resolution; else the strip's own pixels.
        depth: bits a channel of the PNG files, 8 or 16.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE, or SOURCE_UNREADABLE when Blender cannot render it.
    """
    folders.ensure(Path(planned.source.files[0]).parent)
    with follow.paused(), _copy_for_rendering(scene, strip, as_seen, depth) as copy:
        for frame in frames:
            path = Path(planned.source.files[planned.picture_at(frame)])
            _render_frame(copy, frame, path, strip.name)


@contextmanager
def _copy_for_rendering(scene: Any, strip: Any, as_seen: bool, depth: int) -> Iterator[Any]:
    window = bpy.context.window
    shown = window.scene
    copy = scene.copy()
    try:
        own = compat.strip_named(copy, strip.name)
        if not as_seen:
            _show_plain(copy, own)
        _show_only(copy, own)
        _set_output(copy, depth)
        window.scene = copy
        copy.view_layers[0].update()  # or the first frame shows animated values of another frame (4.2, 4.5)
        yield copy
    finally:
        window.scene = shown
        bpy.data.scenes.remove(copy)


def _show_plain(copy: Any, strip: Any) -> None:
    copy.animation_data_clear()
    element = strip.elements[0]
    copy.render.resolution_x, copy.render.resolution_y = element.orig_width, element.orig_height
    transform = strip.transform
    transform.scale_x = transform.scale_y = 1.0
    transform.offset_x = transform.offset_y = transform.rotation = 0.0
    for side in ("min_x", "max_x", "min_y", "max_y"):
        setattr(strip.crop, side, 0)
    strip.use_flip_x = strip.use_flip_y = False
    strip.color_multiply = strip.color_saturation = 1.0
    for modifier in strip.modifiers:
        modifier.mute = True


def _show_only(copy: Any, strip: Any) -> None:
    strip.blend_type, strip.blend_alpha = "ALPHA_OVER", 1.0
    kept = {strip.name, *_input_names(strip)}
    parent = strip.parent_meta()
    while parent is not None:
        kept.add(parent.name)
        _unmute(parent)
        parent = parent.parent_meta()
    inside = {child.name for child in _children(strip)}
    below = strip.channel if strip.type in _USE_EVERYTHING_BELOW else 0
    for other in compat.all_strips(copy):
        if other.name not in kept and other.name not in inside and other.channel >= below:
            other.mute = True
    _unmute(strip)


def _input_names(strip: Any) -> set[str]:
    names = set()
    for attribute in _INPUTS:
        source = getattr(strip, attribute, None)
        if source is not None:
            names |= {source.name, *_input_names(source), *(child.name for child in _children(source))}
    return names


def _children(strip: Any) -> Iterator[Any]:
    if strip.type == "META":
        for child in compat.strips_in(strip):
            yield child
            yield from _children(child)


def _unmute(strip: Any) -> None:
    strip.mute = False
    compat.container_of(strip).channels[strip.channel].mute = False


def _set_output(copy: Any, depth: int) -> None:
    render, view = copy.render, copy.view_settings
    render.use_sequencer, render.use_compositing = True, False
    render.film_transparent = True
    render.resolution_percentage = 100
    render.use_border = False
    render.use_file_extension = render.use_overwrite = True
    render.use_placeholder = False
    render.dither_intensity = 0.0
    for name in render.bl_rna.properties.keys():
        if name.startswith("use_stamp"):  # no dates in the files: the same pixels give the same bytes
            setattr(render, name, False)
    render.image_settings.color_management = "FOLLOW_SCENE"
    compat.set_png_output(copy, depth)
    view.view_transform, view.look = "Standard", "None"
    view.exposure, view.gamma = 0.0, 1.0
    view.use_curve_mapping = False


def _render_frame(copy: Any, frame: int, path: Path, strip_name: str) -> None:
    part = path.with_name(path.stem + ".part.png")
    copy.frame_set(frame)
    copy.render.filepath = str(part)
    try:
        with memory.own_render():
            bpy.ops.render.render(write_still=True)
        os.replace(part, path)
    except (RuntimeError, OSError) as error:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE,
            f"Blender could not render frame {frame} of the strip '{strip_name}'.",
            "Check that the strip shows in the preview, and that the frames folder can be written.",
            details=str(error),
        ) from error
