# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The redrawn square back into its picture, in the picture's own depth.

``paste`` is what the engine uses. ``mask_template``, ``truncated`` and ``paste_8bit`` are the reference program's way,
for comparison with recorded numbers: 8 bit, whole pictures, truncated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from ...face.picture_8bit import GREY
from ...media.picture import Alpha, Picture
from ..puppet.colour import peak_of, srgb_to_linear
from .crop import CROP_PX, Square, warp_affine

# Width of the reference's soft border in px of the crop.
_TEMPLATE_BORDER_PX = 16
# The crop is black where it leaves the picture, and the networks soften that border by this part of the crop's side.
_RIM = 4 / CROP_PX
# Where a picture is nearly transparent, its colours cannot be told from the grey that it was laid over.
_LEAST_OPACITY = 0.25


@dataclass(frozen=True, eq=False)
class PastePlace:
    """Where a redrawn square goes; made once for all frames of a picture.

    Attributes:
        box: (x0, y0, x1, y1) in px of the picture, outside which nothing changes.
        matrix: (2, 3) from px of the redrawn square to px of the box.
        mask: (h, w, 1) float32, 0 to 1, how much of the redrawn square shows.
        rims: px of the box at its left, top, right and bottom that lie at the picture's edge: next to the crop's black.
    """

    box: tuple[int, int, int, int]
    matrix: np.ndarray
    mask: np.ndarray
    rims: tuple[int, int, int, int]


def paste_place(square: Square, size: tuple[int, int], feather: float, drawn_px: int = CROP_PX) -> PastePlace | None:
    """Where a square of a picture of ``size`` (width, height) goes; None where they do not touch.

    Args:
        feather: width of the soft border in parts of the side, 0 to 0.5. The reference's is 0.03.
        drawn_px: side of the redrawn squares.
    """
    matrix = square.to_picture(drawn_px)[:2]
    corners = matrix @ np.array([[0, 0, drawn_px, drawn_px], [0, drawn_px, 0, drawn_px], [1, 1, 1, 1]])
    first, end = np.floor(corners.min(axis=1)).astype(int), np.ceil(corners.max(axis=1)).astype(int) + 1
    low, high = np.maximum(first, 0), np.minimum(end, size)
    if (high <= low).any():
        return None
    matrix[:, 2] -= low
    mask = warp_affine(feathered_mask(feather, drawn_px), matrix, (high - low).tolist())[..., None]
    rim = math.ceil(_RIM * square.side)
    left, top, right, bottom = (np.concatenate([first < low, end > high]) * rim).tolist()
    return PastePlace((int(low[0]), int(low[1]), int(high[0]), int(high[1])), matrix, mask, (left, top, right, bottom))


def paste(picture: Picture, redrawn: np.ndarray, place: PastePlace | None) -> Picture:
    """A picture with a redrawn square in it. Outside the mask all pixels stay bit for bit, and alpha everywhere.

    Args:
        redrawn: (S, S, 3) float32 R, G, B, display-referred 0 to 1, S as the place was made for; ``paste`` makes it
            scene-linear for float32 pictures and leaves out the grey that transparent pictures lie on for the networks.
    """
    pixels = picture.pixels.copy()
    if place is None:
        return replace(picture, pixels=pixels)
    x0, y0, x1, y1 = place.box
    region = pixels[y0:y1, x0:x1]
    colours = _native(_warped(redrawn, place), region, picture.alpha)
    if pixels.dtype == np.float32:
        _mix_floats(region[..., :3], colours, place.mask)
    else:
        old = region[..., :3].astype(np.float32)
        colours -= old
        colours *= place.mask
        colours += old
        # Where the mask is 0 this is exactly the old whole number.
        region[..., :3] = np.rint(colours, out=colours)
    return replace(picture, pixels=pixels)


@lru_cache(maxsize=8)
def feathered_mask(feather: float, side_px: int = CROP_PX) -> np.ndarray:
    """(side_px, side_px) float32: 1 inside, falling smoothly to 0 at the border over ``feather`` parts of the side."""
    if feather <= 0:
        mask = np.ones((side_px, side_px), np.float32)
    else:
        border_px = max(feather * side_px, 1.0)
        near = 1 - _distance_to_inner(border_px, side_px) / border_px
        near = np.clip(near, 0.0, 1.0)
        mask = (near * near * (3 - 2 * near)).astype(np.float32)
    mask.setflags(write=False)
    return mask


