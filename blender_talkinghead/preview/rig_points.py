# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 14 points that the user places by hand, as they are kept on a strip (``th_manual``, ``th_points``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inference.source import MANUAL_POINTS
from . import faces
from .placement import Placement, Point

POINT_NAMES = tuple(name for name, _ in MANUAL_POINTS)

# An average face, in face widths from the middle between the ears, x right and y down, in the order of MANUAL_POINTS.
# The subject's right is at the image's left.
AVERAGE_FACE: tuple[Point, ...] = (
    (-0.29, -0.15), (-0.12, -0.145), (0.12, -0.145), (0.29, -0.15), (0.0, 0.10), (-0.16, 0.31), (0.16, 0.31),
    (0.0, 0.295), (0.0, 0.325), (0.0, 0.64), (-0.24, -0.30), (0.24, -0.30), (-0.5, 0.0), (0.5, 0.0),
)  # fmt: skip
_FACE_WIDTH = 0.4
# Points that a line is drawn through, so that the face can be recognized.
LINES: tuple[tuple[int, ...], ...] = ((0, 1), (2, 3), (5, 7, 6, 8, 5), (12, 9, 13), (1, 4, 2))


def average_points(size: tuple[int, int]) -> tuple[Point, ...]:
    """An average face in the middle of a picture, in parts of its width and height.

    Args:
        size: (width, height) of the picture in px.
    """
    width, height = size
    face_px = _FACE_WIDTH * min(width, height)
    return tuple((0.5 + x * face_px / width, 0.45 + y * face_px / height) for x, y in AVERAGE_FACE)


def first_points(strip: Any, size: tuple[int, int]) -> tuple[Point, ...]:
    """Where placing begins: the points there are, those of the chosen face, or an average face."""
    if strip.th_manual:
        return points(strip)
    analysis = faces.of(strip)
    if analysis is not None and strip.th_face_index < len(analysis.faces):
        return analysis.faces[strip.th_face_index].points
    return average_points(size)


def points(strip: Any) -> tuple[Point, ...]:
    """The points of a strip, whether they are used or not."""
    flat = list(strip.th_points)
    return tuple(zip(flat[0::2], flat[1::2], strict=True))


def place(strip: Any, placed: Sequence[Point]) -> None:
    """Put points on a strip and use them."""
    strip.th_points = [value for point in placed for value in point]
    strip.th_manual = True


def move(strip: Any, index: int, point: Point) -> None:
    """Move one point; it stays inside the picture."""
    strip.th_points[2 * index] = min(max(point[0], 0.0), 1.0)
    strip.th_points[2 * index + 1] = min(max(point[1], 0.0), 1.0)


def clear(strip: Any) -> None:
    """Find the face by detection again."""
    strip.th_manual = False


def nearest(placed: Sequence[Point], placement: Placement, view: Point, reach: float) -> int | None:
    """Index of the point nearest to view coordinates, or None if none is within reach (view units)."""
    distances = []
    for index, point in enumerate(placed):
        x, y = placement.to_view(point)
        distances.append(((x - view[0]) ** 2 + (y - view[1]) ** 2, index))
    distance, index = min(distances, default=(reach * reach + 1.0, -1))
    return index if distance <= reach * reach else None
