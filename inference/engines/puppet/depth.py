# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far each place of the picture stands out of the plane through the ears: a smooth surface through the landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from ...face.face import Face
from ...face.tables import LEFT_EAR, OVAL, RIGHT_EAR
from .frame import FaceFrame

_RIDGE = 1e-3
# Landmarks lie densely; every third one gives the same surface.
_STRIDE = 3
_BLUR = 0.05
# The surface comes down to the ear plane on the face's outline enlarged by this; further out over the hair above.
_FOOT, _FOOT_ABOVE = 1.30, 0.35
_OUTER = 2.6


def height_over_ears(face: Face, frame: FaceFrame, centres: np.ndarray) -> np.ndarray:
    """Height of the head's surface over the ear plane, towards the viewer, 0 off the head.

    Args:
        centres: (gh, gw, 2) positions in px of the picture, on a regular grid.

    Returns:
        (gh, gw) float32 in px.
    """
    ear_width = frame.width * frame.span_px
    points, heights = _control_points(face, frame)
    surface = _surface(points / frame.width, heights / ear_width, frame.to_face(centres) / frame.width) * ear_width
    step = float(centres[0, 1, 0] - centres[0, 0, 0]) if centres.shape[1] > 1 else 1.0
    surface = np.maximum(surface, 0).astype(np.float32)
    return cv2.GaussianBlur(surface, (0, 0), max(_BLUR * ear_width / step, 0.3), borderType=cv2.BORDER_REPLICATE)


def _control_points(face: Face, frame: FaceFrame) -> tuple[np.ndarray, np.ndarray]:
    """Points in face coordinates (n, 2) and their heights in px (n,)."""
    z = face.landmarks[:, 2]
    heights = (z[RIGHT_EAR] + z[LEFT_EAR]) / 2 - z
    chosen = np.arange(0, 468, _STRIDE)
    centre, half = frame.oval()
    ring = frame.points[list(OVAL)] - centre
    above = np.clip(-ring[:, 1:] / half[1], 0, 1)
    foot = centre + ring * (_FOOT + _FOOT_ABOVE * above)
    outer = centre + ring * _OUTER
    points = np.concatenate([frame.points[chosen], foot, outer])
    return points, np.concatenate([heights[chosen], np.zeros(len(foot) + len(outer))])


def _surface(points: np.ndarray, values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Radial basis function |r| through values (n,) at points (n, 2), at positions (gh, gw, 2), 0 far outside."""
    system = _distance(points, points) + _RIDGE * np.eye(len(points))
    weights = np.linalg.solve(system, values)
    low, high = points.min(axis=0), points.max(axis=0)
    near = np.all((at > low) & (at < high), axis=-1)
    out = np.zeros(at.shape[:2])
    out[near] = _distance(at[near], points) @ weights
    return out


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0) + 1e-4)
