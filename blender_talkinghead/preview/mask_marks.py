# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the points that say who is replaced, while they are placed. Those of other pictures than the shown one are
drawn faintly.
"""

from __future__ import annotations

from typing import Any

from ..strips import mask_points
from .line_drawing import draw_disc
from .marks import POINT_RADIUS_PX, in_region
from .placement import Placement

_PERSON_COLOR = (0.3, 0.9, 0.35, 1.0)
_OTHER_COLOR = (0.95, 0.25, 0.2, 1.0)
_SHADOW_COLOR = (0.0, 0.0, 0.0, 0.6)
_FAINT = 0.3
# Pair of the strip on which points are placed, and its picture that is shown; None while none are placed.
_placing: tuple[str, int] | None = None


def begin(strip: Any, picture: int) -> None:
    """Show the points of a strip, and which of its pictures is shown now."""
    global _placing
    _placing = strip.th_id, picture


def end() -> None:
    """Show no points any more."""
    global _placing
    _placing = None


def picture_of(strip: Any) -> int | None:
    """The shown picture of a strip on which points are placed; None for any other strip."""
    return _placing[1] if _placing is not None and _placing[0] == strip.th_id else None


def draw(region: Any, placement: Placement, strip: Any) -> None:
    """Draw the points: those of the person green, others red."""
    shown = picture_of(strip)
    for point in mask_points.of(strip):
        strength = 1.0 if point.picture == shown else _FAINT
        (position,) = in_region(region, placement, [(point.x, point.y)])
        color = _PERSON_COLOR if point.belongs else _OTHER_COLOR
        draw_disc(position, POINT_RADIUS_PX + 1.5, (*_SHADOW_COLOR[:3], _SHADOW_COLOR[3] * strength))
        draw_disc(position, POINT_RADIUS_PX, (*color[:3], strength))
