# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a strip's controls over time, as Blender evaluates them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..inference.controls import POSE_CONTROLS
from ..inference.performance import Performance
from . import compat

DECIMALS = 4


def scene_rate(scene: Any) -> Fraction:
    """Frames a second of a scene as an exact fraction, such as 30000/1001."""
    return Fraction(scene.render.fps) / Fraction(scene.render.fps_base).limit_denominator(10000)


def sample(scene: Any, strip: Any, frames: Sequence[int]) -> Performance:
    """The controls of a strip at timeline frames.

    The scene is stepped through the frames, which honours drivers, NLA and F-curve modifiers, and put back to its
    frame. Values are read from the evaluated scene, because Blender writes them back to the strip only in the scene
    that the window shows.

    They are rounded to ``DECIMALS``: Blender evaluates in 32 bit floats, and a strip that is moved together with its
    keys gets values that differ in the sixth digit, which must not make every frame a new one.

    Args:
        frames: whole timeline frames.
    """
    name = strip.name
    frame, subframe = scene.frame_current, scene.frame_subframe
    rows = np.empty((len(frames), len(POSE_CONTROLS)), np.float64)
    scene.update_tag()  # a slider that a script set without a key has not reached the evaluated scene yet
    try:
        for row, number in enumerate(frames):
            scene.frame_set(number)
            rows[row] = _pose(scene, name)
    finally:
        scene.frame_set(frame, subframe=subframe)
    low = np.array([control.minimum for control in POSE_CONTROLS])
    high = np.array([control.maximum for control in POSE_CONTROLS])
    return Performance(scene_rate(scene), np.clip(rows, low, high).round(DECIMALS))


def _pose(scene: Any, name: str) -> list[float]:
    evaluated = scene.evaluated_get(scene.view_layers[0].depsgraph)
    strip = compat.strip_named(evaluated, name)
    return [getattr(strip, control.property_name) for control in POSE_CONTROLS]
