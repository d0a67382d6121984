# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resampling of the source, and the small regions in which openings are composited at output resolution."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import cv2
import numpy as np

from ..engine import Quality
from .openings import Masks
from .warp import Box, Warp

Part = tuple[slice, slice]
INTERPOLATION = {Quality.FINAL: cv2.INTER_CUBIC, Quality.PREVIEW: cv2.INTER_LINEAR}
BAND_ROWS = 128
# A layer's opacity from which nothing shows through it.
OPAQUE = 0.998


@dataclass(frozen=True)
class Region:
    """A rectangle of the output in which an opening is composited.

    Attributes:
        box: (x0, y0, x1, y1) px.
        base: (h, w, C) float32 the upper skin layer as rendered.
        plane, upper: (h, w, 2) float32 px: each pixel's position in the plane, and in the source by the upper layer.
        lower_skin: (h, w, C) float32 the lower skin layer.
        cover_lower: (h, w) float32 its opacity.
        source: the source's values (h, w, C) float32 at positions (h, w, 2) in px.
    """

    box: Box
    base: np.ndarray
    plane: np.ndarray
    upper: np.ndarray
    lower_skin: np.ndarray
    cover_lower: np.ndarray
    source: Callable[[np.ndarray], np.ndarray]


def lay_lower_skin(
    work: np.ndarray, pixels: np.ndarray, warp: Warp, box: Box, masks: Masks, quality: Quality
) -> Region | None:
    """Lay the lower skin layer over a box of the frame ``work``, which is made from ``pixels``.

    Returns:
        The smaller region that must be composited, where the layer is not opaque; None when there is none.
    """
    assert warp.plane is not None and warp.upper is not None and warp.lower is not None
    x0, y0, x1, y1 = box
    positions = warp.lower.map(*box)
    skin = resample(pixels, positions, quality)
    cover = masks.sampled(masks.lower, positions)
    seam = _rectangle((cover < OPAQUE) & (cover > 1 - OPAQUE) | _under(warp, masks, box, cover))
    before = None if seam is None else work[y0:y1, x0:x1][seam].astype(np.float32)
    target = work[y0:y1, x0:x1]
    made = cv2.copyTo(skin, (cover >= OPAQUE).astype(np.uint8), target)
    if not np.shares_memory(made, target):
        target[...] = made
    if seam is None or before is None:
        return None
    rows, columns = seam
    inner = (x0 + columns.start, y0 + rows.start, x0 + columns.stop, y0 + rows.stop)

    def source(positions: np.ndarray) -> np.ndarray:
        return resample(pixels, positions, quality).astype(np.float32)

    return Region(
        box=inner,
        base=before,
        plane=warp.plane.map(*inner),
        upper=warp.upper.map(*inner),
        lower_skin=skin[seam].astype(np.float32),
        cover_lower=cover[seam],
        source=source,
    )


def _under(warp: Warp, masks: Masks, box: Box, cover: np.ndarray) -> np.ndarray:
    """(h, w) bool: where neither layer is opaque."""
    assert warp.upper is not None
    return (cover < OPAQUE) & (masks.sampled(masks.upper, warp.upper.map(*box)) < OPAQUE)


def shown_part(cover_upper: np.ndarray, cover_lower: np.ndarray) -> Part | None:
    """The rectangle in which the skin layers leave anything open, or None."""
    return _rectangle((cover_upper < OPAQUE) & (cover_lower < OPAQUE))


def _rectangle(marked: np.ndarray) -> Part | None:
    """The rectangle around marked pixels (h, w), or None."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def resample(pixels: np.ndarray, positions: np.ndarray, quality: Quality, out: np.ndarray | None = None) -> np.ndarray:
    """Pixels at positions (h, w, 2) float32 px, the picture's edge repeated outside."""
    return cv2.remap(pixels, positions, None, INTERPOLATION[quality], dst=out, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


def resample_skin(
    work: np.ndarray, pixels: np.ndarray, warp: Warp, box: Box, quality: Quality, executor: Executor | None = None
) -> None:
    """Write the upper skin layer into a box of ``work``, band by band so that maps stay in the cache."""
    x0, y0, x1, y1 = box

    def band(top: int) -> None:
        bottom = min(top + BAND_ROWS, y1)
        target = work[top:bottom, x0:x1]
        made = resample(pixels, warp.skin_map(x0, top, x1, bottom), quality, target)
        if not np.shares_memory(made, target):
            target[...] = made

    tops = range(y0, y1, BAND_ROWS)
    for _ in map(band, tops) if executor is None else executor.map(band, tops):
        pass
