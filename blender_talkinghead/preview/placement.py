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
    """A strip's transform, as Blender applies it: cropped, scaled and turned about its origin, moved, then mirrored.

    Attributes:
        size: (width, height) of the picture in px.
        scale, offset: of the strip's transform; the offset in px of the scene.
        rotation: counter-clockwise, in radians.
        origin: of the strip's transform, in parts, origin bottom left.
        flip: whether the frame with the placed picture is mirrored in x and y. Blender mirrors after the transform,
            about the frame's centre, so an offset is mirrored too (seen in 4.2 to 5.2).
        crop: (left, top, right, bottom) in px of the picture that are cut off.
        pixel_aspect: width of a pixel by its height; the view is stretched by it.
    """

    size: tuple[float, float]
    scale: Point = (1.0, 1.0)
    offset: Point = (0.0, 0.0)
    rotation: float = 0.0
    origin: Point = (0.5, 0.5)
    flip: tuple[bool, bool] = (False, False)
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    pixel_aspect: float = 1.0

    def to_view(self, point: Point) -> Point:
        """A point of the picture in view coordinates."""
        pivot_x, pivot_y = self._pivot()
        x = ((point[0] - 0.5) * self.size[0] - pivot_x) * self.scale[0]
        y = ((0.5 - point[1]) * self.size[1] - pivot_y) * self.scale[1]
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        x, y = x * cosine - y * sine, x * sine + y * cosine
        x, y = x + pivot_x + self.offset[0], y + pivot_y + self.offset[1]
        return (-x if self.flip[0] else x) * self.pixel_aspect, (-y if self.flip[1] else y)

    def to_picture(self, view: Point) -> Point:
        """The point of the picture at view coordinates; the inverse of ``to_view``."""
        pivot_x, pivot_y = self._pivot()
        x, y = view[0] / self.pixel_aspect, view[1]
        x, y = (-x if self.flip[0] else x), (-y if self.flip[1] else y)
        x, y = x - pivot_x - self.offset[0], y - pivot_y - self.offset[1]
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        x, y = x * cosine + y * sine, y * cosine - x * sine
        x, y = x / _not_zero(self.scale[0]) + pivot_x, y / _not_zero(self.scale[1]) + pivot_y
        return x / self.size[0] + 0.5, 0.5 - y / self.size[1]

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """View coordinates of the whole picture's corners: top left, top right, bottom right, bottom left."""
        return self._corners((0.0, 0.0, 1.0, 1.0))

    def seen(self) -> tuple[float, float, float, float] | None:
        """(left, top, right, bottom), in parts, of what the crop leaves of the picture; None for nothing."""
        left, top, right, bottom = self.crop
        width, height = self.size
        if left + right >= width or top + bottom >= height:
            return None
        return left / width, top / height, 1.0 - right / width, 1.0 - bottom / height

    def seen_corners(self) -> tuple[Point, Point, Point, Point] | None:
        """As ``corners``, of what the crop leaves; None for nothing."""
        seen = self.seen()
        return None if seen is None else self._corners(seen)

    def _corners(self, rectangle: tuple[float, float, float, float]) -> tuple[Point, Point, Point, Point]:
        left, top, right, bottom = rectangle
        points = ((left, top), (right, top), (right, bottom), (left, bottom))
        return tuple(map(self.to_view, points))  # type: ignore[return-value]

    def _pivot(self) -> Point:
        return (self.origin[0] - 0.5) * self.size[0], (self.origin[1] - 0.5) * self.size[1]


def _not_zero(value: float) -> float:
    return value if abs(value) > 1e-9 else 1e-9
