# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lid and lip curves, and the masks along which the two skin layers end at an opening."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from .field import shifted
from .frame import FaceFrame

Box = tuple[int, int, int, int]
SAMPLES = 65
SMOOTHING = np.array([1, 4, 6, 4, 1]) / 16
# Softness of a mask's edge. The ramp lies wholly on the opening's side: centred on the edge, a hairline of the
# interior would leak along a closed seam.
SOFT_PX, SOFT = 0.8, 0.01
# Beyond the corners both layers agree nearly; a wide ramp hides what is left.
SOFTER_BEYOND = 0.6


@dataclass(frozen=True)
class Curve:
    """y over x of a lid's or lip's edge in face coordinates, 65 even samples between its corners.

    Attributes:
        start, stop: x of the corners.
        y: (65,) heights.
    """

    start: float
    stop: float
    y: np.ndarray

    @classmethod
    def through(cls, points: np.ndarray) -> Curve:
        """Smooth curve through a row of points (n, 2), its end points kept."""
        points = points[np.argsort(points[:, 0])]
        x = np.linspace(points[0, 0], points[-1, 0], SAMPLES)
        y = np.interp(x, points[:, 0], points[:, 1])
        padded = np.concatenate([y[[0, 0]], y, y[[-1, -1]]])
        smooth = np.convolve(padded, SMOOTHING, mode="valid")
        smooth[0], smooth[-1] = y[0], y[-1]
        return cls(float(x[0]), float(x[-1]), smooth)

    def at(self, x: np.ndarray | np.float32) -> np.ndarray:
        """Height at x (any shape), level beyond the corners; float32."""
        scale = (SAMPLES - 1) / max(self.stop - self.start, 1e-6)
        place = np.clip((x - np.float32(self.start)) * np.float32(scale), 0, SAMPLES - 1.001).astype(np.float32)
        index = place.astype(np.int32)
        place -= index
        y, slopes = self._table
        return y[index] + place * slopes[index]

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        y = self.y.astype(np.float32)
        return y, np.diff(y)

    def raised(self, amount: np.ndarray | float) -> Curve:
        """The curve moved up by an amount (65,) or one number."""
        return Curve(self.start, self.stop, self.y - amount)

    def beyond(self, x: np.ndarray) -> np.ndarray:
        """How far x lies outside the corners, 0 between them."""
        return np.maximum(np.maximum(self.start - x, x - self.stop), 0)


@dataclass(frozen=True)
class Masks:
    """Opacity of the skin layers over the source, float32, 0 inside the opening.

    Attributes:
        box: (x0, y0, x1, y1) px of the source that the masks cover; may pass the picture's edges.
        upper, lower: (h, w) each.
    """

    box: Box
    upper: np.ndarray
    lower: np.ndarray

    def sampled(self, which: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """A mask at source positions (h, w, 2) in px, its edge repeated outside."""
        return sample_box(which, self.box, positions)


def sample_box(image: np.ndarray, box: Box, positions: np.ndarray) -> np.ndarray:
    """Bilinear values at source positions (h, w, 2) in px of an image that covers ``box``, its edge repeated."""
    return cv2.remap(image, shifted(positions, box[0], box[1]), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


def masks_of(frame: FaceFrame, upper: Curve, lower: Curve, box: Box) -> Masks:
    """Masks above the upper and below the lower edge of an opening."""
    points = pixels_in_face(frame, box)
    x, y = points[..., 0], points[..., 1]
    soft = max(SOFT_PX / frame.span_px, SOFT)
    above = np.clip((upper.at(x) - y) / (soft + SOFTER_BEYOND * upper.beyond(x)) + 1, 0, 1)
    below = np.clip((y - lower.at(x)) / (soft + SOFTER_BEYOND * lower.beyond(x)) + 1, 0, 1)
    return Masks(box, above.astype(np.float32), below.astype(np.float32))


def pixels_in_face(frame: FaceFrame, box: Box) -> np.ndarray:
    """(h, w, 2) float32 face coordinates of the pixels of a box."""
    x0, y0, x1, y1 = box
    pixels = np.dstack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)))
    return frame.to_face(pixels).astype(np.float32)


def positions_in_face(frame: FaceFrame, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X and y (h, w) float32 in face coordinates of positions (h, w, 2) in px."""
    axes = (frame.axes / frame.span_px).astype(np.float32)
    dx = positions[..., 0] - np.float32(frame.origin_px[0])
    dy = positions[..., 1] - np.float32(frame.origin_px[1])
    return dx * axes[0, 0] + dy * axes[0, 1], dx * axes[1, 0] + dy * axes[1, 1]


def box_around(frame: FaceFrame, points: np.ndarray, padding: float) -> Box:
    """Pixel box around points (n, 2) in face coordinates, padded by a length in face coordinates."""
    pixels = frame.to_picture(points)
    low = np.floor(pixels.min(axis=0) - padding * frame.span_px).astype(int)
    high = np.ceil(pixels.max(axis=0) + padding * frame.span_px).astype(int) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def lay_over(below: np.ndarray, above: np.ndarray, weight: np.ndarray) -> None:
    """Lay values (h, w, C) over others by a weight (h, w), in place; float32."""
    # Repeated first: numpy's loop over a few channels is several times slower than over whole rows.
    below += cv2.merge([weight] * below.shape[2]).reshape(below.shape) * (above - below)


def ramp(low: float, high: float, value: np.ndarray | np.float32) -> np.ndarray:
    """Smoothstep in float32 for small regions."""
    t = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (3 - 2 * t)
