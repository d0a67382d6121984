# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a strip's controls over time, as Blender evaluates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import bpy
import numpy as np

from ...inference.controls import POSE_CONTROLS, Group, controls_in
from ...inference.performance import Performance
from .. import compat

DECIMALS = 4
_stepping = False
_SAMPLED = (*POSE_CONTROLS, *controls_in(Group.STRENGTH))
_REST = [control.rest for control in _SAMPLED]
# Of sliders that are read: place among the values, and property.
_Columns = tuple[tuple[int, str], ...]


def scene_rate(scene: Any) -> Fraction:
    """Frames a second of a scene as an exact fraction, such as 30000/1001."""
    base = Fraction(scene.render.fps_base)
    # Blender's smallest base, 1e-5, would become 0.
    return Fraction(scene.render.fps) / (base.limit_denominator(10000) or base)


@dataclass(frozen=True)
class Samples:
    """A strip's sliders at n frames.

    Attributes:
        sliders: (n, len(POSE_NAMES)), within the controls' limits; those that other engines alone have rest.
        strengths: (n, len(STRENGTH_NAMES)), 0 to 2.
    """

    sliders: np.ndarray
    strengths: np.ndarray


def sample(scene: Any, strip: Any, frames: Sequence[int], *, every_engine: bool = False) -> Performance:
    """The controls of a strip at timeline frames, without its drivers.

    Args:
        frames: whole timeline frames.
        every_engine: as :func:`samples`.
    """
    return performance(scene, samples(scene, strip, frames, every_engine=every_engine).sliders)


def performance(scene: Any, poses: np.ndarray) -> Performance:
    """A performance at the scene's rate.

    Values are rounded to ``DECIMALS``: Blender evaluates in 32 bit floats, and a strip that is moved together with its
    keys gets values that differ in the sixth digit, which must not make every frame a new one.

    Args:
        poses: (n, len(POSE_NAMES)).
    """
    return Performance(scene_rate(scene), poses.round(DECIMALS))


def samples(scene: Any, strip: Any, frames: Sequence[int], *, every_engine: bool = False) -> Samples:
    """The sliders of a strip at timeline frames, as Blender evaluates them.

    The scene is stepped through the frames, which honours drivers, NLA and F-curve modifiers, and put back to its
    frame. Values are read from the evaluated scene, because Blender writes them back to the strip only in the scene
    that the window shows.

    Args:
        frames: whole timeline frames.
        every_engine: sliders that other engines than the strip's alone have are read as well, for what keeps them.
    """
    global _stepping
    name, columns = strip.name, _columns(None if every_engine else strip.th_engine)
    frame, subframe = scene.frame_current, scene.frame_subframe
    rows = np.empty((len(frames), len(_SAMPLED)), np.float64)
    scene.update_tag()  # a slider that a script set without a key has not reached the evaluated scene yet
    _stepping = True
    try:
        for row, number in enumerate(frames):
            scene.frame_set(number)
            rows[row] = _values(scene, name, columns)
    finally:
        scene.frame_set(frame, subframe=subframe)
        _stepping = False
    return samples_from(rows)


def stepping() -> bool:
    """Whether the scene is being stepped through frames, which nobody looks at."""
    return _stepping


def samples_from(rows: np.ndarray) -> Samples:
    """Samples within limits, from (n, pose controls and strengths) as :func:`present_values` gives."""
    low = np.array([control.minimum for control in _SAMPLED])
    high = np.array([control.maximum for control in _SAMPLED])
    within = np.clip(rows, low, high)
    return Samples(within[:, : len(POSE_CONTROLS)], within[:, len(POSE_CONTROLS) :])


def present_values(scene: Any, strip: Any) -> list[float]:
    """The strip's pose controls, then its strengths, at the scene's current frame; other engines' controls rest.

    The frame is not set: what the user changed without a key counts. In a scene that no window shows (the sequencer's,
    from Blender 5.0 on) animated sliders are read from the evaluated scene, because Blender does not write them back to
    the strip.
    """
    columns = _columns(strip.th_engine)
    values = _values_of(strip, columns)
    if any(window.scene == scene for window in bpy.context.window_manager.windows):
        return values
    animated = _animated_paths(scene)
    if animated:
        evaluated, prefix = _values(scene, strip.name, columns), strip.path_from_id()
        for column, name in columns:
            if f"{prefix}.{name}" in animated:
                values[column] = evaluated[column]
    return values


def _animated_paths(scene: Any) -> set[str]:
    animation = scene.animation_data
    if animation is None:
        return set()
    return {curve.data_path for curve in (*compat.fcurves_of(scene), *animation.drivers)}


def _values(scene: Any, name: str, columns: _Columns) -> list[float]:
    evaluated = scene.evaluated_get(scene.view_layers[0].depsgraph)
    return _values_of(compat.strip_named(evaluated, name), columns)


def _values_of(strip: Any, columns: _Columns) -> list[float]:
    """The strip's pose controls, then its strengths, as they are now; those that are in no column rest."""
    values = _REST.copy()
    for column, name in columns:
        values[column] = getattr(strip, name)
    return values


@cache
def _columns(engine: str | None) -> _Columns:
    """Column and property of each slider that an engine knows, so that many of another one cost nothing; None: all."""
    return tuple(
        (column, control.property_name)
        for column, control in enumerate(_SAMPLED)
        if engine is None or control.engine in ("", engine)
    )
