# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion of key points: how large a figure is, how a driver's motion becomes the source's, moves in the plane.

Key points are (50, 2), x right and y down, -1 to 1 over the networks' square.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

POINTS = 50
_LEAST_AREA = 1e-12


def hull_size(points: np.ndarray) -> float:
    """Root of the area of the convex hull of (n, 2) points."""
    hull = cv2.convexHull(np.ascontiguousarray(points, np.float32))
    return math.sqrt(max(cv2.contourArea(hull), 0.0))


def relative(source: np.ndarray, driving: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The source's key points, moved by what changed in the driver since a reference picture, in the source's size.

    The reference program's ``relative_kp``; figures whose points lie in a line count as of one size.
    """
    sizes = hull_size(source), hull_size(reference)
    scale = sizes[0] / sizes[1] if min(sizes) ** 2 > _LEAST_AREA else 1.0
    return source + (driving - reference) * scale


def normalised(points: np.ndarray) -> np.ndarray:
    """Points (n, 2) about their mean, in sizes of their convex hull, as two figures are compared."""
    centred = np.asarray(points, np.float64) - np.mean(points, axis=0)
    return centred / max(hull_size(centred), math.sqrt(_LEAST_AREA))


def unlikeness(points: np.ndarray, other: np.ndarray) -> float:
    """Sum of squared distances of two figures (n, 2), wherever they are and however large."""
    return float(np.square(normalised(points) - normalised(other)).sum())


@dataclass(frozen=True)
class InPlane:
    """The sliders that move a figure in the picture's plane.

    Attributes:
        move_x, move_y: to the right and up, in half sides of the square.
        turn_deg: clockwise.
        scale: 1 for as large as it is.
    """

    move_x: float
    move_y: float
    turn_deg: float
    scale: float

    @classmethod
    def of(cls, pose: Mapping[str, float]) -> InPlane:
        """The sliders of a pose; those it does not name rest."""
        move_x, move_y, turn_deg = (float(pose.get(f"tpsmm_{name}", 0.0)) for name in ("move_x", "move_y", "turn"))
        return cls(move_x, move_y, turn_deg, float(pose.get("tpsmm_scale", 1.0)))

    @property
    def rests(self) -> bool:
        """Nothing moves."""
        return (self.move_x, self.move_y, self.turn_deg, self.scale) == (0.0, 0.0, 0.0, 1.0)

    def applied(self, points: np.ndarray, aspect: float) -> np.ndarray:
        """Key points turned and scaled about their mean, then moved.

        Args:
            aspect: height of what the square shows, in widths: a stretched picture is turned unstretched.
        """
        if self.rests:
            return points
        stretch = np.array([1.0, aspect])
        middle = points.mean(axis=0)
        angle = math.radians(self.turn_deg)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turned = ((points - middle) * stretch) @ turn.T * self.scale / stretch
        return middle + turned + np.array([self.move_x, -self.move_y])
