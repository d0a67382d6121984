# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which picture of a movie a strip shows, in exact fractions; no Blender in here.

The rules are those of the sequencer's ``give_frame_index`` (Blender's ``sequencer/intern/strip_time.cc``), which
computes them in 32 bit floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


def exact_rate(rate: float) -> Fraction:
    """A frame rate that was stored as a float, such as 29.97003 for 30000/1001, or 0 for none."""
    return Fraction(rate).limit_denominator(1001)


_LENGTH_TOLERANCE = Fraction(1, 100)


@dataclass(frozen=True)
class MovieTime:
    """How a movie strip maps timeline frames to pictures.

    Attributes:
        start: timeline frame at which the content starts.
        length: timeline frames of content.
        trim: pictures that are cut off for good at the media's start.
        pictures: pictures between the two cuts.
        speed: pictures a timeline frame: 1, or media rate / scene rate where the strip keeps the media's own speed.
        reverse: played backwards.
        strobe: only every so many picture is shown; 1 for all.
    """

    start: int
    length: int
    trim: int
    pictures: int
    speed: Fraction = Fraction(1)
    reverse: bool = False
    strobe: Fraction = Fraction(1)

    def position_at(self, frame: int) -> Fraction:
        """Place in the media at a timeline frame, in pictures and parts of one; before and after the content its ends.

        ``picture_at`` is the nearest picture.
        """
        since = self.start + self.length - 1 - frame if self.reverse else frame - self.start
        index = min(max(since, 0) * self.speed, Fraction(self.pictures - 1))
        if self.strobe > 1:
            index -= index % self.strobe
        return self.trim + index

    def picture_at(self, frame: int) -> int:
        """Index of the media's picture at a timeline frame; before and after the content its first and last one."""
        return math.floor(self.position_at(frame) + Fraction(1, 2))


def retimed(
    start: int, last_key: int, trim: int, pictures: int, *, key_is_behind: bool, reverse: bool, strobe: Fraction
) -> MovieTime:
    """The map of a strip whose whole length was given another speed, which leaves one retiming key at each end.

    Args:
        last_key: timeline frame of the key at the end.
        key_is_behind: it lies behind the last picture (from Blender 5.0 on) instead of on it.
    """
    frames = last_key - start
    length = frames if key_is_behind else frames + 1
    speed = Fraction(pictures if key_is_behind else pictures - 1, frames)
    return MovieTime(start, length, trim, pictures, speed, reverse, strobe)


def speed_of(pictures: int, length: int, media_rate: Fraction, scene_rate: Fraction) -> Fraction | None:
    """Pictures a timeline frame of an unretimed movie strip, from how long it is; None if neither way fits.

    A strip keeps the media's own speed, which is Blender's default, and then has ``pictures / speed`` frames rounded
    down (after a 32 bit division, hence the tolerance); or it shows one picture a frame. A short movie of almost the
    scene's rate is as long either way, and is taken for the default.
    """
    own_speed = media_rate / scene_rate
    if own_speed > 0:
        exact = pictures / own_speed
        if length in (math.floor(exact - _LENGTH_TOLERANCE), math.floor(exact + _LENGTH_TOLERANCE)):
            return own_speed
    return Fraction(1) if length == pictures else None
