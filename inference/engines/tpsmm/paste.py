# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The animated square back into its picture, in the picture's own depth, space and alpha convention."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from ...face.picture_8bit import GREY
from ...media.picture import Picture
from ..engine import Quality
from ..puppet.colour import Canvas, srgb_to_linear
from .area import Area
from .full_resolution import Composition, interpolated

# Rows that are made at once, so that large pictures take little memory.
_BAND_PX = 256
# Where a picture is nearly transparent, its colours cannot be told from the grey that it was laid over.
_LEAST_OPACITY = 0.25
_EDGE = 1e-6
# A share of own pixels from which on there is no paint to be seen.
_ALL = 1 - 1e-4


def pasted(picture: Picture, area: Area, composition: Composition, feather: float, quality: Quality) -> Picture:
    """A picture with its area composed anew. What lies outside of the area stays bit for bit.

    Args:
        picture: the source, uint8 or uint16 display-referred or float32 scene-linear.
        composition: what the area is made of. Alpha moves with the source's own pixels.
        feather: width of the soft border in parts of the area's sides, 0 to 0.5; the picture's own edge stays hard.
    """
    canvas = Canvas.of(picture)
    width, height = picture.size
    x0, x1 = max(math.ceil(area.left), 0), min(math.floor(area.left + area.width) + 1, width)
    y0, y1 = max(math.ceil(area.top), 0), min(math.floor(area.top + area.height) + 1, height)
    if x0 >= x1 or y0 >= y1:
        return picture
    work = canvas.pixels.copy()
    paint = _sized(composition.paint, area)
    for top in range(y0, y1, _BAND_PX):
        box = (x0, top, x1, min(top + _BAND_PX, y1))
        mask = mask_of(area, box, feather, picture.size)
        made = _band(canvas, area, composition, paint, box, quality)
        if mask.min() < 1:
            old = canvas.crop(box)
            made = np.where(mask >= 1, made, old + mask * (made - old))
        np.copyto(work[top : box[3], x0:x1], canvas.to_native(made), where=mask > 0)
    pixels = canvas.finished(work, (x0, y0, x1, y1))
    if canvas.unpremultiply:
        _keep_outside(pixels, picture.pixels, area, (x0, y0, x1, y1), feather)
    return replace(picture, pixels=pixels)


def mask_of(area: Area, box: tuple[int, int, int, int], feather: float, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 1) float32 of a box (x0, y0, x1, y1): 1 inside of the area, falling smoothly to 0 at those of its sides
    that lie inside of the picture of ``size`` (width, height).
    """
    x0, y0, x1, y1 = box
    across = _beyond(np.arange(x0, x1), area.left, area.width, size[0], feather)
    down = _beyond(np.arange(y0, y1), area.top, area.height, size[1], feather)
    near = np.clip(1 - np.hypot(down[:, None], across[None]), 0, 1)
    return (near * near * (3 - 2 * near)).astype(np.float32)[..., None]


def _beyond(at: np.ndarray, start: float, length: float, extent: int, feather: float) -> np.ndarray:
    """(n,) how far pixels lie in the soft border along one side, 0 to 1 at its outer end."""
    border = max(feather * length, 1e-6)
    beyond = np.zeros(len(at))
    # A side at the picture's edge has no border: there is nothing beside it to meet.
    if start > -0.5 + _EDGE:
        beyond = np.maximum(beyond, 1 - (at + 0.5 - start) / border)
    if start + length < extent - 0.5 - _EDGE:
        beyond = np.maximum(beyond, 1 - (start + length - at - 0.5) / border)
    return beyond


def _band(
    canvas: Canvas,
    area: Area,
    composition: Composition,
    paint: np.ndarray,
    box: tuple[int, int, int, int],
    quality: Quality,
) -> np.ndarray:
    """(h, w, C) float32 of a box of the area, of the canvas's kind."""
    if composition.own is None and canvas.pixels.shape[2] == 3:
        return _painted(canvas, area, paint, box, None)
    bent = _bent(canvas, area, composition.shift, box, quality)
    if composition.own is None:
        return _painted(canvas, area, paint, box, bent)
    own = interpolated(composition.own, *_in_network(area, box, len(composition.own)))
    rows, columns = (np.flatnonzero((own < _ALL).any(axis=axis)) for axis in (1, 0))
    if len(rows):
        # Only where it is seen is paint made: in a scene-linear picture it costs most of the time.
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        inner = (box[0] + columns[0], box[1] + rows[0], box[0] + columns[-1] + 1, box[1] + rows[-1] + 1)
        share, kept = own[part][..., None], bent[part]
        painted = _painted(canvas, area, paint, inner, kept)
        mixed = painted + share * (kept - painted)
        bent[part] = np.where(share >= _ALL, kept, np.where(share <= 0, painted, mixed))
    return bent


