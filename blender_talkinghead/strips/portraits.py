# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as new strips on free channels: what a portrait dropped onto the sequencer becomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from . import channels, folders

STILL_S = 5.0
"""How long a still is shown at first."""

# What both Blender and the worker read.
PICTURES = frozenset({".bmp", ".exr", ".hdr", ".jpeg", ".jpg", ".png", ".tga", ".tif", ".tiff", ".webp"})
MOVIES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
EXTENSIONS = ";".join(sorted(PICTURES | MOVIES))
"""As a file handler of Blender's wants them."""


def add(context: Any, files: Sequence[Path], frame: int) -> list[Any]:
    """A strip for each file, from a frame on, on channels that are free; they alone are selected, the first is active.

    Args:
        context: of a sequencer: Blender adds movies only there.
        files: absolute paths of pictures and movies.
        frame: timeline frame on which the strips begin.

    Returns:
        The strips, in the order of the files. A movie's sound is a strip as well, below it, but is not among them.

    Raises:
        TalkingHeadError: SOURCE_MISSING, UNSUPPORTED_INPUT, SOURCE_UNREADABLE or INVALID_REQUEST; nothing was added
            for a file that is missing or of another kind.
    """
    for path in files:
        _check(path)
    scene: Any = compat.sequencer_scene(context)
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    names = [_add_one(scene, path, frame).name for path in files]
    strips: list[Any] = [compat.strip_named(scene, name) for name in names]
    compat.set_active_strip(scene, strips[0])
    for strip in strips:
        strip.select = True
    return strips


def _check(path: Path) -> None:
    if path.suffix.lower() not in PICTURES | MOVIES:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"{path.name} is no picture or movie that can be animated.",
            "Use a PNG, JPEG, WebP, TIFF or OpenEXR picture, or an MP4, MOV, MKV or WebM movie.",
        )
    if not path.is_file():
        raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Choose another file.")


def _add_one(scene: Any, path: Path, frame: int) -> Any:
    if path.suffix.lower() in MOVIES:
        return _add_movie(scene, path, frame)
    rate = scene.render.fps / scene.render.fps_base
    length = max(1, round(STILL_S * rate))
    container = compat.open_container(scene)
    channel = channels.free_channel(container, 1, frame, frame + length)
    strip = compat.new_image_strip(container, path.stem, folders.for_property(path), channel, frame, fit_method="FIT")
    compat.set_right(strip, frame + length)
    return strip


def _add_movie(scene: Any, path: Path, frame: int) -> Any:
    """A movie at its own speed and with its sound, as Blender's own Add Movie makes it."""
    container = compat.open_container(scene)
    known = {strip.name for strip in compat.all_strips(scene)}
    # How long it is, is not known before it is there: two channels above everything have room for any.
    channel = 1 + max((strip.channel for strip in compat.strips_in(container)), default=0)
    if channel >= compat.LAST_CHANNEL:
        channel = channels.free_channel(container, 1, frame, frame + 1, count=2)
    try:
        with compat.unchanged_scene(scene):
            compat.add_movie_with_sound(str(path), channel, frame)
    except RuntimeError as error:
        raise _unreadable(path, str(error)) from error
    added = [strip for strip in compat.all_strips(scene) if strip.name not in known and strip.type == "MOVIE"]
    if not added:
        raise _unreadable(path, "Blender added no strip")
    return added[0]


def _unreadable(path: Path, details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.SOURCE_UNREADABLE,
        f"Blender cannot read the movie {path.name}.",
        "Convert it to MP4 (H.264), then add it again.",
        details=details,
    )
