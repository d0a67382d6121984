# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far each place of the picture stands out of the plane through the ears: a surface through the landmarks."""

from __future__ import annotations

from dataclasses import dataclass

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
# Slopes for which limited versions of the surface are kept, descending.
_SLOPES = (1.5, 1.1, 0.8, 0.55)


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


@dataclass(frozen=True)
class Relief:
    """A height surface in several versions, none steeper than its limit.

    A turned surface folds where it falls off steeply on the side that turns away. In the limited versions the ground
    next to steep places is raised, so that peaks such as the nose keep their height.

    Attributes:
        slopes: (n,) steepest slopes, descending; the first is that of the surface itself.
        heights: (n, gh, gw) float32 in px.
    """

    slopes: np.ndarray
    heights: np.ndarray

    @classmethod
    def of(cls, surface: np.ndarray, step: float) -> Relief:
        """Prepare a surface (gh, gw) float32 on a grid with cells of ``step`` px."""
        steepest = max(float(np.abs(gradient).max()) for gradient in np.gradient(surface, step))
        slopes = [slope for slope in _SLOPES if slope < steepest]
        return cls(
            np.array([steepest, *slopes]), np.stack([surface, *(_limited(surface, slope * step) for slope in slopes)])
        )

    def at_most(self, slope: float) -> np.ndarray:
        """The surface with no steeper slope than this, (gh, gw) float32."""
        if slope >= self.slopes[0]:
            return self.heights[0]
        if slope <= self.slopes[-1]:
            return self.heights[-1]
        lower = int(np.argmax(self.slopes <= slope))
        share = np.float32((slope - self.slopes[lower]) / (self.slopes[lower - 1] - self.slopes[lower]))
        return self.heights[lower - 1] * share + self.heights[lower] * (1 - share)


def _limited(surface: np.ndarray, drop: float) -> np.ndarray:
    """The lowest surface over the given one that falls by at most ``drop`` from cell to cell."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    square = np.ones((3, 3), np.uint8)
    out = surface
    for _ in range(int(np.ceil(surface.max() / drop))):
        # Alternating gives cones with eight sides.
        straight = cv2.dilate(out, cross) - drop
        out = np.maximum(out, np.maximum(straight, cv2.dilate(out, square) - drop * np.float32(2**0.5)))
    return np.maximum(out, 0)


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
