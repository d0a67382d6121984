# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a result strip shows its picture: place, crop, colour adjustments, opacity. Read from the strip, no drawing.

Not shown in a preview: strip modifiers, and blend modes other than Alpha Over, Replace and Cross, which are drawn as
Alpha Over; the render shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import compat
from ..strips import lookup
from .placement import Placement

DEFAULT_SPACE = "sRGB"


@dataclass(frozen=True)
class Look:
    """Colour adjustments of a strip, in the order in which Blender applies them.

    Attributes:
        saturation: factor of the saturation in HSV, the value stays (0 to 20).
        multiply: factor of the colours, clipped at 1 (0 to 20).
        alpha: factor of alpha, clipped at 1.
        replaces: nothing below is seen, whatever the alpha.
        space: name of the colour space that the picture's values are in.
    """

    saturation: float = 1.0
    multiply: float = 1.0
    alpha: float = 1.0
    replaces: bool = False
    space: str = DEFAULT_SPACE


def shown_by(source: Any, active: Any) -> Any:
    """The strip whose look the frames of a source have: its result at the current frame, or else the source.

    Args:
        active: the active strip; it is taken if it is a result.
    """
    if active != source:
        return active
    frame = source.id_data.frame_current
    results = lookup.results_of(source)
    return next((strip for strip in results if compat.left(strip) <= frame < compat.right(strip)), source)


def is_baked(source: Any) -> bool:
    """Whether frames of a source are whole frames of the scene, with the strip's look in them."""
    return source.th_as_seen or source.type not in {"IMAGE", "MOVIE"}


def look_of(source: Any, strip: Any) -> Look:
    """How a strip shows the frames of a source.

    Args:
        strip: what ``shown_by`` gives.
    """
    if strip == source and is_baked(source):
        return Look()
    replaces = strip.blend_type == "REPLACE"
    # Blender darkens a strip that replaces what is below; only others become transparent.
    multiply = strip.color_multiply * (strip.blend_alpha if replaces else 1.0)
    alpha = multiply if strip.multiply_alpha else 1.0
    return Look(
        saturation=strip.color_saturation,
        multiply=multiply,
        alpha=alpha * (1.0 if replaces else strip.blend_alpha),
        replaces=replaces,
        space=strip.colorspace_settings.name,
    )


def placement_of(scene: Any, strip: Any, source: Any, size: tuple[int, int]) -> Placement:
    """Where the picture of a source lies in the Preview.

    Args:
        strip: the source, or its result, whose transform and crop are used.
        size: (width, height) of the picture in px.
    """
    render = scene.render
    aspect = render.pixel_aspect_x / render.pixel_aspect_y
    if is_baked(source):
        size = (render.resolution_x, render.resolution_y)
        if strip == source:
            return Placement(size, pixel_aspect=aspect)
    transform, crop = strip.transform, strip.crop
    return Placement(
        size=size,
        scale=(transform.scale_x, transform.scale_y),
        offset=(transform.offset_x, transform.offset_y),
        rotation=transform.rotation,
        origin=tuple(transform.origin),
        flip=(strip.use_flip_x, strip.use_flip_y),
        crop=(crop.min_x, crop.max_y, crop.max_x, crop.min_y),
        pixel_aspect=aspect,
    )
