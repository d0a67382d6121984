# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which landmarks belong to mouth and brows, softly: what exact motion carries of an actor's face.

Lengths are in distances U between the outer eye corners of the canonical mesh, x to the image's right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.mesh import CanonicalMesh
from ..face.tables import LEFT_EYE_OUTER, RIGHT_EYE_OUTER

# The fold of the upper lid, which is still, and the lower edge of the brow, which moves fully; right side of the face.
_LID_FOLD = (130, 247, 30, 29, 27, 28, 56, 190, 243)
_BROW_EDGE = (46, 53, 52, 65, 55)
_NOSE_BASE = (2, 98, 327, 94)
# Heights between which the mouth's motion sets in: below the lower lids on the cheeks, lower on the nose, which
# belongs to the head.
_CHEEK, _NOSE = (-0.12, 0.20), (0.05, 0.30)
_NOSE_HALF_WIDTH = (0.14, 0.30)
# Towards the outline landmarks slide over the skin when a head turns, so that they tell of no expression.
_JAW_SIDE, _BROW_SIDE = (0.60, 0.86), (0.62, 0.86)
# The forehead follows the brows less and less towards the hair.
_FOREHEAD, _AT_HAIR = (-0.62, -0.93), 0.3


@dataclass(frozen=True)
class RegionWeights:
    """Shares of each landmark, (468,) float64 from 0 to 1; eyelids have none in either.

    Attributes:
        mouth: lips, jaw, cheeks and the base of the nose.
        brows: brows and forehead.
    """

    mouth: np.ndarray
    brows: np.ndarray

    @classmethod
    def of(cls, mesh: CanonicalMesh) -> RegionWeights:
        """Weights for all faces, which share the mesh's landmarks."""
        points = mesh.image_vertices
        points = points / np.linalg.norm(points[RIGHT_EYE_OUTER] - points[LEFT_EYE_OUTER])
        return cls(_mouth(points), _brows(points))

    def weighted(self, motion: np.ndarray, mouth: float, brows: float) -> np.ndarray:
        """The part of a face's motion (468, 3) that mouth and brows have, at these strengths.

        The mouth's is measured from the base of the nose, which the skull holds: what moves there is what fitting the
        head's pose has left over, more the wider the jaw opens.
        """
        from_nose = motion - motion[list(_NOSE_BASE)].mean(axis=0)
        return mouth * self.mouth[:, None] * from_nose + brows * self.brows[:, None] * motion


def _mouth(points: np.ndarray) -> np.ndarray:
    side, y = np.abs(points[:, 0]), points[:, 1]
    cheek, nose = _rise(*_CHEEK, y), _rise(*_NOSE, y)
    on_nose = 1 - _rise(*_NOSE_HALF_WIDTH, side)
    return (cheek + on_nose * (nose - cheek)) * (1 - _rise(*_JAW_SIDE, side))


def _brows(points: np.ndarray) -> np.ndarray:
    side, y = np.abs(points[:, 0]), points[:, 1]
    lid, brow = (_height(points, row, side) for row in (_LID_FOLD, _BROW_EDGE))
    hair = 1 - (1 - _AT_HAIR) * _rise(-_FOREHEAD[0], -_FOREHEAD[1], -y)
    return _rise(0, 1, (lid - y) / (lid - brow)) * hair * (1 - _rise(*_BROW_SIDE, side))


def _height(points: np.ndarray, row: tuple[int, ...], side: np.ndarray) -> np.ndarray:
    """Height of a row of landmarks at distances ``side`` from the middle, level beyond its ends."""
    ends = points[list(row)]
    order = np.argsort(-ends[:, 0])
    return np.interp(side, -ends[order, 0], ends[order, 1])


def _rise(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Cubic step from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
