# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Head pose of landmarks: the similarity that lays the canonical mesh onto them.

Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh import VERTICES, CanonicalMesh
from .tables import STABLE


@dataclass(frozen=True)
class HeadPose:
    """Where a head is and where it looks, in the rig's signs.

    Attributes:
        yaw_deg: positive to the image's right.
        pitch_deg: positive up.
        roll_deg: positive clockwise in the image.
        scale: px for one unit of the canonical mesh.
        rotation: (3, 3), from the mesh's axes (x right, y down, z away) to the picture's.
        translation_px: (3,) where the mesh's origin is.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    scale: float
    rotation: np.ndarray
    translation_px: np.ndarray

    def unrotated(self, landmarks: np.ndarray) -> np.ndarray:
        """Landmarks (n, 3) in px taken back into the mesh's frame: turned to the viewer, in the mesh's unit."""
        return (landmarks - self.translation_px) @ self.rotation / self.scale


def head_pose(landmarks: np.ndarray, mesh: CanonicalMesh) -> HeadPose:
    """The pose of a face from the points that expressions hardly move.

    Args:
        landmarks: (478, 3) as in ``Face.landmarks``.
    """
    scale, rotation, translation = similarity(mesh.image_vertices[STABLE], landmarks[:VERTICES][STABLE])
    return HeadPose(
        yaw_deg=float(np.degrees(np.arctan2(-rotation[0, 2], rotation[2, 2]))),
        pitch_deg=float(np.degrees(np.arcsin(np.clip(rotation[1, 2], -1, 1)))),
        roll_deg=float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0]))),
        scale=scale,
        rotation=rotation,
        translation_px=translation,
    )


def similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale s, rotation R (3, 3), translation t (3,) that minimise ``|s R source + t - target|`` over points (n, 3)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(b.T @ a)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    scale = float((singular * signs).sum() / (a**2).sum())
    return scale, rotation, target_mean - scale * rotation @ source_mean
