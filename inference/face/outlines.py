# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a face, for showing where its landmarks are."""

from __future__ import annotations

import numpy as np

from .tables import (
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    LEFT_IRIS,
    OVAL,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
    RIGHT_IRIS,
)

_RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
_LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
_NOSE = (168, 6, 197, 195, 5, 4)

# Closed rings of landmark numbers.
_RINGS: dict[str, tuple[int, ...]] = {
    "outline": tuple(OVAL),
    "right_brow": _RIGHT_BROW,
    "left_brow": _LEFT_BROW,
    "right_eye": (*RIGHT_EYE_UPPER, *RIGHT_EYE_LOWER[-2:0:-1]),
    "left_eye": (*LEFT_EYE_UPPER, *LEFT_EYE_LOWER[-2:0:-1]),
    "outer_lips": _OUTER_LIPS,
    "inner_lips": _INNER_LIPS,
}
_IRISES = {"right_iris": RIGHT_IRIS, "left_iris": LEFT_IRIS}
_IRIS_CORNERS = 16


def outlines(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """The lines through a face's landmarks; a ring ends where it begins.

    Args:
        landmarks: (478, >= 2) x and y, in any unit.

    Returns:
        (n, 2) points by name: outline, brows, eyes, lips, irises and the ridge of the nose.
    """
    points = np.asarray(landmarks, float)[:, :2]
    lines = {name: points[[*ring, ring[0]]] for name, ring in _RINGS.items()}
    lines["nose"] = points[list(_NOSE)]
    for name, iris in _IRISES.items():
        lines[name] = _ellipse(points[iris])
    return lines


def _ellipse(iris: np.ndarray) -> np.ndarray:
    """(n, 2) ring through the four rim points of an iris, given after its centre."""
    center, across, along = iris[1:].mean(axis=0), (iris[1] - iris[3]) / 2, (iris[2] - iris[4]) / 2
    angles = np.linspace(0.0, 2.0 * np.pi, _IRIS_CORNERS + 1)[:, None]
    return center + np.cos(angles) * across + np.sin(angles) * along
