# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two portraits, their faces and a tracker, made once a session."""

from __future__ import annotations

from functools import cache

import cv2
import media
import numpy as np

from inference.face.face import Face
from inference.face.tracker import FaceTracker

PORTRAITS = ("astronaut", "hopper")


@cache
def tracker() -> FaceTracker:
    return FaceTracker(media.weights())


@cache
def picture(name: str) -> np.ndarray:
    """(H, W, 3) uint8 of "astronaut", "hopper" or "cat"; do not write into it."""
    pixels = cv2.imread(str(getattr(media, name)()))
    pixels.setflags(write=False)
    return pixels


@cache
def face(name: str) -> Face:
    return tracker().faces(picture(name))[0]


def eye_span(found: Face) -> float:
    """Distance of the outer eye corners in px."""
    return float(np.linalg.norm((found.landmarks[33] - found.landmarks[263])[:2]))


def mean_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of landmarks (n, 2 or 3) in the picture, in px."""
    return float(np.linalg.norm(a[:, :2] - b[:, :2], axis=1).mean())
