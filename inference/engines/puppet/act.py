# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face does in one frame: its sliders, and on top an actor's landmark motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...face.face import Face
from ...face.mesh import CanonicalMesh
from ...face.pose import head_pose
from .deltas import Movements, jaw_drop
from .frame import LEFT_OUTER_CORNER, RIGHT_OUTER_CORNER, FaceFrame
from .mouth_deltas import JAW_DROP, closing
from .rows import EYES, LOWER_LIP, UPPER_LIP

# How far a pucker of 1 brings the inner corners together, and a jaw that drops fully does by itself.
PUCKER_NARROWS, JAW_NARROWS = 0.27, 0.09
# Lips that are kept closed hold the jaw up by this part of its drop.
HELD_JAW = 0.55
# Brows that move by less are still.
STILL_BROW = 1e-4


@dataclass(frozen=True)
class Motion:
    """An actor's motion as a face takes it on.

    Attributes:
        moved: (468, 2) float64 displacement of the landmarks, face coordinates.
        jaw, pucker: how far it opens and rounds the mouth, as the amplitudes of these movements.
        brows: the brows move.
    """

    moved: np.ndarray
    jaw: float
    pucker: float
    brows: bool

    @classmethod
    def of(cls, moved: np.ndarray, movements: Movements, pose: Mapping[str, float]) -> Motion:
        """Motion (468, 2) in face coordinates, fitted to what the sliders of a pose do."""
        drop = max(float(_opening(moved)[3:8].mean()), 0.0) / JAW_DROP
        narrowing = float(moved[78, 0] - moved[308, 0]) - JAW_NARROWS * drop
        brows = float(np.abs(moved[[n for eye in EYES for n in eye.brow]]).max())
        moved = _kept_closed(moved, pose["mouth_close"], drop * movements.of_name("jaw"))
        sliders = movements.total(movements.amplitudes(pose))
        moved = _lips_apart(moved, movements.mouth.gap + _opening(sliders))
        return cls(moved, drop, min(max(narrowing / PUCKER_NARROWS, 0.0), 1.0), brows > STILL_BROW)


@dataclass(frozen=True)
class Act:
    """A face in one frame.

    Attributes:
        pose: all controls.
        amplitudes: (n,) of each of the face's movements.
        motion: on top of the movements; None for none.
    """

    pose: Mapping[str, float]
    amplitudes: np.ndarray
    motion: Motion | None = None

    @classmethod
    def of(cls, movements: Movements, pose: Mapping[str, float], moved: np.ndarray | None = None) -> Act:
        """A pose, and the motion (468, 2) of an actor in face coordinates, or None."""
        amplitudes = movements.amplitudes(pose)
        if moved is None:
            return cls(pose, amplitudes)
        return cls(pose, amplitudes, Motion.of(moved, movements, pose))

    def jaw(self, share: float) -> float:
        """Amplitude of the jaw, about 0 to 1, when the mouth takes part in a share of the motion."""
        return jaw_drop(self.pose) + (share * self.motion.jaw if self.motion else 0.0)

    def pucker(self, share: float) -> float:
        """How rounded the lips are, 0 to 1, when the mouth takes part in a share of the motion."""
        slider = max(self.pose["mouth_pucker"], 0.0)
        return max(slider, share * self.motion.pucker) if self.motion else slider


def in_face(motion: np.ndarray, face: Face, mesh: CanonicalMesh) -> np.ndarray:
    """Motion of a face that looks at the viewer, as it shows on another face.

    ``d = ((F_t - F_n) (s R)^T)[:, :2]``: F are the driver's landmarks in its own frame, s and R scale and
    rotation of the face that takes the motion on.

    Args:
        motion: (468, 3) as in ``FrameRequest.motion``.
        face: the face that takes it on, turned as it is in its picture.

    Returns:
        (468, 2) displacement in face coordinates.
    """
    frame, pose = FaceFrame.of(face), head_pose(face.landmarks, mesh)
    # A turned face's eyes are nearer to each other in the picture than they are.
    span_px = float(np.linalg.norm(face.landmarks[LEFT_OUTER_CORNER] - face.landmarks[RIGHT_OUTER_CORNER]))
    moved_px = motion.astype(np.float64) @ pose.rotation.T * span_px
    return moved_px[:, :2] @ frame.axes.T / frame.span_px


def _opening(moved: np.ndarray) -> np.ndarray:
    """(11,) how far motion (468, 2) takes the inner edges of the lips apart, column by column."""
    return moved[list(LOWER_LIP[0]), 1] - moved[list(UPPER_LIP[0]), 1]


def _kept_closed(moved: np.ndarray, close: float, drop: np.ndarray) -> np.ndarray:
    """Motion without what a slider that closes the mouth takes back of it: part of the jaw's drop (468, 2), the gap."""
    held = moved - HELD_JAW * close * drop
    return held + closing(close * np.maximum(_opening(held), 0))


def _lips_apart(moved: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Motion that does not press lips through each other that are ``gap`` (11,) apart."""
    opening = _opening(moved)
    overlap = np.maximum(-(gap + opening), 0)
    return moved - closing(np.minimum(overlap, np.maximum(-opening, 0)))
