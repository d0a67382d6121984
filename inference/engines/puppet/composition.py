# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a prepared picture and a pose to a finished frame."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace

from ...media.picture import Picture
from ..engine import Quality
from .expression import expression_of
from .field import CoarseField
from .portrait import Portrait
from .region import resample_skin
from .warp import compose_warp


def compose_frame(
    portrait: Portrait,
    head: CoarseField | None,
    pose: Mapping[str, float],
    quality: Quality,
    executor: Executor | None = None,
) -> Picture:
    """One frame over a stretched background.

    Args:
        head: where the output's pixels come from when the head turns (inverse displacement), or None.
        executor: runs bands of the picture side by side.

    Returns:
        The picture itself when nothing moves; else a copy whose pixels outside the moving box are untouched.
    """
    canvas = portrait.canvas
    expression = expression_of(portrait, pose)
    warp = compose_warp(head, expression.layers if expression else None, canvas.size)
    box = warp.moving_box(canvas.size)
    if expression is None and box is None:
        return canvas.picture
    work = canvas.pixels.copy()
    if box is not None:
        pixels = canvas.pixels if expression is None else expression.pixels
        resample_skin(work, pixels, warp, box, quality, executor)
    if expression is not None and warp.lower is not None:
        expression.draw_openings(work, warp, quality)
        expression.draw_spectacles(work, warp, quality)
    return replace(canvas.picture, pixels=canvas.finished(work, box))
