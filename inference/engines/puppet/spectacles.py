# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds spectacles, and where their frame is, so that brows and lids move behind it without dragging it along."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .colour import Canvas
from .fill import continued
from .frame import FaceFrame, smoothstep
from .openings import box_around, pixels_in_face
from .rows import EYES
from .warp import Box, clipped

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
        native = cv2.remap(canvas.pixels, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
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


@dataclass(frozen=True)
class Spectacles:
    """Spectacles in a picture.

    Attributes:
        box: (x0, y0, x1, y1) px around the upper rims.
        rims: (h, w) float32 over the box, 1 on the upper rims, falling to 0 within a pixel or two beside them.
        skin: pixels like the canvas's, with skin in place of the upper rims.
        still: (h, w) float32 over the front view, 1 on the lower rims and the bridge: what is there does not move.
    """

    box: Box
    rims: np.ndarray
    skin: np.ndarray
    still: np.ndarray

    @classmethod
    def of(cls, frame: FaceFrame, canvas: Canvas) -> Spectacles | None:
        """Cut the spectacles out of a picture; None when the face's surroundings lie outside it."""
        view = FrontView.of(frame, canvas)
        contrast = view.contrast()
        box = clipped(box_around(frame, _corners(), 0.02), canvas.size)
        if box is None:
            return None
        solid = _sample_view(frame, _upper_rims(contrast, _above_lids(frame, contrast.shape)), box) > 0.5
        # Pixels that a rim's blurred edge reaches go too, and everything that goes is put back over the moved skin.
        reach = 2 * max(1, round(0.008 * frame.span_px)) + 1
        solid = cv2.dilate(solid.astype(np.uint8), np.ones((reach, reach), np.uint8))
        soft = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 0.4 * reach)
        rims = np.maximum(solid.astype(np.float32), np.clip(2 * soft, 0, 1))
        x0, y0, x1, y1 = box
        skin = canvas.pixels.copy()
        part = canvas.crop(box)
        filled = _skin_instead(part, solid, 0.02 * frame.span_px, round(0.14 * frame.span_px))
        skin[y0:y1, x0:x1] = canvas.to_native(np.where(solid[..., None] > 0, filled, part))
        still = smoothstep(*CONTRAST, contrast).astype(np.float32) * _below_lids(frame, contrast.shape)
        return cls(box, rims, skin, cv2.GaussianBlur(still, (0, 0), SOFTEN * DENSITY))


def _upper_rims(contrast: np.ndarray, above: np.ndarray) -> np.ndarray:
    """(h, w) float32: 1 on upper rims. What they consist of stands out most of all that lies above the lids."""
    zone = contrast * above
    strongest = float(np.percentile(zone[above > 0], 96)) if above.any() else 0.0
    solid = (zone > max(30.0, 0.45 * strongest)).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(solid)
    wide = [i for i in range(1, count) if statistics[i, cv2.CC_STAT_WIDTH] > 0.16 * DENSITY]
    return np.isin(labels, wide).astype(np.float32)


def _skin_instead(colours: np.ndarray, solid: np.ndarray, smallest_px: float, away_px: int) -> np.ndarray:
    """Colours (h, w, C) with skin painted where ``solid``: a smooth continuation, with the grain of skin further up."""
    smooth = continued(colours, 1 - solid.astype(np.float32), smallest_px)
    grain = colours - continued(colours, np.ones(solid.shape, np.float32), smallest_px)
    grain[solid > 0] = 0
    above = np.roll(grain, away_px, axis=0)
    above[:away_px] = 0
    return smooth + 0.8 * above


def _above_lids(frame: FaceFrame, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) uint8 over the view: 1 above the lids and beside the eyes, 0 on the lids, below, and at the top."""
    x, y = _coordinates(shape)
    found = (y < 0.10) & (y > -0.32)
    for rows in EYES:
        lids = frame.points[[*rows.upper[1], *rows.lower[1][::-1]]]
        found &= ~_inside_polygon(lids, shape)
        low, high = np.sort(frame.points[[rows.upper[0][0], rows.upper[0][-1]], 0])
        found &= ~((x > low) & (x < high) & (y > lids[:, 1].mean()))
    return found.astype(np.uint8)


def _below_lids(frame: FaceFrame, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) bool over the view: where lower rims and the bridge can be."""
    x, y = _coordinates(shape)
    found = (y > 0.10) | ((np.abs(x) < 0.13) & (y > -0.12))
    for rows in EYES:
        found &= ~_inside_polygon(frame.points[[*rows.upper[2], *rows.lower[2][::-1]]], shape)
    return found


def _coordinates(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / DENSITY
    return x + X_RANGE[0], y + Y_RANGE[0]


def _inside_polygon(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) bool over the view: inside a polygon in face coordinates, with a small margin."""
    inside = np.zeros(shape, np.uint8)
    cv2.fillPoly(inside, [np.rint((points - (X_RANGE[0], Y_RANGE[0])) * DENSITY).astype(np.int32)], 1)
    return cv2.dilate(inside, np.ones((5, 5), np.uint8)) > 0


def _corners() -> np.ndarray:
    return np.array([[x, y] for x in X_RANGE for y in (Y_RANGE[0], 0.10)])


def _sample_view(frame: FaceFrame, image: np.ndarray, box: Box) -> np.ndarray:
    """Values of an image over the front view at the pixels of a box."""
    cells = ((pixels_in_face(frame, box) - (X_RANGE[0], Y_RANGE[0])) * DENSITY).astype(np.float32)
    return cv2.remap(image, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]


def freedom(still: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How freely skin moves at points (n, 2) in face coordinates: (n,) float32, 0 where all is still."""
    cells = ((points - (X_RANGE[0], Y_RANGE[0])) * DENSITY).astype(np.float32).reshape(-1, 1, 2)
    strength = np.clip(1.6 * still, 0, 1)
    return 1 - cv2.remap(strength, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[:, 0]  # type: ignore[call-overload]
