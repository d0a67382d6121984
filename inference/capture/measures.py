# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that are kept of a face in one picture."""

from __future__ import annotations

import numpy as np

from ..face.face import Face
from ..face.features import measure
from ..face.mesh import VERTICES, CanonicalMesh
from ..face.tables import LEFT_EAR, LEFT_EYE_OUTER, RIGHT_EAR, RIGHT_EYE_OUTER

# Angles in degrees and signs as on the sliders. ``scale`` in px for one unit of the canonical mesh, ``pivot_x`` and
# ``pivot_y`` in px: where the point is around which heads are turned. The features of ``FaceFeatures`` follow.
# ``width``: between the ears of the face turned to the viewer, ``span``: outer eye corners in the picture, both in px.
MEASURES = (
    "yaw", "pitch", "roll", "scale", "pivot_x", "pivot_y", "eye_right", "eye_left", "mouth_gap", "mouth_width",
    "mouth_corner", "brow_right", "brow_left", "gaze_x", "gaze_y", "jaw", "width", "span",
)  # fmt: skip
# The puppet turns heads about a point this part of the face's height below the middle of the ears.
_PIVOT_BELOW_EARS = 0.25
_FOREHEAD, _CHIN = 10, 152


def measures_of(face: Face, mesh: CanonicalMesh) -> tuple[list[float], np.ndarray]:
    """What is kept of a face.

    Returns:
        Values in the order of ``MEASURES``, and (468, 3) landmarks turned to the viewer, in the mesh's unit and frame.
    """
    features = measure(face.landmarks, mesh)
    pose = features.pose
    pivot = pose.translation_px + pose.scale * pose.rotation @ pivot_of(mesh)
    turned = pose.unrotated(face.landmarks[:VERTICES])
    width = float(np.linalg.norm(turned[LEFT_EAR] - turned[RIGHT_EAR])) * pose.scale
    span = float(np.linalg.norm((face.landmarks[LEFT_EYE_OUTER] - face.landmarks[RIGHT_EYE_OUTER])[:2]))
    values = [
        pose.yaw_deg, pose.pitch_deg, pose.roll_deg, pose.scale, float(pivot[0]), float(pivot[1]),
        features.eye_right, features.eye_left, features.mouth_gap, features.mouth_width, features.mouth_corner,
        features.brow_right, features.brow_left, features.gaze_x, features.gaze_y, features.jaw, width, span,
    ]  # fmt: skip
    return values, turned


def pivot_of(mesh: CanonicalMesh) -> np.ndarray:
    """(3,) the point around which heads turn, in the mesh's frame with a picture's handedness."""
    points = mesh.image_vertices
    height = points[_CHIN, 1] - points[_FOREHEAD, 1]
    return (points[RIGHT_EAR] + points[LEFT_EAR]) / 2 + np.array([0.0, _PIVOT_BELOW_EARS * height, 0.0])
