# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A face found in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LANDMARKS = 478
BLENDSHAPES = 52


@dataclass(frozen=True)
class Face:
    """Landmarks of one face.

    Attributes:
        landmarks: (478, 3) float64; x right and y down in px of the picture, pixel centres at whole coordinates; z in
            the same unit, negative towards the viewer. MediaPipe's numbering; 468 to 477 are the irises.
        score: 0 to 1, how sure the detector is; 1 for a manual rig.
        blendshapes: (52,) float64, 0 to 1, or None for a manual rig.
        manual: the landmarks were fitted to points that the user placed.
    """

    landmarks: np.ndarray
    score: float
    blendshapes: np.ndarray | None = None
    manual: bool = False

    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the landmarks in px."""
        low, high = self.landmarks[:, :2].min(axis=0), self.landmarks[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
