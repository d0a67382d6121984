# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up motion for LivePortrait's key points, and small networks that are only functions."""

from __future__ import annotations

import numpy as np

from inference.engines.liveportrait.keypoints import Motion, MotionTrack


def motion(seed: int, kp_seed: int = 0, turn_deg: float = 10.0) -> Motion:
    """Motion as a network finds it: a face in the middle of its crop."""
    rng = np.random.default_rng(seed)
    pitch, yaw, roll = rng.uniform(-turn_deg, turn_deg, 3).tolist()
    return Motion(
        pitch,
        yaw,
        roll,
        t=rng.normal(0, 0.05, 3),
        exp=rng.normal(0, 0.02, (21, 3)),
        scale=float(rng.uniform(1.0, 1.6)),
        kp=np.random.default_rng(1000 + kp_seed).normal(0, 0.3, (21, 3)),
    )


def track(*seeds: int, kp_seed: int = 0) -> MotionTrack:
    """Motion of several pictures of one face."""
    return MotionTrack.of([motion(seed, kp_seed) for seed in seeds])


class LinearNetworks:
    """Small networks with made-up weights, so that every input shows in the output."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._stitching = rng.normal(0, 0.02, (126, 65))
        self._eye = rng.normal(0, 0.02, (66, 63))
        self._lip = rng.normal(0, 0.02, (65, 63))
        self.eye_ratios: list[np.ndarray] = []

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 65)."""
        return _joined(x_s, x_d.reshape(len(x_d), 63)) @ self._stitching

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3); remembers what was asked."""
        self.eye_ratios.append(ratios)
        return (_joined(x_s, ratios) @ self._eye).reshape(-1, 21, 3)

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3)."""
        return (_joined(x_s, ratios) @ self._lip).reshape(-1, 21, 3)


def _joined(x_s: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.concatenate([np.broadcast_to(x_s.reshape(1, 63), (len(rows), 63)), rows], axis=1)
