# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of a strip's keys as they are, handles included: mirror, retime, copy. Nothing is resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...inference.controls import BY_NAME
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.motion.edits import mirror_of
from .. import compat
from . import curves
from .curve_keys import CurveKeys


@dataclass(frozen=True)
class _Slider:
    """What a slider does: its keys, None where it has none, and the value that it then has."""

    value: float
    keys: CurveKeys | None
    extrapolation: str


def mirror(strip: Any, names: Sequence[str]) -> int:
    """Exchange left and right: keys and handles, and the values of sliders without keys.

    Args:
        names: controls; both sides of each.

    Returns:
        How many curves there are afterwards among these controls.

    Raises:
        TalkingHeadError: a curve cannot be written, or a slider has a Blender driver; nothing is changed then.
    """
    sliders: dict[str, _Slider] = {}
    for name in names:
        other, sign = mirror_of(name)
        slider = _slider(strip, name)
        keys = None if slider.keys is None else slider.keys.scaled(sign)
        sliders[other] = _Slider(sign * slider.value + 0.0, keys, slider.extrapolation)
    changed = {name: slider for name, slider in sliders.items() if mirror_of(name) != (name, 1.0)}
    _apply(strip, changed)
    return sum(slider.keys is not None for slider in sliders.values())


def key_range(strip: Any, names: Sequence[str]) -> tuple[float, float] | None:
    """Frames of the first and of the last key of these controls; None without keys."""
    found = [curves.read(strip, name) for name in names]
    frames = [frame for keys in found if keys is not None for frame in keys.frames[[0, -1]].tolist()]
    return (min(frames), max(frames)) if frames else None


def factor_to(strip: Any, names: Sequence[str], length: int) -> float:
    """By what keys are stretched so that they span a number of frames, the first and the last one included.

    Raises:
        TalkingHeadError: there are fewer than two keys.
    """
    ends = key_range(strip, names)
    if ends is None:
        raise _no_keys(strip)
    if ends[0] == ends[1]:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "All keyframes are on one frame, which has no length.", "Add a second keyframe."
        )
    return (length - 1) / (ends[1] - ends[0])


def retime(strip: Any, names: Sequence[str], factor: float, *, whole_frames: bool) -> int:
    """Stretch the keys of these controls about the first of them, handles included.

    Args:
        factor: above 0; 2 makes it twice as long.
        whole_frames: move keys to the nearest frame afterwards.

    Returns:
        How many curves were changed.

    Raises:
        TalkingHeadError: there are no keys, or a curve cannot be written.
    """
    ends = key_range(strip, names)
    if ends is None:
        raise _no_keys(strip)
    animated = curves.animated(strip, names)
    curves.require_writable(strip, animated)
    for name in animated:
        keys = curves.read(strip, name)
        assert keys is not None
        curves.write(strip, name, keys.stretched(ends[0], factor, whole_frames=whole_frames))
    curves.refresh(strip.id_data)
    return len(animated)


def copy(source: Any, target: Any, names: Sequence[str], *, keep_time: bool) -> int:
    """Make these controls of another strip do what they do on this one.

    Args:
        keep_time: keys stay at their frames; else they move with the first visible frame of the strip.

    Returns:
        How many curves were copied.

    Raises:
        TalkingHeadError: a curve of the target cannot be written.
    """
    offset = 0 if keep_time else compat.left(target) - compat.left(source)
    sliders = {name: _slider(source, name) for name in names}
    moved = {
        name: _Slider(s.value, None if s.keys is None else s.keys.shifted(offset), s.extrapolation)
        for name, s in sliders.items()
    }
    _apply(target, moved)
    return sum(slider.keys is not None for slider in moved.values())


def _slider(strip: Any, name: str) -> _Slider:
    curve = curves.find(strip, name)
    extrapolation = "CONSTANT" if curve is None else curve.extrapolation
    return _Slider(getattr(strip, BY_NAME[name].property_name), curves.read(strip, name), extrapolation)


def _apply(strip: Any, sliders: Mapping[str, _Slider]) -> None:
    curves.require_writable(strip, sliders)
    for name, slider in sliders.items():
        setattr(strip, BY_NAME[name].property_name, slider.value)
        if slider.keys is None:
            curves.remove(strip, name)
        else:
            curves.write(strip, name, slider.keys, slider.extrapolation)
    curves.refresh(strip.id_data)


def _no_keys(strip: Any) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"The chosen sliders of '{strip.name}' have no keyframes.",
        "Key a slider, bake a driver or load a performance first.",
    )
