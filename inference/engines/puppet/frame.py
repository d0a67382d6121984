# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face's own coordinates: along the line of the eye corners and down the face, in units of the eye span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...face.face import Face
from .rows import OVAL

RIGHT_OUTER_CORNER, LEFT_OUTER_CORNER = 33, 263
RIGHT_EAR, LEFT_EAR = 234, 454


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Cubic step: 0 at or below ``low``, 1 at or above ``high``."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class FaceFrame:
    """Where the face is in the picture.

    Attributes:
        origin_px: (2,) point between the outer eye corners.
        axes: (2, 2) unit vectors in the picture: to the subject's left (image right), and down the face.
        span_px: distance of the outer eye corners, the unit U of all constants.
        points: (478, 2) float64 landmarks in face coordinates (units of U).
    """

    origin_px: np.ndarray
    axes: np.ndarray
    span_px: float
    points: np.ndarray

    @classmethod
    def of(cls, face: Face) -> FaceFrame:
        """The frame of a face."""
        xy = face.landmarks[:, :2]
        along = xy[LEFT_OUTER_CORNER] - xy[RIGHT_OUTER_CORNER]
        span = max(float(np.hypot(*along)), 1e-3)
        ex = along / span
        axes = np.array([ex, [-ex[1], ex[0]]])
        origin = (xy[LEFT_OUTER_CORNER] + xy[RIGHT_OUTER_CORNER]) / 2
        return cls(origin, axes, span, (xy - origin) @ axes.T / span)

    def to_face(self, points_px: np.ndarray) -> np.ndarray:
        """Picture px (..., 2) to face coordinates."""
        return (points_px - self.origin_px) @ self.axes.T / self.span_px

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Face coordinates (..., 2) to picture px."""
        return points @ self.axes * self.span_px + self.origin_px

    def vectors_to_picture(self, vectors: np.ndarray) -> np.ndarray:
        """Displacements (..., 2) in face coordinates to px of the picture."""
        return vectors @ self.axes * self.span_px

    @property
    def width(self) -> float:
        """Distance of the ears in units of U."""
        return float(np.linalg.norm(self.points[LEFT_EAR] - self.points[RIGHT_EAR]))

    def oval(self) -> tuple[np.ndarray, np.ndarray]:
        """Centroid (2,) and half extents (2,) of the outline, in face coordinates."""
        ring = self.points[list(OVAL)]
        return ring.mean(axis=0), (ring.max(axis=0) - ring.min(axis=0)) / 2