def mask_template() -> np.ndarray:
    """(512, 512) uint8, the reference's mask: 255 inside, falling to 0 over 16 px."""
    index = np.arange(CROP_PX, dtype=np.float64)
    beyond = np.maximum(np.maximum(_TEMPLATE_BORDER_PX - index, index - (CROP_PX - _TEMPLATE_BORDER_PX)), 0.0)
    distance = np.hypot(beyond[:, None], beyond[None])
    return np.floor(255 * np.clip(1 - distance / _TEMPLATE_BORDER_PX, 0, 1)).astype(np.uint8)


def truncated(values: np.ndarray) -> np.ndarray:
    """uint8 of 0 to 1, clipped and truncated as the reference does."""
    return (np.clip(values, 0, 1) * np.float32(255)).astype(np.uint8)


def paste_8bit(crop: np.ndarray, picture: np.ndarray, to_picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8, the reference's way.

    Args:
        crop: (512, 512, 3) uint8.
        picture: (H, W, 3) uint8.
        to_picture: (2 or 3, 3) from crop to picture.
        mask: (512, 512) uint8, as ``mask_template``.
    """
    size = picture.shape[1], picture.shape[0]
    share = warp_affine(mask, to_picture, size)[..., None].astype(np.float32) / 255
    mixed = share * warp_affine(crop, to_picture, size) + (1 - share) * picture
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _distance_to_inner(border_px: float, side_px: int) -> np.ndarray:
    """(side_px, side_px) px to the square that is smaller by a border on all sides."""
    index = np.arange(side_px, dtype=np.float64)
    beyond = np.maximum(border_px - np.minimum(index, side_px - 1 - index), 0.0)
    return np.hypot(beyond[:, None], beyond[None])


def _warped(redrawn: np.ndarray, place: PastePlace) -> np.ndarray:
    """(h, w, 3) float32 B, G, R, 0 to 1, of the place's box; the square's rim goes on outside of it."""
    x0, y0, x1, y1 = place.box
    bgr = cv2.cvtColor(np.ascontiguousarray(redrawn, np.float32), cv2.COLOR_RGB2BGR)
    matrix, side_px = place.matrix, len(redrawn)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        # Averaged, so that fine detail does not flicker in a small face.
        small = max(round(side_px * scale), 1)
        bgr, step = cv2.resize(bgr, (small, small), interpolation=cv2.INTER_AREA), side_px / small
        middle = (step - 1) / 2
        matrix = matrix @ np.array([[step, 0, middle], [0, step, middle], [0, 0, 1]])
    flags = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    box = cv2.warpAffine(bgr, matrix, (x1 - x0, y1 - y0), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(_with_rims(box, place.rims), 0, 1)


def _with_rims(box: np.ndarray, rims: tuple[int, int, int, int]) -> np.ndarray:
    """A box whose rims at the picture's edge repeat what lies inside of them."""
    left, top, right, bottom = rims
    height, width = box.shape[:2]
    if not any(rims) or left + right >= width or top + bottom >= height:
        return box
    inner = box[top : height - bottom, left : width - right]
    return cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE)


def _mix_floats(old: np.ndarray, new: np.ndarray, mask: np.ndarray) -> None:
    """Mix into ``old``; its values that are no numbers stay where nothing is pasted and go where all is."""
    mixed = np.where(mask >= 1, new, old + mask * (new - old))
    np.copyto(old, mixed, where=mask > 0)


def _native(bgr: np.ndarray, region: np.ndarray, alpha: Alpha) -> np.ndarray:
    """Display-referred 0 to 1 in the depth, space and alpha convention of a region's pixels, float32."""
    peak = peak_of(region)
    opacity = None
    if alpha is not Alpha.NONE:
        opacity = np.clip(region[..., 3:].astype(np.float32) / peak, 0, 1)
        bgr = np.clip(GREY + (bgr - GREY) / np.maximum(opacity, _LEAST_OPACITY), 0, 1)
    values = srgb_to_linear(bgr) if region.dtype == np.float32 else bgr * np.float32(peak)
    return values * opacity if opacity is not None and alpha is Alpha.PREMULTIPLIED else values
