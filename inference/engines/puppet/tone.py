# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour and light of a face, which drawn parts are matched to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colour import Canvas
from .frame import FaceFrame
from .rows import CHEEKS

LUMA = np.array([0.114, 0.587, 0.299])
# Luma of well-lit skin, 8-bit.
BRIGHT_SKIN = 190.0


@dataclass(frozen=True)
class Tone:
    """Tone of a face.

    Attributes:
        skin: (3,) float32 display-referred BGR of the cheeks, 0 to 255.
        light: 0.25 to 1.15, how brightly the face is lit.
    """

    skin: np.ndarray
    light: float

    @classmethod
    def of(cls, frame: FaceFrame, canvas: Canvas) -> Tone:
        """Median around the cheek landmarks."""
        width, height = canvas.size
        radius = max(1, round(0.03 * frame.span_px))
        found = []
        for point in frame.to_picture(frame.points[list(CHEEKS)]):
            x, y = (int(np.clip(round(float(v)), 0, size - 1)) for v, size in zip(point, (width, height), strict=True))
            patch = canvas.pixels[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1, :3]
            found.append(patch.reshape(-1, 3).astype(np.float32))
        skin = np.median(canvas.to_display(np.concatenate(found)), axis=0).astype(np.float32)
        return cls(skin, float(np.clip(skin @ LUMA / BRIGHT_SKIN, 0.25, 1.15)))
