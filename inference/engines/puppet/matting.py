# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the person segmenter's soft 256 px mask to a matte whose edge follows the picture.

Guided filter with a colour guide: He, Sun and Tang, "Guided Image Filtering", 2013; coefficients on a reduced picture
as in He and Sun, "Fast Guided Filter", 2015.
"""

from __future__ import annotations

import cv2
import numpy as np

# Coefficients are computed on at most this many px along the longer side.
_GUIDE_PX = 640
_EPSILON = 2e-4
# The segmenter's cells, over which its edge may be off.
_SEGMENTER_PX = 256
_LOW, _HIGH = 0.4, 0.92


def refined_matte(bgr: np.ndarray, mask: np.ndarray, face_width_px: float) -> np.ndarray:
    """A matte at the picture's resolution.

    Args:
        bgr: (H, W, 3) uint8.
        mask: (H, W) float32, 0 to 1, from the segmenter.
        face_width_px: ear to ear; sets how far around an edge pixels are compared.

    Returns:
        (H, W) float32, 0 to 1, exactly 0 and 1 away from the edge.
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
    return matte


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
