# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies drawn as skeletons, as Wan-Animate was taught to read them."""

from __future__ import annotations

import colorsys
import math

import cv2
import numpy as np

from .body import Body

THRESHOLD = 0.5
"""Points with a lower score are not drawn."""

_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17), (13, 18), (10, 19),
)  # fmt: skip
# Of the limbs in this order, and of the body's points in theirs.
_COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255),
    (255, 0, 255), (255, 0, 170), (255, 0, 85), (200, 200, 0), (100, 100, 0),
)  # fmt: skip
_LIMB_SHADE = 0.6
# A finger's four bones, from the wrist on, five times.
_BONES = tuple(
    (0 if bone == 0 else 4 * finger + bone, 4 * finger + bone + 1) for finger in range(5) for bone in range(4)
)
_JOINT_COLOUR = (0, 0, 255)


def draw(body: Body, height: int, width: int) -> np.ndarray:
    """The skeleton on black: limbs, joints, hands; of the head only nose, eyes and ears.

    Args:
        height, width: of the picture, px.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    picture = np.zeros((height, width, 3), np.uint8)
    half_px = max(min(height, width) // 200 - 1, 1)
    scale = (width, height, 1)
    points = body.body * scale
    for (first, second), colour in zip(_LIMBS, _COLOURS, strict=False):
        _draw_limb(picture, points[first], points[second], colour, half_px)
    for point, colour in zip(points, _COLOURS, strict=True):
        if point[2] >= THRESHOLD:
            cv2.circle(picture, (int(point[0]), int(point[1])), half_px, colour, thickness=-1)
    for hand in (body.left, body.right):
        _draw_hand(picture, hand * scale, max(half_px // 2, 1))
    return picture


def _draw_limb(
    picture: np.ndarray, first: np.ndarray, second: np.ndarray, colour: tuple[int, ...], half_px: int
) -> None:
    """A filled ellipse from one point to the other."""
    if first[2] < THRESHOLD or second[2] < THRESHOLD:
        return
    x, y = first[:2] - second[:2]
    middle = (first[:2] + second[:2]) / 2
    angle_deg = int(math.degrees(math.atan2(y, x)))
    axes = (int(math.hypot(x, y) / 2), half_px)
    outline = cv2.ellipse2Poly((int(middle[0]), int(middle[1])), axes, angle_deg, 0, 360, 1)
    cv2.fillConvexPoly(picture, np.asarray(outline), [int(value * _LIMB_SHADE) for value in colour])


def _draw_hand(picture: np.ndarray, hand: np.ndarray, thickness_px: int) -> None:
    """Bones in the colours of the rainbow. What lies on the picture's first row or column or beyond is left out."""
    places = [(int(x), int(y)) for x, y, _ in hand]
    drawn = [score >= THRESHOLD and x > 0 and y > 0 for (x, y), score in zip(places, hand[:, 2], strict=True)]
    for number, (first, second) in enumerate(_BONES):
        if drawn[first] and drawn[second]:
            colour = [value * 255 for value in colorsys.hsv_to_rgb(number / len(_BONES), 1.0, 1.0)]
            cv2.line(picture, places[first], places[second], colour, thickness=thickness_px)
    for place, is_drawn in zip(places, drawn, strict=True):
        if is_drawn:
            cv2.circle(picture, place, thickness_px, _JOINT_COLOUR, thickness=-1)
