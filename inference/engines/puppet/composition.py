# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a picture, an expression and a turned head to a finished frame."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from ...media.picture import Picture
from ..engine import Quality
from .background import PersonLayers
from .colour import Canvas
from .expression import Expression
from .field import CoarseField
from .region import resample_skin
from .warp import Box, Warp, compose_warp


def compose_frame(
    canvas: Canvas,
    expression: Expression | None,
    head: CoarseField | None,
    quality: Quality,
    executor: Executor | None = None,
    layers: PersonLayers | None = None,
    cut_out: bool = False,
) -> Picture:
    """One frame.

    Args:
        expression: the face in its pose, or None when it rests.
        head: where the output's pixels come from when the head turns (inverse displacement), or None when it rests.
        executor: runs bands of the picture side by side.
        layers: the person and the background apart, for a background that stays and for a cut-out; None stretches it.
        cut_out: everything but the person becomes transparent.

    Returns:
        The picture itself when nothing moves; else a copy whose pixels outside the moving box are untouched.
    """
    if expression is None and head is None and not cut_out:
        return canvas.picture
    work, box, warp = warp_pixels(canvas, expression, head, quality, executor)
    if layers is not None and cut_out:
        return layers.cut(work, warp, canvas.picture)
    if layers is not None:
        layers.hold(work, box, warp)
    return replace(canvas.picture, pixels=canvas.finished(work, box))


def warp_pixels(
    canvas: Canvas,
    expression: Expression | None,
    head: CoarseField | None,
    quality: Quality,
    executor: Executor | None = None,
) -> tuple[np.ndarray, Box | None, Warp]:
    """Pixels of the canvas's kind, the box (x0, y0, x1, y1) outside which they are untouched, and the warp."""
    warp = compose_warp(head, expression.layers if expression else None, canvas.size, executor)
    box = warp.moving_box(canvas.size)
    work = canvas.pixels.copy()
    if box is not None:
        pixels = canvas.pixels if expression is None else expression.pixels
        resample_skin(work, pixels, warp, box, quality, executor)
    boxes = [] if box is None else [box]
    if expression is not None and warp.lower is not None:
        boxes += expression.draw(work, warp, quality, executor)
    return work, _around(boxes), warp


def _around(boxes: list[Box]) -> Box | None:
    if not boxes:
        return None
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    return int(low[0]), int(low[1]), int(high[2]), int(high[3])
