# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smoothing of motion over a whole shot without lag: a Kalman filter forwards, a Rauch-Tung-Striebel smoother back.

Every number is filtered by itself as a value that wanders (variance ``PROCESS`` a picture) and is measured with noise:
Kalman 1960; Rauch, Tung and Striebel 1965. Only the ratio of both variances matters: it is about the square of the
number of pictures that are averaged to each side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .keypoints import MotionTrack
from .rotations import orthonormal

PROCESS = 1e-5
# Noise at the middle of the slider, LivePortrait's own default: three hundredths of PROCESS, which takes off the
# trembling of single pictures and keeps blinks. At the end of the slider about three pictures count to each side.
MIDDLE, FULL = 3e-7, 1e-4


def noise_of(smoothing: float) -> float:
    """Variance of the measuring noise for a smoothing from 0 (none) over 0.5 (the reference's) to 1 (strong).

    Between them its logarithm grows evenly; 0 is exactly none.
    """
    return 0.0 if smoothing <= 0 else MIDDLE * (FULL / MIDDLE) ** (2 * min(smoothing, 1.0) - 1)


def smooth(values: np.ndarray, noise: float) -> np.ndarray:
    """(n, ...) smoothed over the first axis, float64.

    Args:
        noise: variance of the measuring noise; 0 gives the values back.
    """
    measured = np.asarray(values, np.float64)
    if noise <= 0 or len(measured) < 2:
        return measured
    means, variances = np.empty_like(measured), np.empty(len(measured))
    mean, variance = measured[0], 1.0
    for number, value in enumerate(measured):
        if number:
            variance += PROCESS
        gain = variance / (variance + noise)
        mean, variance = mean + gain * (value - mean), (1 - gain) * variance
        means[number], variances[number] = mean, variance
    for number in range(len(measured) - 2, -1, -1):
        share = variances[number] / (variances[number] + PROCESS)
        means[number] += share * (means[number + 1] - means[number])
    return means


def smooth_track(track: MotionTrack, smoothing: float, cuts: Sequence[int] = ()) -> MotionTrack:
    """Rotation, expression, shift and scale of a clip, each shot by itself; rotations stay rotations.

    Args:
        smoothing: 0 (none) to 1 (strong).
        cuts: pictures that begin another shot.
    """
    noise = noise_of(smoothing)
    if noise == 0:
        return track
    rotation, exp, t, scale = (
        _by_shot(values, noise, cuts) for values in (track.rotation, track.exp, track.t, track.scale)
    )  # fmt: skip
    return MotionTrack(orthonormal(rotation), exp, t, scale, track.kp)


def _by_shot(values: np.ndarray, noise: float, cuts: Sequence[int]) -> np.ndarray:
    borders = sorted({cut for cut in cuts if 0 < cut < len(values)})
    return np.concatenate([smooth(part, noise) for part in np.split(values, borders)])
