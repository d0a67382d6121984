# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BlazeFace face detection (short range) on 128 x 128 pictures.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .models import Network, image_blob

INPUT_PX = 128
THRESHOLD = 0.5
_OVERLAP = 0.3
_SCORES, _BOXES = 896, 896 * 16


@dataclass(frozen=True)
class Detection:
    """One face found. Everything in px of the picture, pixel centres at whole coordinates.

    Attributes:
        box: (4,) left, top, right, bottom.
        keypoints: (6, 2) right eye, left eye, nose, mouth, right ear, left ear (the subject's sides).
        score: 0 to 1.
    """

    box: np.ndarray
    keypoints: np.ndarray
    score: float

    @property
    def centre(self) -> np.ndarray:
        """(2,) middle of the box."""
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def side(self) -> float:
        """Longer side of the box."""
        return float(np.max(self.box[2:] - self.box[:2]))


class Detector:
    """Finds faces in pictures."""

    def __init__(self, content: bytes) -> None:
        self._network = Network(content, (_SCORES, _BOXES))

    def detect(self, bgr: np.ndarray) -> list[Detection]:
        """Faces with a score of at least THRESHOLD, largest first.

        Args:
            bgr: (H, W, 3) uint8.
        """
        blob, scale, pad_x, pad_y = _letterbox(bgr)
        outputs = self._network.run(blob)
        scores = 1 / (1 + np.exp(-np.clip(outputs[_SCORES], -100, 100)))
        kept = np.flatnonzero(scores >= THRESHOLD)
        raw = outputs[_BOXES].reshape(896, 8, 2)[kept] / INPUT_PX
        centres = raw[:, 0] + ANCHORS[kept]
        points = raw[:, 2:] + ANCHORS[kept, None]
        half = raw[:, 1] / 2
        values = np.concatenate([(centres - half)[:, None], (centres + half)[:, None], points], axis=1)
        # From parts of the padded square to px with centres at whole coordinates.
        values = (values * INPUT_PX - (pad_x, pad_y)) / scale - 0.5
        return merge(values, scores[kept])


def merge(values: np.ndarray, scores: np.ndarray) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping boxes become their mean by score, largest box first.

    Args:
        values: (n, 8, 2): top left, bottom right and six key points.
        scores: (n,).
    """
    found = []
    left = np.argsort(-scores, kind="stable")
    while left.size:
        group = _overlaps(values[left[0], :2], values[left, :2]) > _OVERLAP
        group[0] = True
        members = left[group]
        mean = np.average(values[members], axis=0, weights=scores[members])
        found.append(Detection(mean[:2].ravel(), mean[2:], float(scores[left[0]])))
        left = left[~group]
    return sorted(found, key=lambda detection: -detection.side)


def _letterbox(bgr: np.ndarray) -> tuple[np.ndarray, float, int, int]:
    height, width = bgr.shape[:2]
    scale = INPUT_PX / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(bgr, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (INPUT_PX - w) // 2, (INPUT_PX - h) // 2
    padded = cv2.copyMakeBorder(small, top, INPUT_PX - h - top, left, INPUT_PX - w - left, cv2.BORDER_CONSTANT)
    return image_blob(padded[..., ::-1], 1 / 127.5, -1.0), scale, left, top


def _overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one (2, 2) box with (n, 2, 2) boxes."""
    shared = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    intersection = np.prod(np.clip(shared, 0, None), axis=1)
    areas = np.prod(np.clip(boxes[:, 1] - boxes[:, 0], 0, None), axis=1)
    own = np.prod(np.clip(box[1] - box[0], 0, None))
    return intersection / np.maximum(own + areas - intersection, 1e-9)


def _anchors() -> np.ndarray:
    """(896, 2) anchor centres in parts of the input: a 16 x 16 grid with two a cell, an 8 x 8 grid with six."""
    layers = []
    for cells, repeats in ((16, 2), (8, 6)):
        centres = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0))
    return np.concatenate(layers)


ANCHORS = _anchors()
