# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the detector looks: the whole picture, then turned, then overlapping parts for small faces.

The detector sees 128 x 128 px, in which a face of less than about 15 px is not found.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from .detector import Detection, Detector

# Smaller parts than the detector's input would only be enlarged.
_SMALLEST_PART_PX = 128


class Look(Enum):
    """One way of looking at a picture, in order of effort."""

    WHOLE = "whole"
    TURNED = "turned by 90, 180 and 270 degrees"
    HALVES = "overlapping parts of half the longer side"
    QUARTERS = "overlapping parts of a quarter of the longer side"


def search(detector: Detector, bgr: np.ndarray, look: Look) -> list[Detection]:
    """Detections of one way of looking, in px of the picture (H, W, 3) uint8."""
    if look is Look.WHOLE:
        return detector.detect(bgr)
    if look is Look.TURNED:
        turned = [detection for turns in (1, 2, 3) for detection in _turned(detector, bgr, turns)]
        return sorted(turned, key=lambda detection: -detection.score)
    return _in_parts(detector, bgr, 2 if look is Look.HALVES else 4)


def _in_parts(detector: Detector, bgr: np.ndarray, divisor: int) -> list[Detection]:
    height, width = bgr.shape[:2]
    side = max(height, width) // divisor
    if side < _SMALLEST_PART_PX:
        return []
    found = []
    for top in _starts(height, side):
        for left in _starts(width, side):
            part = bgr[top : top + side, left : left + side]
            for detection in detector.detect(part):
                moved = _moved(detection, left, top)
                if not _is_cut(moved.box, (left, top, left + part.shape[1], top + part.shape[0]), (width, height)):
                    found.append(moved)
    return found


def _starts(length: int, side: int) -> list[int]:
    """Where parts begin, at most half a side apart, the last one ending at the picture's edge."""
    if length <= side:
        return [0]
    count = -(-2 * (length - side) // side) + 1
    return [round(start) for start in np.linspace(0, length - side, count)]


def _moved(detection: Detection, left: int, top: int) -> Detection:
    shift = np.array([left, top])
    return Detection(detection.box + np.tile(shift, 2), detection.keypoints + shift, detection.score)


def _is_cut(box: np.ndarray, part: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether a box crosses a border of its part inside the picture: another part sees that face whole."""
    low = box[:2] < part[:2]
    high = box[2:] > part[2:]
    return bool(np.any(low & (np.array(part[:2]) > 0)) or np.any(high & (np.array(part[2:]) < size)))


def _turned(detector: Detector, bgr: np.ndarray, turns: int) -> list[Detection]:
    """Detections in the picture turned counter-clockwise by a number of right angles, mapped back."""
    height, width = bgr.shape[:2]

    def back(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        if turns == 1:
            return np.column_stack([width - 1 - y, x])
        if turns == 2:
            return np.column_stack([width - 1 - x, height - 1 - y])
        return np.column_stack([y, height - 1 - x])

    found = []
    for detection in detector.detect(np.ascontiguousarray(np.rot90(bgr, turns))):
        corners = back(detection.box.reshape(2, 2))
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        found.append(Detection(box, back(detection.keypoints), detection.score))
    return found
