# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference edit``: a performance file to another one."""

from __future__ import annotations

import argparse
from fractions import Fraction

from ..errors import ErrorCode, TalkingHeadError
from ..performance import Performance, load, parse_fraction, parse_rate, save
from . import edits


def edit(options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        Exit code 0.

    Raises:
        TalkingHeadError: with the sentence to show.
    """
    speed = None if options.speed is None else _speed(options.speed)
    rate = None if options.rate is None else parse_rate(options.rate)
    save(edited(load(options.performance), mirror=options.mirror, speed=speed, rate=rate), options.output.absolute())
    print(options.output)
    return 0


def edited(performance: Performance, *, mirror: bool, speed: Fraction | None, rate: Fraction | None) -> Performance:
    """Mirrored, played faster and resampled, in this order; what is not asked for is left out.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the result would be too long.
    """
    if mirror:
        performance = edits.mirrored(performance)
    if speed is not None:
        performance = edits.retimed(performance, speed)
    if rate is not None:
        performance = edits.resampled(performance, rate)
    return performance


def _speed(text: str) -> Fraction:
    try:
        return parse_fraction(text)
    except (ValueError, ZeroDivisionError):
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"'{text}' is not a speed.", "Write a number or a fraction, such as 1.5 or 1/2."
        ) from None
