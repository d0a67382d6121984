# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users should know about a source and a clip before a long redraw."""

from __future__ import annotations

from ..engine import DrivingClip
from ..liveportrait.crop import Square
from .squares import SourceViews

# Below so many px from ear to chin there is little to redraw from.
_SMALL_FACE_PX = 100
# What of the square may lie outside of the picture without a word, and how much larger it may be than what is drawn.
_OUTSIDE, _COARSE = 0.2, 1.75

NO_FACE_TO_PERFORM = "The face is too small for its sliders to be performed; sliders of head and face move nothing."


def about_source(views: SourceViews) -> list[str]:
    """Sentences about the picture on which the face was chosen."""
    sentences = []
    left, top, right, bottom = views.chosen.box()
    face_px = max(right - left, bottom - top)
    size = views.pictures.read(views.choice.picture).size
    square = views.square_of(views.chosen, size)
    if face_px < _SMALL_FACE_PX:
        sentences.append(f"The face is only {face_px:.0f} px large; it will look coarse.")
    if views.chosen.manual and not views.is_still:
        sentences.append("Points placed by hand do not follow the motion of a moving source.")
    outside = _share_outside(square, size)
    if outside > _OUTSIDE:
        sentences.append(
            f"{outside:.0%} of the redrawn square lie outside of the picture and are made up; "
            "a smaller Crop avoids that."
        )
    if square.side > _COARSE * views.framing.size_px:
        sentences.append(
            f"{views.framing.size_px} px are drawn for what has {square.side:.0f} px in the source; "
            "the result will be softer than the source."
        )
    return sentences


def about_clip(clip: DrivingClip) -> list[str]:
    """Sentences about the clip that acts."""
    lost = int((~clip.found).sum())
    if not lost:
        return []
    pictures = "1 picture" if lost == 1 else f"{lost} pictures"
    return [f"The actor's face was lost in {pictures} of the driving clip; its last pose is held there."]


def _share_outside(square: Square, size: tuple[int, int]) -> float:
    """How much of an upright square a picture of ``size`` (width, height) does not cover, 0 to 1."""
    box, inside = square.box(), 1.0
    for low, high, extent in zip(box[:2].tolist(), box[2:].tolist(), size, strict=True):
        inside *= max(min(high, extent - 0.5) - max(low, -0.5), 0.0) / (high - low)
    return 1 - inside
