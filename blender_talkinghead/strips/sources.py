# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a strip shows: its files, and which picture of them at which frame."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.source import Source, SourceKind
from .. import compat
from . import folders
from .movie_time import MovieTime, exact_rate, retimed, speed_of
from .sampling import scene_rate

# Types of strips that cannot be animated, and why.
PICTURELESS = {"SOUND": "has no picture", "MASK": "has no colors", "ADJUSTMENT": "has no picture of its own"}


class Rendering(Enum):
    """Whether Blender must render a strip before its face can be animated."""

    NONE = "its files are used"
    PLAIN = "its pictures, without crop, transform and modifiers, because its time cannot be followed otherwise"
    AS_SEEN = "as the sequencer shows it"


@dataclass(frozen=True)
class StripSource:
    """The pictures of a strip.

    Attributes:
        source: kind and absolute paths.
        first_frame: timeline frame of the first entry of ``pictures``.
        pictures: picture index at each visible frame.
    """

    source: Source
    first_frame: int
    pictures: tuple[int, ...]

    def picture_at(self, frame: int) -> int:
        """Picture index at a timeline frame; outside of the strip that of its nearest end."""
        index = min(max(frame - self.first_frame, 0), len(self.pictures) - 1)
        return self.pictures[index]


def rendering_of(scene: Any, strip: Any) -> Rendering:
    """Whether Blender must render the strip first.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT for a strip that shows no picture.
    """
    if strip.type in PICTURELESS:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The strip '{strip.name}' {PICTURELESS[strip.type]}.",
            "Select an image or movie strip.",
        )
    if strip.type not in ("IMAGE", "MOVIE") or strip.th_as_seen:
        return Rendering.AS_SEEN
    if strip.type == "MOVIE" and (movie_time(scene, strip) is None or strip.stream_index > 0):
        return Rendering.PLAIN
    return Rendering.NONE


def describe(scene: Any, strip: Any) -> StripSource:
    """The files of an image or movie strip that needs no rendering.

    Raises:
        TalkingHeadError: SOURCE_MISSING when a file does not exist, UNSUPPORTED_INPUT.
    """
    if rendering_of(scene, strip) is not Rendering.NONE:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The strip '{strip.name}' is not shown straight from a file.",
            "It must be rendered by Blender first.",
        )
    if strip.type == "MOVIE":
        return _movie(scene, strip)
    return _images(strip)


def _images(strip: Any) -> StripSource:
    folder = bpy.path.abspath(strip.directory)
    first, end = compat.left(strip), compat.right(strip)
    # Blender itself says which element it shows, whatever the trim, direction, strobe and retiming.
    shown = [strip.strip_elem_from_frame(frame).filename for frame in range(first, end)]
    positions = _positions(strip)
    kind = SourceKind.IMAGE if len(strip.elements) == 1 else SourceKind.SEQUENCE
    files = tuple(os.path.normpath(os.path.join(folder, name)) for name in positions)  # noqa: PTH118
    used = {positions[name] for name in shown}
    _check_files(strip, [files[index] for index in sorted(used)])
    source = Source(kind, files, _premultiplied(strip, files))
    return StripSource(source, first, tuple(positions[name] for name in shown))


def _premultiplied(strip: Any, files: tuple[str, ...]) -> bool | None:
    """What the strip's Alpha Mode says of its files; None where it is the format's convention."""
    chosen = strip.alpha_mode == "PREMUL"
    by_convention = files[0].lower().endswith(".exr")
    return None if chosen == by_convention else chosen


def describe_elements(strip: Any) -> StripSource:
    """An image strip with a picture for each of its elements, in the order of time, even where a file repeats.

    Raises:
        TalkingHeadError: SOURCE_MISSING when a file does not exist.
    """
    folder = bpy.path.abspath(strip.directory)
    files = [os.path.normpath(os.path.join(folder, element.filename)) for element in strip.elements]  # noqa: PTH118
    _check_files(strip, sorted(set(files)))
    places = {element.as_pointer(): index for index, element in enumerate(strip.elements)}
    first, end = compat.left(strip), compat.right(strip)
    shown = tuple(places[strip.strip_elem_from_frame(frame).as_pointer()] for frame in range(first, end))
    source = Source(SourceKind.SEQUENCE, tuple(files), _premultiplied(strip, tuple(files)))
    return StripSource(source, first, shown)


