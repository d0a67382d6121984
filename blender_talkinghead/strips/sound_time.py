# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which moment of a sound a strip plays, in exact fractions; no Blender in here.

The rules were measured: clicks at known times, mixed down by Blender 4.5, 5.0 and 5.2 with every kind of edit
(``tests/blender/test_driver_time.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class SoundTime:
    """How a sound strip maps timeline frames to seconds of its file.

    Attributes:
        start: timeline frame at which the content starts.
        first_s: second of the file there; below 0 where the sound begins later.
        speed: seconds of sound a second of timeline.
        rate: timeline frames a second.
    """

    start: int
    first_s: Fraction
    speed: Fraction
    rate: Fraction

    def seconds_at(self, frame: int) -> Fraction:
        """Second of the file that sounds when a timeline frame begins; may lie before or behind the file."""
        return self.first_s + self.speed * (frame - self.start) / self.rate

    def heard(self, length_s: Fraction) -> tuple[int, int]:
        """The timeline frames, end exclusive, during which a file of this length sounds."""
        first = self.start - self.first_s * self.rate / self.speed
        return math.floor(first), math.ceil(first + length_s * self.rate / self.speed)


def played(start: int, trim: int, offset_s: Fraction, rate: Fraction) -> SoundTime:
    """The map of a strip at its own speed.

    Args:
        trim: timeline frames that are cut off for good at the start.
        offset_s: the strip's *Sound Offset*, by which it sounds later.
    """
    return SoundTime(start, trim / rate - offset_s, Fraction(1), rate)


def retimed(
    start: int,
    last_key: int,
    trim: int,
    frames: int,
    offset_s: Fraction,
    rate: Fraction,
    *,
    key_is_behind: bool,
) -> SoundTime:
    """The map of a strip whose whole length was given another speed, which leaves one retiming key at each end.

    Args:
        last_key: timeline frame of the key at the end.
        frames: timeline frames that the sound between its two cuts has at its own speed.
        key_is_behind: the last key lies behind the last frame (from Blender 5.0 on) instead of on it. The same
            versions play what is cut off at the start at the strip's speed as well.
    """
    speed = Fraction(frames if key_is_behind else frames - 1, last_key - start)
    cut_s = trim / rate * (speed if key_is_behind else 1)
    return SoundTime(start, cut_s - offset_s * speed, speed, rate)
