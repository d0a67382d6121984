# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds spectacles, and where their frame is, so that brows and lids move behind it without dragging it along."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .colour import Canvas
from .frame import FaceFrame, smoothstep
from .rows import EYES

# The straightened view: samples per eye span, and its limits in face coordinates.
DENSITY = 120
X_RANGE, Y_RANGE = (-0.85, 0.85), (-0.34, 0.46)
# Frames are thinner than these windows (in eye spans): a median over the one, and a morphological filter over the
# other, show the skin without them. The second leaves broad highlights on the cheeks alone.
WINDOW, THICKEST = 0.26, 0.13
# Contrast to the skin (8-bit steps) at which a pixel begins to count as frame, and does fully.
CONTRAST = (18.0, 42.0)
# A bridge is a bar across the nose between the eyes: its contrast in relation to the skin's brightness.
BRIDGE_CONTRAST = 0.16
# Softening of the mask, so that displacements fade out towards the frame instead of stopping at it.
SOFTEN = 0.022


@dataclass(frozen=True)
class FrontView:
    """The surroundings of the eyes, straightened: (h, w, 3) uint8 display-referred BGR, ``DENSITY`` samples an eye
    span, upper left corner at (X_RANGE[0], Y_RANGE[0]) of face coordinates.
    """

    pixels: np.ndarray

    @classmethod
    def of(cls, frame: FaceFrame, canvas: Canvas) -> FrontView:
        """Straighten a picture around the eyes."""
        x = np.arange(X_RANGE[0], X_RANGE[1], 1 / DENSITY)
        y = np.arange(Y_RANGE[0], Y_RANGE[1], 1 / DENSITY)
        positions = frame.to_picture(np.dstack(np.meshgrid(x, y))).astype(np.float32)
        native = cv2.remap(canvas.pixels, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return cls(np.rint(np.clip(canvas.to_display(native[..., :3]), 0, 255)).astype(np.uint8))

    def contrast(self) -> np.ndarray:
        """(h, w) float32 difference of each sample to the skin around it, 8-bit steps."""
        soft = cv2.GaussianBlur(self.pixels, (0, 0), 1.0)
        window = round(WINDOW * DENSITY) | 1
        skin = cv2.merge([cv2.medianBlur(channel, window) for channel in cv2.split(soft)])
        side = round(THICKEST * DENSITY) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        thin = cv2.max(
            cv2.morphologyEx(soft, cv2.MORPH_TOPHAT, kernel), cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, kernel)
        )
        return np.minimum(cv2.absdiff(soft, skin), thin).max(axis=2).astype(np.float32)


def wears_spectacles(view: FrontView) -> bool:
    """Whether a bar crosses the nose between the eyes."""
    return bridge_contrast(view) > BRIDGE_CONTRAST


def bridge_contrast(view: FrontView) -> float:
    """Strongest change of brightness down the nose's bridge, in relation to its brightness."""
    x0, x1 = (round((x - X_RANGE[0]) * DENSITY) for x in (-0.07, 0.07))
    y0, y1 = (round((y - Y_RANGE[0]) * DENSITY) for y in (-0.16, 0.22))
    grey = cv2.cvtColor(view.pixels, cv2.COLOR_BGR2GRAY)[y0:y1, x0:x1].astype(np.float32)
    # The median across is immune to single wrinkles and highlights; a bar spans the whole width.
    profile = np.median(grey, axis=1)
    reach = round(0.045 * DENSITY)
    return float(np.abs(profile[reach:] - profile[:-reach]).max() / max(float(np.median(profile)), 1.0))


def frame_mask(frame: FaceFrame, view: FrontView) -> np.ndarray:
    """(h, w) float32 over the view: 1 on the spectacle frame, 0 on skin, lids and eyes."""
    found = smoothstep(*CONTRAST, view.contrast()).astype(np.float32)
    for rows in EYES:
        outline = frame.points[[*rows.upper[0], *rows.lower[0][::-1]]]
        polygon = np.rint((outline - (X_RANGE[0], Y_RANGE[0])) * DENSITY).astype(np.int32)
        eye = np.zeros(found.shape, np.uint8)
        cv2.fillPoly(eye, [polygon], 1)
        around = round(0.05 * DENSITY) | 1
        eye = cv2.dilate(eye, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (around, around)))
        found[eye > 0] = 0
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return cv2.GaussianBlur(closed, (0, 0), SOFTEN * DENSITY)


def freedom(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How freely skin moves at points (n, 2) in face coordinates: 0 on the frame, 1 away from it; (n,) float32."""
    cells = ((points - (X_RANGE[0], Y_RANGE[0])) * DENSITY).astype(np.float32).reshape(-1, 1, 2)
    strength = np.clip(1.6 * mask, 0, 1)
    return 1 - cv2.remap(strength, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[:, 0]
