# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From rig sliders to motion weights: measured on the portrait itself, since the bases have no published meaning.

Each weight is moved by a step both ways from the portrait's own; the redrawn pictures are tracked. Half the
difference of the readings by the step is a column of the matrix J (readings by weights). Readings are in units of their
noise. With F (readings by sliders) from ``readings`` the weights of the sliders are

    B = (J^T J + r I)^-1 J^T F,    r = k s^2 + 1 / t^2,

the most likely weights for what the sliders ask, where weights are expected to be about t and each number of J has
the noise s = 1 / (step * sqrt 2), which adds k s^2 to the diagonal of J^T J, k being the number of readings. Readings
that answer to no weight clearly are left out, and sliders that B moves by less than half of what they ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .readings import NOISE, READINGS, slider_changes
from .weights import EXPRESSION, MOUTH, POSE

STEP = 1.5
# About the size of the weights of presets and of real pictures.
_EXPECTED = 3.0
# A reading answers where one of the weights changes it by this many times its noise.
_ANSWERS = 6.0
_LEAST_REACH = 0.5
# Part of the pictures that may show no face.
_MOST_LOST = 0.2
# The norm of what all sliders together add to a bank; the presets' own norms are 5.7 to 8.5.
MOST_NORM = 8.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """What sliders add to the weights.

    Attributes:
        weights: slider to (36 or 26,) weights for one unit; sliders that move nothing are missing.
    """

    weights: Mapping[str, np.ndarray]

    def offset(self, sliders: Mapping[str, float], count: int) -> np.ndarray:
        """(count,) for the distances of sliders from their rest; the whole is made smaller where a bank would get
        more than ``MOST_NORM``.
        """
        total = np.zeros(count)
        for name, amount in sliders.items():
            if name in self.weights:
                total += amount * self.weights[name]
        largest = max(float(np.linalg.norm(total[bank])) for bank in (MOUTH, POSE, EXPRESSION))
        return total * min(1.0, MOST_NORM / max(largest, 1e-9))


def steps(own: np.ndarray) -> np.ndarray:
    """(1 + 2 n, n) weights of the pictures to be tracked: the portrait's own (n,), then each moved up and down."""
    moves = np.repeat(np.eye(len(own)), 2, axis=0) * np.tile([STEP, -STEP], len(own))[:, None]
    return np.concatenate([own[None], own + moves])


def fitted(readings: np.ndarray) -> Calibration | None:
    """The calibration from readings of the pictures of ``steps``.

    Args:
        readings: (1 + 2 n, len(READINGS)); NaN where the picture shows no face.

    Returns:
        None where too many pictures show none, or the first one.
    """
    lost = np.isnan(readings[:, 0])
    if lost[0] or lost.mean() > _MOST_LOST:
        return None
    noise = np.array([NOISE[name] for name in READINGS])
    jacobian = _slopes(_completed(readings)) / noise[:, None]
    doubt = 1 / (STEP * np.sqrt(2))
    jacobian[np.abs(jacobian).max(axis=1) < _ANSWERS * doubt] = 0
    ridge = int(jacobian.any(axis=1).sum()) * doubt**2 + 1 / _EXPECTED**2
    square = jacobian.T @ jacobian + ridge * np.eye(jacobian.shape[1])
    weights = {}
    for name, change in slider_changes(readings[0]).items():
        wanted = change / noise
        moved = np.linalg.solve(square, jacobian.T @ wanted)
        if wanted @ jacobian @ moved >= _LEAST_REACH * (wanted @ wanted):
            weights[name] = moved
    return Calibration(weights)


def _completed(readings: np.ndarray) -> np.ndarray:
    """Readings without NaN: a side that shows no face is taken for the other's mirror image."""
    rest = readings[0]
    completed = readings.copy()
    for one, other in ((slice(1, None, 2), slice(2, None, 2)), (slice(2, None, 2), slice(1, None, 2))):
        mirrored = 2 * rest - readings[other]
        completed[one] = np.where(np.isnan(readings[one]), mirrored, readings[one])
    return np.where(np.isnan(completed), rest, completed)


def _slopes(readings: np.ndarray) -> np.ndarray:
    """(len(READINGS), n) change of each reading for one unit of each weight.

    Lips that touch cannot come nearer, so their gap is measured on the side on which it opens.
    """
    rest, up, down = readings[0], readings[1::2], readings[2::2]
    slopes = (up - down) / (2 * STEP)
    gap = READINGS.index("mouth_gap")
    opens_up = up[:, gap] >= down[:, gap]
    slopes[:, gap] = np.where(opens_up, up[:, gap] - rest[gap], rest[gap] - down[:, gap]) / STEP
    return slopes.T
