# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of a section taken to those of the one before, so that they do not drift in long films.

Both show the same frames: the ones that were carried over, as they were and as they were drawn again. So mean and
deviation of each channel of CIE L*a*b* are compared over them (Reinhard et al., "Color Transfer between Images", 2001,
in Lab instead of l-alpha-beta).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Deviations are taken no further than by this factor: in a frame of one colour they tell nothing.
_MOST = 1.5
_LEAST_DEVIATION = 0.5


@dataclass(frozen=True, eq=False)
class ColourShift:
    """What is done to a section's colours.

    Attributes:
        factors, offsets: (3,) float32 of L* (0 to 100), a* and b*: value * factor + offset.
    """

    factors: np.ndarray
    offsets: np.ndarray

    @classmethod
    def none(cls) -> ColourShift:
        """Colours stay as they are."""
        return cls(np.ones(3, np.float32), np.zeros(3, np.float32))

    @classmethod
    def between(cls, drawn: np.ndarray, wanted: np.ndarray) -> ColourShift:
        """From frames as they were drawn to the same ones as they shall be.

        Args:
            drawn, wanted: (3, n, H, W) float32 sRGB, -1 to 1.
        """
        (mean, deviation), (wanted_mean, wanted_deviation) = _statistics(drawn), _statistics(wanted)
        ratio = np.where(deviation > _LEAST_DEVIATION, wanted_deviation / np.maximum(deviation, _LEAST_DEVIATION), 1.0)
        factors = np.clip(ratio, 1 / _MOST, _MOST)
        return cls(factors.astype(np.float32), (wanted_mean - mean * factors).astype(np.float32))

    @classmethod
    def of_array(cls, values: np.ndarray) -> ColourShift:
        """What ``array`` gave."""
        return cls(np.asarray(values[0], np.float32), np.asarray(values[1], np.float32))

    def array(self) -> np.ndarray:
        """(2, 3) float32 to be kept."""
        return np.stack([self.factors, self.offsets])

    def applied(self, video: np.ndarray) -> np.ndarray:
        """Frames in the wanted colours, within -1 to 1.

        Args:
            video: (3, n, H, W) float32 sRGB, -1 to 1.
        """
        if (self.factors == 1).all() and (self.offsets == 0).all():
            return video
        changed = np.empty_like(video)
        for frame in range(video.shape[1]):
            lab = _lab(video[:, frame]) * self.factors + self.offsets
            rgb = cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB)
            changed[:, frame] = np.clip(rgb.transpose(2, 0, 1), 0, 1) * 2 - 1
        return changed


def _statistics(video: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3,) float64 mean and (3,) deviation of each channel of Lab over all frames."""
    values = np.concatenate([_lab(video[:, frame]).reshape(-1, 3) for frame in range(video.shape[1])])
    return values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)


def _lab(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 L*, a*, b* of (3, H, W) float32 sRGB, -1 to 1."""
    unit = np.clip((frame.astype(np.float32).transpose(1, 2, 0) + 1) / 2, 0, 1)
    return cv2.cvtColor(np.ascontiguousarray(unit), cv2.COLOR_RGB2Lab)
