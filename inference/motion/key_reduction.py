# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a value at every frame to the few keys that an animator would set.

The keys are Bezier keys whose handles reach a third of the way to the neighbouring key. The cubic is then linear in
time, so that it is the Hermite cubic of the two values and slopes, and Blender evaluates it without searching. Both
handles of a key lie on one line: no corners. Extremes and both ends of a hold become keys with flat handles.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

BEZIER = "BEZIER"
# The longest segment, in frames: what lies longer without a turn is hardly a motion, and the basis stays small.
_LONGEST = 256
# Points a frame at which a segment is checked.
_FINENESS = 4
# Half widths of the windows in which a slope is measured, the widest first, in frames.
_SLOPE_WINDOWS = (3, 2, 1)
# Frames that a value must stay the same to be a hold.
_HOLD = 2


@dataclass(frozen=True)
class Key:
    """A keyframe.

    Attributes:
        frame, value: where it stands.
        left, right: (frame, value) of its handles.
        interpolation: of the segment that begins here: "BEZIER", "LINEAR" or "CONSTANT".
    """

    frame: float
    value: float
    left: tuple[float, float]
    right: tuple[float, float]
    interpolation: str = BEZIER


def reduced(values: Sequence[float] | np.ndarray, first_frame: int, tolerance: float) -> tuple[Key, ...]:
    """Few Bezier keys through a curve that is given at consecutive whole frames.

    At every frame the keys give the value within the tolerance; at the quarters between two frames they leave the band
    that both span by no more than the tolerance. Keys stand on whole frames and on the values themselves.

    Args:
        values: (n,) a value a frame, n at least 1.
        first_frame: timeline frame of the first value.
        tolerance: largest error, in the unit of the values, above 0.

    Raises:
        ValueError: no values, one that is not finite, or no tolerance.
    """
    curve = np.asarray(values, np.float64)
    if curve.ndim != 1 or not len(curve) or not np.isfinite(curve).all():
        raise ValueError("values must be finite numbers, one a frame")
    if not tolerance > 0:
        raise ValueError("tolerance must be above 0")
    turns = set(_turning_points(curve, tolerance))
    holds = _hold_ends(curve, tolerance)
    slopes = _slopes(curve, tolerance)
    slopes[sorted(turns | holds)] = 0.0
    fixed = sorted(turns | holds | {0, len(curve) - 1})
    knots = _Fitter(curve, slopes, tolerance).knots(fixed)
    return _keys(curve, slopes, knots, first_frame)


def evaluated(keys: Sequence[Key], frames: Sequence[float] | np.ndarray) -> np.ndarray:
    """(m,) the curve of ``reduced`` at frames; held before the first and after the last key."""
    starts = [key.frame for key in keys]
    return np.array([_value_at(keys, starts, float(frame)) for frame in frames])


def largest_error(keys: Sequence[Key], values: Sequence[float] | np.ndarray, first_frame: int) -> float:
    """The largest distance between keys and the values at their frames."""
    frames = np.arange(len(values)) + first_frame
    return float(np.abs(evaluated(keys, frames) - np.asarray(values, np.float64)).max())


def _value_at(keys: Sequence[Key], starts: Sequence[float], frame: float) -> float:
    index = bisect_right(starts, frame) - 1
    if index < 0 or index == len(keys) - 1:
        return keys[max(index, 0)].value
    a, b = keys[index], keys[index + 1]
    t = (frame - a.frame) / (b.frame - a.frame)
    s = 1 - t
    return s**3 * a.value + 3 * s * s * t * a.right[1] + 3 * s * t * t * b.left[1] + t**3 * b.value


def _turning_points(curve: np.ndarray, tolerance: float) -> list[int]:
    """Indices of the extremes from which the curve goes away by more than the tolerance on both sides."""
    turns: list[int] = []
    low = high = 0
    direction = 0
    values = curve.tolist()
    for index, value in enumerate(values):
        if value > values[high]:
            high = index
        if value < values[low]:
            low = index
        if direction >= 0 and value < values[high] - tolerance:
            turns += [high] if direction else []
            direction, low, high = -1, index, index
        elif direction <= 0 and value > values[low] + tolerance:
            turns += [low] if direction else []
            direction, low, high = 1, index, index
    return turns


def _hold_ends(curve: np.ndarray, tolerance: float) -> set[int]:
    """First and last index of each stretch in which the value stays the same, but for less than can be seen."""
    steps = np.concatenate(([True], np.diff(curve) != 0, [True]))
    starts = np.flatnonzero(steps)
    runs = [(int(a), int(b) - 1) for a, b in pairwise(starts) if b - 1 - a >= _HOLD]
    holds: list[tuple[int, int]] = []
    for first, last in runs:
        if holds:
            begin = holds[-1][0]
            # Runs of one level, with a little noise or a rounded drift in between, are one hold.
            if np.abs(curve[holds[-1][1] : last + 1] - curve[begin]).max() <= tolerance / 4:
                holds[-1] = begin, last
                continue
        holds.append((first, last))
    return {end for hold in holds for end in hold}


