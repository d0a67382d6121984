# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of whole performances: mirrored, played faster, at another frame rate. Times are exact fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from ..controls import POSE_CONTROLS, POSE_NAMES
from ..errors import ErrorCode, TalkingHeadError
from ..performance import Performance
from .poses import mirrored_pose
from .track import REST

# A typing slip in a factor must not fill the memory.
LONGEST_FRAMES = 2_000_000


def mirror_of(name: str) -> tuple[str, float]:
    """The control that a control becomes when left and right are exchanged, and by what its value is multiplied."""
    ((other, sign),) = mirrored_pose({name: 1.0}).items()
    return other, sign


def moving(performance: Performance) -> tuple[str, ...]:
    """Names of the controls that do not rest throughout."""
    moved = (performance.values != REST).any(axis=0)
    return tuple(name for name, moves in zip(POSE_NAMES, moved, strict=True) if moves)


def kept(performance: Performance, names: Iterable[str]) -> Performance:
    """The same performance with all other controls at rest."""
    wanted = set(names)
    chosen = np.array([name in wanted for name in POSE_NAMES])
    return Performance(performance.rate, np.where(chosen, performance.values, REST))


def mirrored(performance: Performance) -> Performance:
    """Left and right exchanged; twice gives the performance back."""
    values = np.empty_like(performance.values)
    for column, name in enumerate(POSE_NAMES):
        other, sign = mirror_of(name)
        # Adding 0 turns a negative zero into zero.
        values[:, POSE_NAMES.index(other)] = sign * performance.values[:, column] + 0.0
    return Performance(performance.rate, values)


def added(performance: Performance, extra: Performance) -> Performance:
    """The sum of two performances of the same frames, the second counted from rest; within the controls' limits."""
    low = np.array([control.minimum for control in POSE_CONTROLS])
    high = np.array([control.maximum for control in POSE_CONTROLS])
    return Performance(performance.rate, np.clip(performance.values + extra.values - REST, low, high))


def retimed(performance: Performance, speed: Fraction) -> Performance:
    """Played ``speed`` times as fast, at the same frame rate.

    Raises:
        TalkingHeadError: INVALID_REQUEST for a speed that is not above 0, or that makes it too long.
    """
    if speed <= 0:
        raise _invalid(f"The speed {float(speed):g} is not above 0.", "Use 2 for twice as fast, 1/2 for half.")
    return _read(performance, speed, performance.rate)


def resampled(performance: Performance, rate: Fraction) -> Performance:
    """The same motion in the same time at another frame rate.

    Raises:
        TalkingHeadError: INVALID_REQUEST when that makes it too long.
    """
    return _read(performance, performance.rate / rate, rate)


def _read(performance: Performance, step: Fraction, rate: Fraction) -> Performance:
    """Every ``step``-th frame, with linear interpolation between two; held up to the end of the last frame.

    A performance of n frames lasts n / rate: the new one has as many frames as begin in that time.
    """
    count = math.ceil(len(performance) / step)
    if count > LONGEST_FRAMES:
        raise _invalid(f"The performance would have {count} frames.", "Use a higher speed, or a lower frame rate.")
    if step == 1:
        return Performance(rate, performance.values)
    whole, part = _positions(count, step)
    last = len(performance) - 1
    low, high = np.minimum(whole, last), np.minimum(whole + 1, last)
    values = performance.values
    return Performance(rate, values[low] + part[:, None] * (values[high] - values[low]))


def _positions(count: int, step: Fraction) -> tuple[np.ndarray, np.ndarray]:
    """(count,) whole and fractional part of i * step. In whole numbers, so that nothing adds up."""
    numerator, denominator = step.numerator, step.denominator
    if numerator * count >= 2**62 or denominator >= 2**62:  # beyond 64 bit
        exact = [divmod(i * numerator, denominator) for i in range(count)]
        return np.array([w for w, _ in exact]), np.array([float(Fraction(r, denominator)) for _, r in exact])
    whole, remainder = np.divmod(np.arange(count, dtype=np.int64) * numerator, denominator)
    return whole, remainder / denominator


def _invalid(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)
