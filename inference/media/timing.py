# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as fractions: from frames of one rate to pictures of another, without drift."""

from __future__ import annotations

from fractions import Fraction


def picture_at(time_s: Fraction, rate: Fraction) -> int:
    """Index of the picture shown at a time: picture i is shown from i / rate on, up to the next.

    Args:
        time_s: seconds from the medium's first picture; what is before it shows the first.
        rate: pictures a second.
    """
    return max(0, time_s.numerator * rate.numerator // (time_s.denominator * rate.denominator))


def picture_of_frame(frame: int, frame_rate: Fraction, picture_rate: Fraction) -> int:
    """Index of the picture shown during a frame of a timeline that began with the medium."""
    return picture_at(frame / frame_rate, picture_rate)


def tick_at(time_s: Fraction, time_base: Fraction) -> int:
    """Time stamp nearest to a time, halves up, as FFmpeg rounds when it stores one (AV_ROUND_NEAR_INF).

    Args:
        time_base: seconds a tick.
    """
    ticks = time_s / time_base
    return (2 * ticks.numerator + ticks.denominator) // (2 * ticks.denominator)
