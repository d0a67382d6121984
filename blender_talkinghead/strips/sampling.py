# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a strip's controls over time, as Blender evaluates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import bpy
import numpy as np

from ...inference.controls import POSE_CONTROLS, Group, controls_in
from ...inference.performance import Performance
from .. import compat

DECIMALS = 4
_stepping = False
_SAMPLED = (*POSE_CONTROLS, *controls_in(Group.STRENGTH))


def scene_rate(scene: Any) -> Fraction:
    """Frames a second of a scene as an exact fraction, such as 30000/1001."""
    base = Fraction(scene.render.fps_base)
    # Blender's smallest base, 1e-5, would become 0.
    return Fraction(scene.render.fps) / (base.limit_denominator(10000) or base)


@dataclass(frozen=True)
class Samples:
    """A strip's sliders at n frames.

    Attributes:
        sliders: (n, len(POSE_NAMES)), within the controls' limits.
        strengths: (n, len(STRENGTH_NAMES)), 0 to 2.
    """

    sliders: np.ndarray
    strengths: np.ndarray


def sample(scene: Any, strip: Any, frames: Sequence[int]) -> Performance:
    """The controls of a strip at timeline frames, without its drivers.

    Args:
        frames: whole timeline frames.
    """
    return performance(scene, samples(scene, strip, frames).sliders)


def performance(scene: Any, poses: np.ndarray) -> Performance:
    """A performance at the scene's rate.

    Values are rounded to ``DECIMALS``: Blender evaluates in 32 bit floats, and a strip that is moved together with its
    keys gets values that differ in the sixth digit, which must not make every frame a new one.

    Args:
        poses: (n, len(POSE_NAMES)).
    """
    return Performance(scene_rate(scene), poses.round(DECIMALS))


def samples(scene: Any, strip: Any, frames: Sequence[int]) -> Samples:
    """All sliders of a strip at timeline frames, as Blender evaluates them.

    The scene is stepped through the frames, which honours drivers, NLA and F-curve modifiers, and put back to its
    frame. Values are read from the evaluated scene, because Blender writes them back to the strip only in the scene
    that the window shows.

    Args:
        frames: whole timeline frames.
    """
    global _stepping
    name = strip.name
    frame, subframe = scene.frame_current, scene.frame_subframe
    rows = np.empty((len(frames), len(_SAMPLED)), np.float64)
    scene.update_tag()  # a slider that a script set without a key has not reached the evaluated scene yet
    _stepping = True
    try:
        for row, number in enumerate(frames):
            scene.frame_set(number)
            rows[row] = _values(scene, name)
    finally:
        scene.frame_set(frame, subframe=subframe)
        _stepping = False
    return samples_from(rows)


def stepping() -> bool:
    """Whether the scene is being stepped through frames, which nobody looks at."""
    return _stepping


def samples_from(rows: np.ndarray) -> Samples:
    """Samples within limits, from (n, pose controls and strengths) as :func:`values_of` gives."""
    low = np.array([control.minimum for control in _SAMPLED])
    high = np.array([control.maximum for control in _SAMPLED])
    within = np.clip(rows, low, high)
    return Samples(within[:, : len(POSE_CONTROLS)], within[:, len(POSE_CONTROLS) :])


def values_of(strip: Any) -> list[float]:
    """The strip's pose controls, then its strengths, as they are now."""
    return [getattr(strip, control.property_name) for control in _SAMPLED]


def present_values(scene: Any, strip: Any) -> list[float]:
    """As :func:`values_of`, at the scene's current frame, which is not set: what the user changed without a key counts.

    In a scene that no window shows (the sequencer's, from Blender 5.0 on) animated sliders are read from the evaluated
    scene, because Blender does not write them back to the strip.
    """
    values = values_of(strip)
    if any(window.scene == scene for window in bpy.context.window_manager.windows):
        return values
    animated = _animated_paths(scene)
    prefix = strip.path_from_id()
    evaluated = _values(scene, strip.name) if animated else values
    paths = [f"{prefix}.{control.property_name}" for control in _SAMPLED]
    return [new if path in animated else own for path, own, new in zip(paths, values, evaluated, strict=True)]


def _animated_paths(scene: Any) -> set[str]:
    animation = scene.animation_data
    if animation is None:
        return set()
    return {curve.data_path for curve in (*compat.fcurves_of(scene), *animation.drivers)}


def _values(scene: Any, name: str) -> list[float]:
    evaluated = scene.evaluated_get(scene.view_layers[0].depsgraph)
    return values_of(compat.strip_named(evaluated, name))