def _slopes(curve: np.ndarray, tolerance: float) -> np.ndarray:
    """(n,) slope at each frame, a frame.

    That of the parabola in the widest window that it describes within half the tolerance: a wide window ignores noise,
    a narrow one follows a blink. Limited so that a segment of one frame does not overshoot by more than the tolerance.
    """
    n = len(curve)
    slopes = np.gradient(curve) if n > 1 else np.zeros(1)
    for half in reversed(_SLOPE_WINDOWS):
        if n <= 2 * half:
            continue
        offsets = np.arange(-half, half + 1)
        windows = np.lib.stride_tricks.sliding_window_view(curve, 2 * half + 1)
        basis = np.stack([np.ones_like(offsets), offsets, offsets**2], axis=1).astype(np.float64)
        parameters = windows @ np.linalg.pinv(basis).T
        fits = np.abs(parameters @ basis.T - windows).max(axis=1) <= tolerance / 2
        inner = slopes[half : n - half]
        inner[fits] = parameters[fits, 1]
    return _limited(slopes, curve, tolerance)


def _limited(slopes: np.ndarray, curve: np.ndarray, tolerance: float) -> np.ndarray:
    """Slopes of at most three times the smaller neighbouring step, and a little more.

    Three times is the limit up to which a cubic between two frames stays monotone (Fritsch and Carlson, "Monotone
    Piecewise Cubic Interpolation", 1980); slopes of the tolerance beyond it overshoot by less than the tolerance.
    """
    steps = np.diff(curve)
    before = np.concatenate((steps[:1], steps)) if len(steps) else np.zeros(1)
    after = np.concatenate((steps, steps[-1:])) if len(steps) else np.zeros(1)
    same = before * after > 0
    most = np.where(same, 3 * np.minimum(np.abs(before), np.abs(after)), 0.0)
    upward = before > 0
    high = np.where(same & upward, most, 0.0) + 3 * tolerance
    low = np.where(same & ~upward, -most, 0.0) - 3 * tolerance
    return np.clip(slopes, low, high)


class _Fitter:
    """Finds the longest segments that keep to the tolerance."""

    def __init__(self, curve: np.ndarray, slopes: np.ndarray, tolerance: float) -> None:
        self.curve, self.slopes = curve, slopes
        # Bounds at the points that are checked: the value itself at a frame, the band of both neighbours in between.
        n = len(curve)
        low = np.repeat(np.minimum(curve[:-1], curve[1:]), _FINENESS)
        high = np.repeat(np.maximum(curve[:-1], curve[1:]), _FINENESS)
        low[::_FINENESS] = high[::_FINENESS] = curve[: n - 1]
        # Rounding must not refuse what fits exactly.
        margin = tolerance * (1 - 1e-6)
        self.low, self.high = np.append(low, curve[-1]) - margin, np.append(high, curve[-1]) + margin

    def knots(self, fixed: Sequence[int]) -> list[int]:
        """Indices of the keys: those that must be, and as many in between as are needed."""
        knots = [fixed[0]]
        for start, end in pairwise(fixed):
            inner = self._between(start, end)
            knots += [*self._balanced(start, inner, end), end]
        return knots

    def _between(self, start: int, end: int) -> list[int]:
        found: list[int] = []
        while (reach := self._farthest(start, end)) < end:
            found.append(reach)
            start = reach
        return found

    def _farthest(self, start: int, end: int) -> int:
        """The end of the longest segment from a start, by doubling and then halving; one frame always fits."""
        if self._is_hold(start, end):
            return end
        limit = min(end, start + _LONGEST)
        good, step = start + 1, 2
        while good < limit:
            reach = min(start + step, limit)
            if not self._fits(start, reach):
                return self._last_fit(start, good, reach)
            good, step = reach, step * 2
        return good

    def _last_fit(self, start: int, good: int, bad: int) -> int:
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if self._fits(start, middle) else (good, middle)
        return good

    def _balanced(self, start: int, inner: list[int], end: int) -> list[int]:
        """The same number of keys, but the last one, which greed leaves close to the end, moved to the middle."""
        if inner:
            before = inner[-2] if len(inner) > 1 else start
            middle = (before + end) // 2
            if before < middle < end and self._fits(before, middle) and self._fits(middle, end):
                return [*inner[:-1], middle]
        return inner

    def _is_hold(self, start: int, end: int) -> bool:
        flat = self.slopes[start] == self.slopes[end] == 0
        return bool(flat) and bool((self.curve[start : end + 1] == self.curve[start]).all())

    def _fits(self, start: int, end: int) -> bool:
        if end - start == 1:
            return True
        length = end - start
        curve, slopes = self.curve, self.slopes
        ends = np.array([curve[start], curve[end], slopes[start] * length, slopes[end] * length])
        points = ends @ _hermite(length)
        part = slice(start * _FINENESS, end * _FINENESS + 1)
        return bool(((points >= self.low[part]) & (points <= self.high[part])).all())


@lru_cache(maxsize=_LONGEST)
def _hermite(length: int) -> np.ndarray:
    """(4, length * _FINENESS + 1) weights of both values and of both slopes times the length."""
    t = np.linspace(0, 1, length * _FINENESS + 1)
    return np.stack([(1 + 2 * t) * (1 - t) ** 2, t * t * (3 - 2 * t), t * (1 - t) ** 2, t * t * (t - 1)])


def _keys(curve: np.ndarray, slopes: np.ndarray, knots: Sequence[int], first_frame: int) -> tuple[Key, ...]:
    keys = []
    for place, knot in enumerate(knots):
        frame, value, slope = float(first_frame + knot), float(curve[knot]), float(slopes[knot])
        # Outwards the first and the last handle are as long as inwards.
        after = knots[place + 1] - knot if place + 1 < len(knots) else 0
        before = knot - knots[place - 1] if place else after
        left, right = (before or 1) / 3, (after or before or 1) / 3
        keys.append(Key(frame, value, (frame - left, value - slope * left), (frame + right, value + slope * right)))
    return tuple(keys)
