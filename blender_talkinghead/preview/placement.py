# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a strip's picture lies in the Preview. No bpy here.

Picture coordinates are parts of the picture's width and height, origin top left, y down. View coordinates are those of
the Preview's 2D view: px of the scene's full resolution, origin in the centre, y up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Placement:
    """A strip's transform, as Blender applies it: scaled and turned about its origin, then moved.

    Attributes:
        size: (width, height) of the picture in px.
        scale, offset: of the strip's transform; the offset in px of the scene.
        rotation: counter-clockwise, in radians.
        origin: of the strip's transform, in parts, origin bottom left.
        flip: whether the picture is mirrored in x and y.
        pixel_aspect: width of a pixel by its height; the view is stretched by it.
    """

    size: tuple[float, float]
    scale: Point = (1.0, 1.0)
    offset: Point = (0.0, 0.0)
    rotation: float = 0.0
    origin: Point = (0.5, 0.5)
    flip: tuple[bool, bool] = (False, False)
    pixel_aspect: float = 1.0

    def to_view(self, point: Point) -> Point:
        """A point of the picture in view coordinates."""
        x, y = self._from_centre(point)
        pivot_x, pivot_y = self._pivot()
        x, y = (x - pivot_x) * self.scale[0], (y - pivot_y) * self.scale[1]
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        x, y = x * cosine - y * sine, x * sine + y * cosine
        return (x + pivot_x + self.offset[0]) * self.pixel_aspect, y + pivot_y + self.offset[1]

    def to_picture(self, view: Point) -> Point:
        """The point of the picture at view coordinates; the inverse of ``to_view``."""
        pivot_x, pivot_y = self._pivot()
        x, y = view[0] / self.pixel_aspect - pivot_x - self.offset[0], view[1] - pivot_y - self.offset[1]
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        x, y = x * cosine + y * sine, y * cosine - x * sine
        x, y = x / _not_zero(self.scale[0]) + pivot_x, y / _not_zero(self.scale[1]) + pivot_y
        part_x, part_y = x / self.size[0] + 0.5, 0.5 - y / self.size[1]
        return (1.0 - part_x if self.flip[0] else part_x), (1.0 - part_y if self.flip[1] else part_y)

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """View coordinates of the picture's corners: top left, top right, bottom right, bottom left."""
        top_left, top_right, bottom_right, bottom_left = (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)
        return tuple(map(self.to_view, (top_left, top_right, bottom_right, bottom_left)))  # type: ignore[return-value]

    def _from_centre(self, point: Point) -> Point:
        x = 1.0 - point[0] if self.flip[0] else point[0]
        y = 1.0 - point[1] if self.flip[1] else point[1]
        return (x - 0.5) * self.size[0], (0.5 - y) * self.size[1]

    def _pivot(self) -> Point:
        return (self.origin[0] - 0.5) * self.size[0], (self.origin[1] - 0.5) * self.size[1]


def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-9 else 1e-9
