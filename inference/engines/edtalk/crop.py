# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square that the networks see: a face laid onto the template that EDTalk was trained with.

A source picture is aligned by itself: the similarity (least squares with scale; Umeyama, "Least-squares estimation of
transformation parameters between two point patterns", 1991) that takes the template's points 0 to 46, which are jaw,
brows, nose and eyes, to the face's. The reference finds these points by a landmark model whose data are not for
commercial use; here they are picked from MediaPipe's mesh.

Driving pictures would lose the lean and the shift of the head by that, and their noise would make the face wobble. The
reference cuts them by one box for the whole clip; here all pictures of a shot share the mean of their squares,
upright, and larger where the head moves out of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..liveportrait.crop import Square, cut_square

NETWORK_PX = 256

# (47, 2) x, y in px of the 256 px square, in iBUG's order of 68: jaw, brows, nose, eyes without the last point.
TEMPLATE = np.array([
    (61, 119), (62, 137), (65, 156), (69, 173), (75, 189), (86, 203), (101, 213), (117, 221), (135, 224), (152, 221),
    (165, 211), (175, 199), (183, 184), (187, 168), (189, 151), (192, 135), (194, 118),
    (77, 109), (87, 99), (102, 95), (117, 96), (132, 101), (146, 101), (159, 98), (171, 97), (183, 100), (190, 110),
    (140, 111), (140, 121), (142, 132), (143, 143), (127, 154), (134, 155), (141, 157), (147, 155), (152, 153),
    (94, 114), (102, 109), (111, 109), (118, 114), (111, 116), (102, 116),
    (154, 115), (161, 109), (170, 110), (176, 114), (170, 117),
], np.float64)  # fmt: skip
# The same points among MediaPipe's 478.
PICKED = np.array([
    127, 234, 132, 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, 361, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 98, 97, 2, 326, 327,
    33, 160, 158, 133, 153, 144,
    362, 385, 387, 263, 373,
])  # fmt: skip
_MIDDLE = np.array([NETWORK_PX / 2, NETWORK_PX / 2])
# Half of a face in parts of the square's side. The squares of shots are large enough for all their faces, as far as
# growing by so much suffices; larger ones would show the networks too small a face.
_REACH, _MOST_GROWN = 0.38, 1.6
_SMALLEST_PX = 1e-3


def aligned_square(landmarks: np.ndarray) -> Square:
    """The square in which a face lies as the template's does.

    Args:
        landmarks: (478, 2 or 3) in px of the picture.
    """
    points = np.asarray(landmarks, np.float64)[PICKED, :2]
    scale, angle, shift = similarity(TEMPLATE, points)
    centre = scale * _rotation(angle) @ _MIDDLE + shift
    return Square((float(centre[0]), float(centre[1])), max(scale * NETWORK_PX, _SMALLEST_PX), angle)


def shot_square(landmarks: Sequence[np.ndarray]) -> Square:
    """The one square for all driving pictures of a shot.

    Its middle and side are the means of the pictures' own squares. It stands upright, so that a leaning head leans in
    it; in a clip that lies on its side or upside down it is turned by whole right angles.

    Args:
        landmarks: of each picture with a face, (478, 2 or 3) in px.
    """
    squares = [aligned_square(one) for one in landmarks]
    centre = np.mean([square.centre for square in squares], axis=0)
    side = float(np.mean([square.side for square in squares]))
    turned = np.angle(np.mean([np.exp(1j * square.angle) for square in squares]))
    angle = float(np.rint(turned / (np.pi / 2)) * (np.pi / 2))
    far = max(float(np.abs(np.subtract(square.centre, centre)).max()) for square in squares)
    grown = min(max(1.0, 2 * (_REACH * side + far) / side), _MOST_GROWN)
    return Square((float(centre[0]), float(centre[1])), side * grown, angle)


def cut(bgr: np.ndarray, square: Square) -> np.ndarray:
    """(256, 256, 3) uint8 RGB of a square of a (H, W, 3) uint8 picture, bilinear, black outside of it."""
    return np.ascontiguousarray(cut_square(bgr, square, NETWORK_PX)[..., ::-1])


def similarity(first: np.ndarray, second: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Scale, angle in radians and shift (2,) that take points (n, 2) nearest to others.

    With points as complex numbers around their means this is one division (Umeyama's solution in the plane without
    mirroring).
    """
    means = first.mean(axis=0), second.mean(axis=0)
    a, b = ((points - mean) @ np.array([1, 1j]) for points, mean in zip((first, second), means, strict=True))
    factor = np.vdot(a, b) / max(np.vdot(a, a).real, _SMALLEST_PX)
    scale, angle = float(abs(factor)), float(np.angle(factor))
    return scale, angle, means[1] - scale * _rotation(angle) @ means[0]


def _rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
