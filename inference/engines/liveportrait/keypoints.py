# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's implicit key points: what its motion network finds, and the points that follow from it.

Guo et al., "LivePortrait: Efficient Portrait Animation with Stitching and Retargeting Control", 2024: key points are
x = s (kp R + exp) + t, with kp the face's own points, R the head's rotation, exp the expression, s the scale and t the
shift. x goes right, y down; -1 to 1 spans the crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .rotations import angles_deg, rotation_matrix, slerp

POINTS = 21
BINS = 66
_DEGREES_PER_BIN, _FIRST_BIN_DEG = 3.0, -97.5

# Rows of the expression that move a part of the face; 5 is the neck with the whole head.
LIP_ROWS = (6, 12, 14, 17, 19, 20)
EYE_ROWS = (11, 13, 15, 16, 18)
BROW_ROWS = (1, 2)
NECK_ROW = 5


@dataclass(frozen=True, eq=False)
class Motion:
    """What the motion network finds in one picture.

    Attributes:
        pitch, yaw, roll: degrees.
        t: (3,) shift; z is not used for key points.
        exp: (21, 3) expression.
        scale: size of the face in the crop.
        kp: (21, 3) the face's own points, without rotation and expression.
    """

    pitch: float
    yaw: float
    roll: float
    t: np.ndarray
    exp: np.ndarray
    scale: float
    kp: np.ndarray

    def rotation(self) -> np.ndarray:
        """(3, 3) for row vectors."""
        return rotation_matrix(np.asarray(self.pitch), np.asarray(self.yaw), np.asarray(self.roll))

    def points(self) -> np.ndarray:
        """(21, 3) key points x_s."""
        return place(self.kp, self.rotation(), self.exp, self.scale, self.t)


@dataclass(frozen=True, eq=False)
class MotionTrack:
    """Motion of n pictures as arrays.

    Attributes:
        rotation: (n, 3, 3) for row vectors; not quite orthonormal after the reference's smoothing.
        exp, kp: (n, 21, 3).
        t: (n, 3).
        scale: (n,).
    """

    rotation: np.ndarray
    exp: np.ndarray
    t: np.ndarray
    scale: np.ndarray
    kp: np.ndarray

    @classmethod
    def of(cls, motions: Sequence[Motion]) -> MotionTrack:
        """Arrays of float64."""
        angles = np.array([(m.pitch, m.yaw, m.roll) for m in motions], np.float64).reshape(-1, 3)
        exp, t, kp = (np.array([getattr(m, name) for m in motions], np.float64) for name in ("exp", "t", "kp"))
        return cls(
            rotation_matrix(*angles.T),
            exp.reshape(-1, POINTS, 3),
            t.reshape(-1, 3),
            np.array([m.scale for m in motions], np.float64),
            kp.reshape(-1, POINTS, 3),
        )

    def __len__(self) -> int:
        return len(self.scale)

    def points(self) -> np.ndarray:
        """(n, 21, 3) key points."""
        return place(self.kp, self.rotation, self.exp, self.scale, self.t)

    def motion(self, index: int) -> Motion:
        """One picture's."""
        pitch, yaw, roll = angles_deg(self.rotation[index]).tolist()
        scale = float(self.scale[index])
        return Motion(pitch, yaw, roll, self.t[index], self.exp[index], scale, self.kp[index])

    def taken(self, indices: slice | np.ndarray | Sequence[int]) -> MotionTrack:
        """Some of the pictures."""
        chosen = indices if isinstance(indices, slice) else np.asarray(indices, np.intp)
        return MotionTrack(
            self.rotation[chosen], self.exp[chosen], self.t[chosen], self.scale[chosen], self.kp[chosen]
        )  # fmt: skip


def place(
    kp: np.ndarray,
    rotation: np.ndarray,
    exp: np.ndarray,
    scale: np.ndarray | float,
    t: np.ndarray,
    depth: bool = False,
) -> np.ndarray:
    """(..., 21, 3) key points scale * (kp @ rotation + exp) + t; exp is not rotated.

    Args:
        kp, exp: (..., 21, 3).
        rotation: (..., 3, 3).
        scale: (...).
        t: (..., 3).
        depth: add t's z too, as LivePortrait's image editor does; the animation leaves it out.
    """
    shift = np.array(t, np.float64)
    if not depth:
        shift[..., 2] = 0.0
    size = np.asarray(scale, np.float64)[..., None, None]
    return size * (np.asarray(kp, np.float64) @ rotation + exp) + shift[..., None, :]


def degrees_of_bins(logits: np.ndarray) -> np.ndarray:
    """(...) angles in degrees of (..., 66) logits: the mean of the bins' angles, weighted by softmax."""
    weights = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ np.arange(BINS) * _DEGREES_PER_BIN + _FIRST_BIN_DEG


def between(first: Motion, second: Motion, fraction: float) -> Motion:
    """The motion between two pictures, 0 at the first and 1 at the second; the head turns the shortest way."""
    if fraction == 0:
        return first
    pitch, yaw, roll = angles_deg(slerp(first.rotation(), second.rotation(), fraction)).tolist()
    t, exp, scale, kp = (
        getattr(first, name) * (1 - fraction) + getattr(second, name) * fraction for name in ("t", "exp", "scale", "kp")
    )
    return Motion(pitch, yaw, roll, t, exp, float(scale), kp)


def motion_at(motions: Sequence[Motion], position: float, cuts: Sequence[int] = ()) -> Motion:
    """The motion at a place in a clip, in pictures and parts of one; before and behind it its ends.

    Between two shots nothing is mixed: a place that ends a shot shows the shot's last picture.

    Args:
        cuts: pictures that begin another shot.
    """
    position = min(max(position, 0.0), len(motions) - 1.0)
    first = int(position)
    if first + 1 >= len(motions) or first + 1 in cuts:
        return motions[first]
    return between(motions[first], motions[first + 1], position - first)
