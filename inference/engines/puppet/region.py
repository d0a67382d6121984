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
from .warp import Box, Warp

Part = tuple[slice, slice]
INTERPOLATION = {Quality.FINAL: cv2.INTER_CUBIC, Quality.PREVIEW: cv2.INTER_LINEAR}
BAND_ROWS = 128


@dataclass(frozen=True)
class Region:
    """A rectangle of the output around an opening.

    Attributes:
        base: (h, w, C) float32 the upper skin layer as rendered.
        plane, upper, lower: (h, w, 2) float32 px: each pixel's position in the plane, and in the source per layer.
        lower_skin: (h, w, C) float32 the lower skin layer.
        source: the source's values (h, w, C) float32 at positions (h, w, 2) in px.
    """

    base: np.ndarray
    plane: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    lower_skin: np.ndarray
    source: Callable[[np.ndarray], np.ndarray]


def region_of(work: np.ndarray, pixels: np.ndarray, warp: Warp, box: Box, quality: Quality) -> Region:
    """Gather a region of the frame ``work`` in progress, which is made from ``pixels``."""
    assert warp.plane is not None and warp.upper is not None and warp.lower is not None
    x0, y0, x1, y1 = box

    def source(positions: np.ndarray) -> np.ndarray:
        return resample(pixels, positions, quality).astype(np.float32)

    lower = warp.lower.map(*box)
    return Region(
        base=work[y0:y1, x0:x1].astype(np.float32),
        plane=warp.plane.map(*box),
        upper=warp.upper.map(*box),
        lower=lower,
        lower_skin=source(lower),
        source=source,
    )


def shown_part(cover_upper: np.ndarray, cover_lower: np.ndarray) -> Part | None:
    """The rectangle in which the skin layers leave anything open, or None."""
    seen = (cover_upper < 0.998) & (cover_lower < 0.998)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def resample(pixels: np.ndarray, positions: np.ndarray, quality: Quality, out: np.ndarray | None = None) -> np.ndarray:
    """Pixels at positions (h, w, 2) float32 px, the picture's edge repeated outside."""
    return cv2.remap(pixels, positions, None, INTERPOLATION[quality], dst=out, borderMode=cv2.BORDER_REPLICATE)


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
