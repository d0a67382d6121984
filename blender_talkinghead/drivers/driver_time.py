# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a driver's medium stands at each frame of the timeline, in exact fractions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import bpy

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat
from ..strips import folders, sources
from ..strips.sampling import scene_rate
from ..strips.sound_time import SoundTime, played, retimed


class DriverTime(Protocol):
    """Time map of a driver."""

    def span(self, length: int, rate: Fraction) -> tuple[int, int]:
        """The timeline frames, end exclusive, in which a track of ``length`` samples, ``rate`` a second, drives."""
        ...

    def sample_at(self, frame: int, rate: Fraction) -> Fraction:
        """Place in that track, in samples and parts of one, at a timeline frame inside the span."""
        ...


@dataclass(frozen=True)
class PictureTime:
    """Of a strip that is followed picture by picture; a track has a sample for each picture.

    Attributes:
        first, end: visible timeline frames, end exclusive.
        position_at: place in the medium at a timeline frame, in pictures and parts of one.
    """

    first: int
    end: int
    position_at: Callable[[int], Fraction | int]

    def span(self, length: int, rate: Fraction) -> tuple[int, int]:
        """The visible frames."""
        return self.first, self.end

    def sample_at(self, frame: int, rate: Fraction) -> Fraction:
        """The picture's place."""
        return Fraction(self.position_at(frame))


@dataclass(frozen=True)
class MovieSoundTime:
    """Of the sound of a movie strip. ``picture_rate``: pictures a second of the movie."""

    pictures: PictureTime
    picture_rate: Fraction

    def span(self, length: int, rate: Fraction) -> tuple[int, int]:
        """The visible frames."""
        return self.pictures.first, self.pictures.end

    def sample_at(self, frame: int, rate: Fraction) -> Fraction:
        """The moment of the picture."""
        return Fraction(self.pictures.position_at(frame)) / self.picture_rate * rate


@dataclass(frozen=True)
class SoundStripTime:
    """Of a sound strip: ``time`` within the visible frames ``first`` to before ``end``."""

    first: int
    end: int
    time: SoundTime

    def span(self, length: int, rate: Fraction) -> tuple[int, int]:
        """The visible frames in which the file sounds."""
        first, end = self.time.heard(length / rate)
        first, end = max(first, self.first), min(end, self.end)
        return (first, end) if first < end else (self.first, self.first + 1)

    def sample_at(self, frame: int, rate: Fraction) -> Fraction:
        """The moment that sounds."""
        return self.time.seconds_at(frame) * rate


@dataclass(frozen=True)
class FileTime:
    """Of a file without a strip: it begins at a timeline frame and goes on at its own speed."""

    start: int
    timeline_rate: Fraction

    def span(self, length: int, rate: Fraction) -> tuple[int, int]:
        """As long as the file is."""
        return self.start, self.start + max(1, math.ceil(length / rate * self.timeline_rate))

    def sample_at(self, frame: int, rate: Fraction) -> Fraction:
        """The moment since the beginning."""
        return (frame - self.start) / self.timeline_rate * rate


def of_movie(scene: Any, strip: Any) -> PictureTime | None:
    """The time map of a movie strip's pictures; None where it cannot be told.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    time = sources.movie_time(scene, strip)
    return None if time is None else PictureTime(compat.left(strip), compat.right(strip), time.position_at)


def of_movie_sound(scene: Any, strip: Any) -> MovieSoundTime:
    """The time map of a movie strip's sound.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT where it cannot be told; SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    pictures = of_movie(scene, strip)
    if pictures is None:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The speed of the movie strip '{strip.name}' changes on the way, so its sound cannot be followed.",
            "Add its sound as a sound strip with the same speeds, and choose that.",
        )
    return MovieSoundTime(pictures, sources.media_rate_of(folders.absolute(strip.filepath)))


def of_sound(scene: Any, strip: Any, path: Path) -> SoundStripTime | None:
    """The time map of a sound strip; None where it cannot be told.

    Args:
        path: its file, which exists.
    """
    rate = scene_rate(scene)
    start, trim = compat.content_start(strip), compat.content_trim_start(strip)
    # Stored as a float; to the microsecond it is what the user typed.
    offset_s = Fraction(round(getattr(strip, "sound_offset", 0.0) * 10**6), 10**6)
    keys, last_key = compat.retiming_keys(strip), compat.last_retiming_key(strip)
    if keys < 2:
        time = played(start, trim, offset_s, rate)
    elif keys == 2 and last_key > start:
        frames = sound_frames(scene, path) - trim - compat.content_trim_end(strip)
        behind = compat.RETIMING_ENDS_BEHIND
        time = retimed(start, last_key, trim, frames, offset_s, rate, key_is_behind=behind)
    else:
        return None  # the keys do not tell the speeds between them
    return SoundStripTime(compat.left(strip), compat.right(strip), time)


def of_mixdown(scene: Any, strip: Any) -> SoundStripTime:
    """The time map of what a sound strip plays in its visible frames, as ``sound_mixdown`` writes it."""
    first, end = compat.left(strip), compat.right(strip)
    return SoundStripTime(first, end, played(first, 0, Fraction(0), scene_rate(scene)))


def sound_frames(scene: Any, path: Path) -> int:
    """How many frames of a scene Blender counts in a sound file; a strip does not tell once its speed was changed."""
    state = path.stat()
    return _count_frames(str(path), state.st_mtime_ns, state.st_size, scene.render.fps, scene.render.fps_base)


@lru_cache(maxsize=64)
def _count_frames(path: str, _changed_ns: int, _size: int, fps: int, fps_base: float) -> int:
    scene = bpy.data.scenes.new("Talking Head Probe")
    known = set(bpy.data.sounds)
    try:
        scene.render.fps, scene.render.fps_base = fps, fps_base
        strips = compat.strips_in(scene.sequence_editor_create())
        return compat.content_duration(strips.new_sound(name="probe", filepath=path, channel=1, frame_start=1))
    finally:
        bpy.data.scenes.remove(scene)
        for sound in set(bpy.data.sounds) - known:
            bpy.data.sounds.remove(sound)
