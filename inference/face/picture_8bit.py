# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks see of a picture: 8 bit, display-referred, opaque."""

from __future__ import annotations

import numpy as np

from ..media.picture import Alpha, Picture

GREY = 0.5


def to_bgr8(picture: Picture) -> np.ndarray:
    """(H, W, 3) uint8 B, G, R of a picture of any depth; see-through parts lie over middle grey.

    float32 pixels are taken as linear with Rec. 709 primaries and get the sRGB curve; values outside 0 to 1 are
    clipped, and what is no number becomes black.
    """
    pixels = picture.pixels
    if pixels.dtype == np.uint8 and picture.alpha is Alpha.NONE:
        return np.ascontiguousarray(pixels[..., :3])
    if pixels.dtype == np.uint16 and picture.alpha is Alpha.NONE:
        return ((pixels[..., :3].astype(np.uint32) + 128) // 257).astype(np.uint8)
    if np.issubdtype(pixels.dtype, np.integer):
        values = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    else:
        values = srgb_from_linear(np.nan_to_num(_straight(picture), nan=0.0, posinf=1.0, neginf=0.0))
    colour = values[..., :3]
    if picture.alpha is not Alpha.NONE:
        opacity = np.clip(values[..., 3:4] if np.issubdtype(pixels.dtype, np.integer) else pixels[..., 3:4], 0, 1)
        colour = colour * opacity + GREY * (1 - opacity)
    return np.rint(np.clip(colour, 0, 1) * 255).astype(np.uint8)


def srgb_from_linear(linear: np.ndarray) -> np.ndarray:
    """The sRGB curve (IEC 61966-2-1), values clipped to 0 to 1."""
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.power(linear, 1 / 2.4) - 0.055)


def _straight(picture: Picture) -> np.ndarray:
    """(H, W, 3) float32 colour without the alpha that may be multiplied in."""
    colour = picture.pixels[..., :3]
    if picture.alpha is not Alpha.PREMULTIPLIED:
        return colour
    opacity = picture.pixels[..., 3:4]
    return np.where(opacity > 1e-6, colour / np.maximum(opacity, 1e-6), 0.0)
