# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a performance as keys on a strip's sliders, reduced within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...inference.controls import BY_NAME, POSE_NAMES
from ...inference.motion import key_reduction
from ...inference.motion.key_reduction import Key
from ...inference.performance import Performance
from . import curves

DEFAULT_TOLERANCE_PERCENT = 1.0


@dataclass(frozen=True)
class ReducedCurve:
    """The keys of one control. ``error_percent``: largest error at a frame, in parts of the control's soft range."""

    name: str
    keys: tuple[Key, ...]
    error_percent: float


def reduce_curves(
    performance: Performance, first_frame: int, names: Sequence[str], tolerance_percent: float
) -> Iterator[ReducedCurve]:
    """The keys of each control, one at a time, so that a job can breathe in between.

    Args:
        first_frame: timeline frame of the performance's first one.
        tolerance_percent: largest error, in percent of each control's soft range.
    """
    for name in names:
        low, high = BY_NAME[name].soft_range
        values = performance.values[:, POSE_NAMES.index(name)]
        keys = key_reduction.reduced(values, first_frame, tolerance_percent / 100 * (high - low))
        error = key_reduction.largest_error(keys, values, first_frame)
        yield ReducedCurve(name, keys, 100 * error / (high - low))


def write(strip: Any, reduced: Sequence[ReducedCurve]) -> None:
    """Write keys; those that were between the first and the last frame go, the rest stays. All curves or none.

    Raises:
        TalkingHeadError: keys of one of the controls would not count (``curves.require_writable``).
    """
    curves.require_writable(strip, [curve.name for curve in reduced])
    for curve in reduced:
        curves.replace(strip, curve.name, curve.keys)
    curves.refresh(strip.id_data)


def summary(reduced: Sequence[ReducedCurve], frames: int) -> str:
    """What was written, in words."""
    keys = sum(len(curve.keys) for curve in reduced)
    error = max((curve.error_percent for curve in reduced), default=0.0)
    return f"{len(reduced)} curves, {keys} keys from {frames} frames, largest error {error:.1f} %"
