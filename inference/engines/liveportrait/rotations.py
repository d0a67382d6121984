# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations of the head in LivePortrait's convention: matrices (..., 3, 3) that act on row vectors, ``points @ R``."""

from __future__ import annotations

import numpy as np

# A rotation by less than this many radians has no axis worth finding.
_TINY = 1e-9


def rotation_matrix(pitch_deg: np.ndarray, yaw_deg: np.ndarray, roll_deg: np.ndarray) -> np.ndarray:
    """(..., 3, 3) R = (Rz(roll) Ry(yaw) Rx(pitch)) transposed, of angles in degrees of any one shape."""
    pitch, yaw, roll = np.radians(np.broadcast_arrays(*np.atleast_1d(pitch_deg, yaw_deg, roll_deg)))
    product = _about(roll, 2) @ _about(yaw, 1) @ _about(pitch, 0)
    return np.swapaxes(product, -1, -2).reshape(*np.shape(np.asarray(pitch_deg) + yaw_deg + roll_deg), 3, 3)


def angles_deg(rotation: np.ndarray) -> np.ndarray:
    """(..., 3) pitch, yaw, roll in degrees of (..., 3, 3); the inverse of ``rotation_matrix`` for yaw within +-90."""
    column = np.swapaxes(rotation, -1, -2)
    pitch = np.arctan2(column[..., 2, 1], column[..., 2, 2])
    yaw = np.arcsin(np.clip(-column[..., 2, 0], -1.0, 1.0))
    roll = np.arctan2(column[..., 1, 0], column[..., 0, 0])
    return np.degrees(np.stack([pitch, yaw, roll], axis=-1))


def orthonormal(matrix: np.ndarray) -> np.ndarray:
    """(..., 3, 3) the rotation nearest to each matrix (Kabsch 1976), for matrices that were averaged."""
    left, _, right = np.linalg.svd(matrix)
    # Of a mirror image the weakest axis is turned round.
    left[..., :, 2] *= np.sign(np.linalg.det(left @ right))[..., None]
    return left @ right


def power(rotation: np.ndarray, exponent: np.ndarray | float) -> np.ndarray:
    """(..., 3, 3) rotations about the same axes by ``exponent`` (any shape that fits (...)) times the angle.

    Rodrigues' formula and its inverse; half a turn, whose axis has no sign, keeps an arbitrary one.
    """
    vector = _vector(rotation) * np.asarray(exponent, np.float64)[..., None]
    return _from_vector(vector)


def slerp(first: np.ndarray, second: np.ndarray, fraction: np.ndarray | float) -> np.ndarray:
    """(..., 3, 3) on the shortest way between two rotations; fractions beyond 0 to 1 go on in the same direction."""
    return power(second @ np.swapaxes(first, -1, -2), fraction) @ first


def _about(angle: np.ndarray, axis: int) -> np.ndarray:
    """(n, 3, 3) turns about one axis that act on column vectors."""
    result = np.zeros((*angle.shape, 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    result[..., axis, axis] = 1.0
    result[..., one, one] = result[..., two, two] = np.cos(angle)
    result[..., two, one] = np.sin(angle)
    result[..., one, two] = -np.sin(angle)
    return result


def _vector(rotation: np.ndarray) -> np.ndarray:
    """(..., 3) axis times angle in radians."""
    odd = np.stack(
        [
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ],
        axis=-1,
    )
    sine = np.linalg.norm(odd, axis=-1) / 2
    cosine = (np.trace(rotation, axis1=-2, axis2=-1) - 1) / 2
    angle = np.arctan2(sine, cosine)
    length = np.where(sine > _TINY, angle / np.maximum(2 * sine, _TINY), 0.5)
    return odd * length[..., None]


def _from_vector(vector: np.ndarray) -> np.ndarray:
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    axis = vector / np.maximum(angle[..., 0], _TINY)
    cross = np.zeros((*vector.shape[:-1], 3, 3))
    cross[..., 2, 1], cross[..., 0, 2], cross[..., 1, 0] = axis[..., 0], axis[..., 1], axis[..., 2]
    cross -= np.swapaxes(cross, -1, -2)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
