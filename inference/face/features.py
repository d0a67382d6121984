# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face does, as a few numbers measured on landmarks that were turned to the viewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh import CanonicalMesh
from .pose import HeadPose, head_pose
from .tables import CHIN, LEFT_EYE_OUTER, LEFT_IRIS, NOSE_TIP, RIGHT_EYE_OUTER, RIGHT_IRIS

_RIGHT_LIDS = ((160, 144), (159, 145), (158, 153))
_LEFT_LIDS = ((387, 373), (386, 374), (385, 380))
_RIGHT_CORNERS, _LEFT_CORNERS = (33, 133), (362, 263)
_RIGHT_BROW, _LEFT_BROW = (105, 66, 107, 63, 70), (334, 296, 336, 293, 300)
_LIPS = ((13, 14), (82, 87), (312, 317))


@dataclass(frozen=True)
class FaceFeatures:
    """Measures of one face. Lengths are in distances U between the outer eye corners; sides are the subject's own.

    Attributes:
        pose: head pose.
        eye_right, eye_left: lid distance by eye width (eye aspect ratio).
        mouth_gap: distance of the inner lips.
        mouth_width: distance of the mouth corners.
        mouth_corner: corners above (positive) the mean of upper and lower lip.
        brow_right, brow_left: brow above the eye corners.
        gaze_x, gaze_y: iris off the eye's centre, to the image's right and down, by eye width; mean of both eyes.
        jaw: distance of nose tip and chin.
    """

    pose: HeadPose
    eye_right: float
    eye_left: float
    mouth_gap: float
    mouth_width: float
    mouth_corner: float
    brow_right: float
    brow_left: float
    gaze_x: float
    gaze_y: float
    jaw: float


def measure(landmarks: np.ndarray, mesh: CanonicalMesh) -> FaceFeatures:
    """Features of landmarks (478, 3) as in ``Face.landmarks``."""
    pose = head_pose(landmarks, mesh)
    points = pose.unrotated(landmarks)
    u = _distance(points, RIGHT_EYE_OUTER, LEFT_EYE_OUTER)
    y = points[:, 1]
    gaze = (_gaze(points, RIGHT_IRIS[0], _RIGHT_CORNERS) + _gaze(points, LEFT_IRIS[0], _LEFT_CORNERS)) / 2
    return FaceFeatures(
        pose=pose,
        eye_right=_mean_distance(points, _RIGHT_LIDS) / _distance(points, *_RIGHT_CORNERS),
        eye_left=_mean_distance(points, _LEFT_LIDS) / _distance(points, *_LEFT_CORNERS),
        mouth_gap=_mean_distance(points, _LIPS) / u,
        mouth_width=_distance(points, 61, 291) / u,
        mouth_corner=float((y[0] + y[17]) / 2 - (y[61] + y[291]) / 2) / u,
        brow_right=float(y[list(_RIGHT_CORNERS)].mean() - y[list(_RIGHT_BROW)].mean()) / u,
        brow_left=float(y[list(_LEFT_CORNERS)].mean() - y[list(_LEFT_BROW)].mean()) / u,
        gaze_x=float(gaze[0]),
        gaze_y=float(gaze[1]),
        jaw=_distance(points, CHIN, NOSE_TIP) / u,
    )


def _distance(points: np.ndarray, a: int, b: int) -> float:
    return float(np.linalg.norm(points[a] - points[b]))


def _mean_distance(points: np.ndarray, pairs: tuple[tuple[int, int], ...]) -> float:
    return sum(_distance(points, a, b) for a, b in pairs) / len(pairs)


def _gaze(points: np.ndarray, iris: int, corners: tuple[int, int]) -> np.ndarray:
    """(2,) iris minus eye centre along and perpendicular to the corner line, by its length."""
    left, right = points[corners[0], :2], points[corners[1], :2]
    along = right - left
    offset = points[iris, :2] - (left + right) / 2
    return np.array([offset @ along, along[0] * offset[1] - along[1] * offset[0]]) / (along @ along)