def _positions(strip: Any) -> dict[str, int]:
    """Picture index of each file of a sequence; a file that stands there twice is one picture."""
    names: dict[str, int] = {}
    for element in strip.elements:
        names.setdefault(element.filename, len(names))
    return names


def _movie(scene: Any, strip: Any) -> StripSource:
    path = folders.absolute(strip.filepath)
    _check_files(strip, [str(path)])
    time = movie_time(scene, strip)
    assert time is not None  # else rendering_of had asked for rendering
    first, end = compat.left(strip), compat.right(strip)
    pictures = tuple(time.picture_at(frame) for frame in range(first, end))
    return StripSource(Source(SourceKind.MOVIE, (str(path),)), first, pictures)


def movie_time(scene: Any, strip: Any) -> MovieTime | None:
    """The time map of a movie strip; None when it cannot be told.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    path = folders.absolute(strip.filepath)
    _check_files(strip, [str(path)])
    trim, start = compat.content_trim_start(strip), compat.content_start(strip)
    in_file = media_pictures(path)
    if in_file == 0:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE,
            f"The movie {path.name} cannot be read.",
            "It may be damaged, empty or in a format that Blender does not know: put a good file in its place.",
        )
    pictures = in_file - trim - compat.content_trim_end(strip)
    if pictures <= 0:
        return None
    reverse, strobe = strip.use_reverse_frames, exact_rate(strip.strobe)
    media_rate = media_rate_of(path)
    same_rate = media_rate == scene_rate(scene)
    keys, last_key = compat.retiming_keys(strip), compat.last_retiming_key(strip)
    if keys > 1:
        # The keys tell neither the speeds between them nor whether the media's own speed counts as well.
        if keys > 2 or last_key <= start or not same_rate:
            return None
        behind = compat.RETIMING_ENDS_BEHIND
        return retimed(start, last_key, trim, pictures, key_is_behind=behind, reverse=reverse, strobe=strobe)
    length = compat.content_duration(strip)
    speed = speed_of(pictures, length, media_rate, scene_rate(scene))
    return None if speed is None else MovieTime(start, length, trim, pictures, speed, reverse, strobe)


def media_pictures(path: Path) -> int:
    """How many pictures Blender counts in a movie; 0 if it cannot read it.

    A strip does not tell once it was trimmed for good or keeps the media's speed, so a fresh strip is asked, once for
    each state of the file.
    """
    return _media_facts(path).pictures


def media_rate_of(path: Path) -> Fraction:
    """Pictures a second of a movie that Blender can read. Asking a strip opens the file each time, this does once."""
    return exact_rate(_media_facts(path).fps)


@dataclass(frozen=True)
class _MediaFacts:
    """How many pictures Blender counts in a movie, 0 if it cannot read it, and how many a second."""

    pictures: int
    fps: float


def _media_facts(path: Path) -> _MediaFacts:
    state = path.stat()
    return _asked_facts(str(path), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _asked_facts(path: str, _changed_ns: int, _size: int) -> _MediaFacts:
    scene = bpy.data.scenes.new("Talking Head Probe")
    try:
        editor = scene.sequence_editor_create()
        strip = compat.new_movie_strip(editor, "probe", path, 1, 1)
        fps = strip.fps
        # Blender takes what it cannot read for a movie of one picture without a frame rate.
        return _MediaFacts(compat.content_duration(strip) if fps > 0 else 0, fps)
    except RuntimeError:
        return _MediaFacts(0, 0.0)
    finally:
        bpy.data.scenes.remove(scene)


def _check_files(strip: Any, files: list[str]) -> None:
    for name in files:
        if not Path(name).is_file():
            raise TalkingHeadError(
                ErrorCode.SOURCE_MISSING,
                f"The file {name} of the strip '{strip.name}' does not exist.",
                "Put the file back, or change the strip's path.",
            )
