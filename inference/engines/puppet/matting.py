# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the person segmenter's soft 256 px mask to a matte whose edge follows the picture.

Guided filter with a colour guide: He, Sun and Tang, "Guided Image Filtering", 2013; coefficients on a reduced picture
as in He and Sun, "Fast Guided Filter", 2015.
"""

from __future__ import annotations

import cv2
import numpy as np

from .frame import smoothstep
from .push_pull import filled

# Coefficients are computed on at most this many px along the longer side.
_GUIDE_PX = 640
_EPSILON = 2e-4
# The segmenter's cells, over which its edge may be off.
_SEGMENTER_PX = 256
_LOW, _HIGH = 0.3, 0.82
# Colours of person and background that differ by less (of 1) tell nothing; by more than the second they are believed.
_ALIKE, _APART = 0.1, 0.3
# There the edge becomes this wide, in face widths, but at least so many px.
_EDGE, _EDGE_PX = 0.03, 3.5


def refined_matte(bgr: np.ndarray, mask: np.ndarray, face_width_px: float) -> np.ndarray:
    """A matte at the picture's resolution.

    Args:
        bgr: (H, W, 3) uint8.
        mask: (H, W) float32, 0 to 1, from the segmenter.
        face_width_px: ear to ear; sets how far around an edge pixels are compared.

    Returns:
        (H, W) float32, 0 to 1; 0 and 1 away from the edge.
    """
    height, width = mask.shape
    factor = min(1.0, _GUIDE_PX / max(height, width))
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    small_mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    radius = max(2, round(max(0.035 * face_width_px * factor, 1.5 * max(size) / _SEGMENTER_PX)))
    slope, offset = _coefficients(small, small_mask, radius)
    slope = cv2.resize(slope, (width, height), interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
    matte = offset + (bgr.astype(np.float32) * slope).sum(axis=2) / 255
    # Where the segmenter is sure over a wide area it is believed, whatever the picture's texture says.
    reach = np.ones((2 * round(radius / factor) + 1,) * 2, np.uint8)
    sure = cv2.erode(mask, reach) > 0.9
    never = cv2.dilate(mask, reach) < 0.1
    matte = np.clip((matte - _LOW) / (_HIGH - _LOW), 0, 1)
    matte[sure] = 1
    matte[never] = 0
    return _narrowed(bgr, matte, max(_EDGE_PX, _EDGE * face_width_px))


def _narrowed(bgr: np.ndarray, matte: np.ndarray, edge_px: float) -> np.ndarray:
    """The matte with a clean edge instead of a wide haze where person and background have nearly one colour."""
    height, width = matte.shape
    # At a size at which that edge is a few px wide: nothing finer is made here.
    factor = min(1.0, _EDGE_PX / edge_px)
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    inside = filled(colours, (small >= 0.97).astype(np.float32))
    outside = filled(colours, (small <= 0.03).astype(np.float32))
    apart = np.linalg.norm(inside - outside, axis=2) / 255
    believed = smoothstep(_ALIKE, _APART, apart).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), edge_px * factor / 2)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)) / 8
    slope = cv2.GaussianBlur(slope, (0, 0), edge_px * factor)
    steeper = np.maximum(1, 1 / np.maximum(slope * edge_px * factor, 1e-3))
    clean = np.clip(0.5 + (smooth - 0.5) * steeper, 0, 1)
    believed = cv2.resize(believed, (width, height), interpolation=cv2.INTER_LINEAR)
    clean = cv2.resize(clean, (width, height), interpolation=cv2.INTER_LINEAR)
    return matte * believed + clean * (1 - believed)


def _coefficients(guide: np.ndarray, mask: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed slopes (h, w, 3) and offsets (h, w) of the local linear models mask = slope . guide + offset."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)

    centre, level = mean(guide), mean(mask)
    covariance = mean(guide * mask[..., None]) - centre * level[..., None]
    products = np.stack([mean(guide * guide[..., i : i + 1]) for i in range(3)], axis=-1)
    spread = products - centre[..., :, None] * centre[..., None, :] + _EPSILON * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, covariance[..., None])[..., 0].astype(np.float32)
    offset = level - (slope * centre).sum(axis=2)
    return mean(slope), mean(offset)
