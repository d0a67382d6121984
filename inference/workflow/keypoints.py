# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the sliders of the ``ExpressionEditor`` move LivePortrait's key points, and back: which sliders made a motion.

Offsets are (21, 3), in LivePortrait's coordinates (x right, y down, z into the picture), key points counted from 0.
Numbers: AdvancedLivePortrait's published formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from . import expression_editor

POINTS = 21
# Largest error of an offset that still counts as exact: files hold 32 bit floats.
EXACT = 1e-5
_ROUNDS = 300
_X, _Y, _Z = range(3)
_Parts = tuple[tuple[int, int, float], ...]

_BLINK: _Parts = (
    (11, _Y, -0.001), (13, _Y, 0.0003), (15, _Y, -0.001), (16, _Y, 0.0003), (1, _Y, -0.00025), (2, _Y, 0.00025)
)  # fmt: skip
# Key point, axis, offset for each unit of the slider; two rows where the sides of zero differ.
_ABOVE: Mapping[str, _Parts] = {
    "blink": _BLINK,
    "eyebrow": ((1, _Y, 0.001), (2, _Y, -0.001)),
    "wink": ((11, _Y, 0.001), (13, _Y, -0.0003), (17, _X, 0.0003), (17, _Y, 0.0003), (3, _Y, -0.0003)),
    "pupil_x": ((11, _X, 0.0007), (15, _X, 0.001)),
    # Looking up opens the lids by half as much as it turns the eyes.
    "pupil_y": ((11, _Y, -0.001), (15, _Y, -0.001), *((point, axis, -0.5 * part) for point, axis, part in _BLINK)),
    "aaa": ((19, _Y, 0.001), (19, _Z, 0.0001), (17, _Y, -0.0001)),
    "eee": ((20, _Z, -0.001), (20, _Y, -0.001), (14, _Y, -0.001)),
    "woo": ((14, _Y, 0.001), (3, _Y, -0.0005), (7, _Y, -0.0005), (17, _Z, -0.0005)),
    "smile": (
        (20, _Y, -0.01), (14, _Y, -0.02), (17, _Y, 0.0065), (17, _Z, 0.003), (13, _Y, -0.00275), (16, _Y, -0.00275),
        (3, _Y, -0.0035), (7, _Y, -0.0035),
    ),
}  # fmt: skip
_BELOW: Mapping[str, _Parts] = {
    "eyebrow": ((1, _X, -0.001), (2, _X, 0.001), (1, _Y, 0.0003), (2, _Y, -0.0003)),
    "pupil_x": ((11, _X, 0.001), (15, _X, 0.0007)),
}
NAMES: tuple[str, ...] = tuple(_ABOVE)
_TWO_SIDED = tuple(_BELOW)


@dataclass(frozen=True)
class Fit:
    """Sliders that come nearest to offsets.

    Attributes:
        sliders: (n, len(NAMES)).
        rest: (n, 21, 3) what of the offsets they do not account for.
    """

    sliders: np.ndarray
    rest: np.ndarray


def offsets(sliders: Mapping[str, float]) -> np.ndarray:
    """(21, 3) what the sliders add to the key points."""
    result = np.zeros((POINTS, 3))
    for name in NAMES:
        value = sliders.get(name, 0.0)
        result += value * _direction(name, below=value < 0)
    return result


def rotation(sliders: Mapping[str, float]) -> np.ndarray:
    """(3,) what the sliders add to pitch, yaw and roll in degrees, in LivePortrait's signs, couplings included."""
    aaa, wink = sliders.get("aaa", 0.0), sliders.get("wink", 0.0)
    return np.array(
        [
            sliders.get("rotate_pitch", 0.0) - 0.05 * aaa,
            -sliders.get("rotate_yaw", 0.0) - 0.1 * wink,
            sliders.get("rotate_roll", 0.0) - 0.1 * wink,
        ]
    )