def _painted(
    canvas: Canvas, area: Area, paint: np.ndarray, box: tuple[int, int, int, int], bent: np.ndarray | None
) -> np.ndarray:
    """(h, w, C) float32 of a box: paint as the canvas's colour, under the alpha of the bent source, if it has any."""
    colours = _enlarged(paint, area, box)
    if bent is None or bent.shape[2] == 3:
        return _native(colours, canvas, None)
    opacity = np.clip(bent[..., 3:] / canvas.peak, 0, 1)
    return np.concatenate([_native(colours, canvas, opacity), bent[..., 3:]], axis=2)


def _bent(
    canvas: Canvas, area: Area, shift: np.ndarray, box: tuple[int, int, int, int], quality: Quality
) -> np.ndarray:
    """(h, w, C) float32: the source's own pixels of a box under a shift."""
    x0, y0, x1, y1 = box
    # The middles of the outermost pixels of the networks' square, which is four times as fine, carry the outermost.
    cells = len(shift)
    size_px = 4 * cells
    y, x = ((place * (cells - 1) / (size_px - 1)) for place in _in_network(area, box, size_px))
    moved = interpolated(shift, y, x, smooth=True) * np.array([area.width, area.height], np.float32)
    moved[..., 0] += np.arange(x0, x1, dtype=np.float32)
    moved[..., 1] += np.arange(y0, y1, dtype=np.float32)[:, None]
    kind = cv2.INTER_LINEAR if quality is Quality.PREVIEW else cv2.INTER_CUBIC
    bent = cv2.remap(canvas.pixels, moved, None, kind, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    bent = bent.astype(np.float32, copy=False)
    if bent.shape[2] == 4:
        np.clip(bent[..., 3], 0, canvas.peak, out=bent[..., 3])
    return bent


def _in_network(area: Area, box: tuple[int, int, int, int], size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """(h,) and (w,) places of a box's pixels in the networks' square: y, then x."""
    x0, y0, x1, y1 = box
    y = (np.arange(y0, y1) - area.top) / area.height * size_px - 0.5
    x = (np.arange(x0, x1) - area.left) / area.width * size_px - 0.5
    return y, x


def _sized(paint: np.ndarray, area: Area) -> np.ndarray:
    """(n, m, 3) paint, averaged where the area is smaller, so that fine detail does not flicker."""
    width, height = (min(len(paint), max(round(side), 1)) for side in (area.width, area.height))
    if (height, width) == paint.shape[:2]:
        return paint
    return cv2.resize(paint, (width, height), interpolation=cv2.INTER_AREA)


def _enlarged(paint: np.ndarray, area: Area, box: tuple[int, int, int, int]) -> np.ndarray:
    """(h, w, 3) float32 B, G, R, 0 to 1, of a box."""
    x0, y0, x1, y1 = box
    x, y = area.width / paint.shape[1], area.height / paint.shape[0]
    to_box = np.array([[x, 0, area.left + x / 2 - x0], [0, y, area.top + y / 2 - y0]])
    shown = cv2.warpAffine(
        paint, to_box, (x1 - x0, y1 - y0), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )  # fmt: skip
    return np.clip(shown[..., ::-1], 0, 1)


def _native(bgr: np.ndarray, canvas: Canvas, opacity: np.ndarray | None) -> np.ndarray:
    """Display-referred 0 to 1 as colour of the canvas, multiplied by the opacity."""
    if opacity is not None:
        bgr = np.clip(GREY + (bgr - GREY) / np.maximum(opacity, _LEAST_OPACITY), 0, 1)
    values = srgb_to_linear(bgr) if canvas.linear else bgr * np.float32(canvas.peak)
    return values if opacity is None else values * opacity


def _keep_outside(
    pixels: np.ndarray, old: np.ndarray, area: Area, box: tuple[int, int, int, int], feather: float
) -> None:
    """Give pixels that the mask leaves alone their straight colours back, which multiplying alpha in has rounded."""
    x0, y0, x1, y1 = box
    size = old.shape[1], old.shape[0]
    for top in range(y0, y1, _BAND_PX):
        band = (x0, top, x1, min(top + _BAND_PX, y1))
        outside = mask_of(area, band, feather, size) <= 0
        np.copyto(pixels[top : band[3], x0:x1], old[top : band[3], x0:x1], where=outside)
