# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the found faces, their landmarks and the 14 placed points over the Preview, in px of the region.

A face that was found in another frame of a movie than the one that is shown is drawn faintly, with the number of its
frame: it is found again only when the user asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import faces, rig_points
from .line_drawing import draw_disc, draw_line, draw_words
from .placement import Placement, Point

POINT_RADIUS_PX = 5.0
_BOX_WIDTH_PX = 2.0
_LANDMARK_WIDTH_PX = 1.0
_WORDS_PX = 12.0
_FAINT = 0.35
_CHOSEN_COLOR = (1.0, 0.72, 0.2, 1.0)
_OTHER_COLOR = (0.9, 0.9, 0.9, 0.8)
_LANDMARK_COLOR = (0.35, 0.85, 1.0, 0.9)
_SHADOW_COLOR = (0.0, 0.0, 0.0, 0.6)


def draw_points(region: Any, placement: Placement, points: Sequence[Point]) -> None:
    """Draw the points that the user places, with lines that make a face of them."""
    positions = in_region(region, placement, points)
    for line in rig_points.LINES:
        draw_line([positions[index] for index in line], _OTHER_COLOR, _LANDMARK_WIDTH_PX)
    for radius, color in ((POINT_RADIUS_PX + 1.5, _SHADOW_COLOR), (POINT_RADIUS_PX, _CHOSEN_COLOR)):
        for position in positions:
            draw_disc(position, radius, color)


def draw_faces(region: Any, placement: Placement, source: Any, *, boxes: bool, landmarks: bool) -> None:
    """Draw what was found in a source."""
    analysis = faces.of(source)
    if analysis is None:
        return
    found_in = faces.frame_found(source)
    strength = 1.0 if found_in is None else _FAINT
    for index, face in enumerate(analysis.faces):
        if landmarks:
            for line in face.lines:
                draw_line(in_region(region, placement, line), _faint(_LANDMARK_COLOR, strength), _LANDMARK_WIDTH_PX)
        if boxes:
            _draw_box(region, placement, face, index == source.th_face_index, strength)
    if found_in is not None and analysis.faces:
        left, top, _, _ = analysis.faces[0].box
        x, y = in_region(region, placement, [(left, top)])[0]
        draw_words(f"Face of frame {found_in}", (x, y + _WORDS_PX / 2), _OTHER_COLOR, _WORDS_PX)


def _draw_box(region: Any, placement: Placement, face: faces.FoundFace, chosen: bool, strength: float) -> None:
    left, top, right, bottom = face.box
    loop = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    corners = in_region(region, placement, loop)
    draw_line(corners, _faint(_SHADOW_COLOR, strength), _BOX_WIDTH_PX + 2.0)
    draw_line(corners, _faint(_CHOSEN_COLOR if chosen else _OTHER_COLOR, strength), _BOX_WIDTH_PX)


def _faint(color: Sequence[float], strength: float) -> tuple[float, ...]:
    return (*color[:3], color[3] * strength)


def in_region(region: Any, placement: Placement, points: Iterable[Point]) -> list[Point]:
    """Points of a picture in px of the region."""
    to_region = region.view2d.view_to_region
    return [to_region(*placement.to_view(point), clip=False) for point in points]