def rotation_sliders(angles: np.ndarray, sliders: Mapping[str, float]) -> dict[str, float]:
    """The rotation sliders that, beside the others, add these angles: the inverse of ``rotation``."""
    others = {name: value for name, value in sliders.items() if not name.startswith("rotate_")}
    pitch, yaw, roll = (angles - rotation(others)).tolist()
    return {"rotate_pitch": pitch + 0.0, "rotate_yaw": -yaw + 0.0, "rotate_roll": roll + 0.0}


def fit(wanted: np.ndarray, still: Sequence[str] = ()) -> Fit:
    """The sliders of offsets.

    Where sliders account for them exactly, those are found, whatever their size; else the nearest within what the rig
    can hold (least squares).

    Args:
        wanted: (n, 21, 3).
        still: sliders that stay at 0.
    """
    flat = wanted.reshape(len(wanted), -1)
    best = np.zeros((len(flat), len(NAMES)))
    error = np.full(len(flat), np.inf)
    for below in product((False, True), repeat=len(_TWO_SIDED)):
        sides = dict(zip(_TWO_SIDED, below, strict=True))
        matrix = _matrix(sides)
        values = np.linalg.lstsq(matrix, flat.T, rcond=None)[0].T
        near = ~((np.abs(values @ matrix.T - flat).max(axis=1) <= EXACT) & _on_sides(values, sides))
        near |= np.any([values[:, NAMES.index(name)] != 0 for name in still], axis=0)
        values[near] = _bounded(matrix, flat[near], values[near], sides, still)
        # An exact answer has the error -1, so that no other one is better.
        distance = np.where(near, np.square(values @ matrix.T - flat).sum(axis=1), -1.0)
        better = distance < error
        best[better], error[better] = values[better], distance[better]
    above, under = (_matrix(dict.fromkeys(_TWO_SIDED, side)) for side in (False, True))
    made = np.maximum(best, 0) @ above.T + np.minimum(best, 0) @ under.T
    return Fit(best, wanted - made.reshape(wanted.shape))


def _matrix(below: Mapping[str, bool]) -> np.ndarray:
    """(63, sliders) offsets of one unit of each slider, on the chosen sides of those whose sides differ."""
    return np.stack([_direction(name, below=below.get(name, False)).ravel() for name in NAMES], axis=1)


def _direction(name: str, *, below: bool) -> np.ndarray:
    """(21, 3) offsets of one unit of a slider."""
    result = np.zeros((POINTS, 3))
    for point, axis, part in _BELOW.get(name, _ABOVE[name]) if below else _ABOVE[name]:
        result[point, axis] += part
    return result


def _on_sides(values: np.ndarray, sides: Mapping[str, bool]) -> np.ndarray:
    """(n,) whether the sliders whose sides differ lie on the chosen ones; a hair beyond zero counts as zero."""
    result = np.ones(len(values), bool)
    for name, below in sides.items():
        column = values[:, NAMES.index(name)]
        result &= column <= 1e-3 if below else column >= -1e-3
    return result


def _bounded(
    matrix: np.ndarray, wanted: np.ndarray, start: np.ndarray, sides: Mapping[str, bool], still: Sequence[str]
) -> np.ndarray:
    """(n, sliders) least squares within the rig's limits, one slider after the other until nothing moves."""
    limits = np.array([(0.0, 0.0) if name in still else _limits(name, sides) for name in NAMES])
    values = np.clip(start, limits[:, 0], limits[:, 1])
    square, target = matrix.T @ matrix, wanted @ matrix
    for _ in range(_ROUNDS):
        before = values.copy()
        for i in range(len(NAMES)):
            step = (target[:, i] - values @ square[:, i]) / square[i, i]
            values[:, i] = np.clip(values[:, i] + step, *limits[i])
        if np.abs(values - before).max(initial=0.0) < 1e-7:
            break
    return values


def _limits(name: str, sides: Mapping[str, bool]) -> tuple[float, float]:
    low, high = expression_editor.limits(name)
    if name in sides:
        return (low, 0.0) if sides[name] else (0.0, high)
    return low, high
