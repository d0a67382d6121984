# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Display-referred whole numbers from any picture."""

from __future__ import annotations

import numpy as np

from .picture import Alpha, Picture


def for_display(picture: Picture, deep: bool = False) -> Picture:
    """The picture as uint8 (uint16 if ``deep``), straight alpha.

    Scene-linear colour is clipped to 0 to 1 and gets the sRGB curve (IEC 61966-2-1); a view transform of the scene is
    not applied.
    """
    pixels = picture.pixels
    if pixels.dtype == np.float32:
        pixels = _from_linear(pixels, 65535 if deep else 255).astype(np.uint16 if deep else np.uint8)
    elif pixels.dtype == np.uint16 and not deep:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    elif pixels.dtype == np.uint8 and deep:
        pixels = pixels.astype(np.uint16) * 257
    return Picture(pixels, Alpha.STRAIGHT if pixels.shape[2] == 4 else Alpha.NONE)


def _from_linear(pixels: np.ndarray, full: int) -> np.ndarray:
    finite = np.nan_to_num(pixels, posinf=1.0, neginf=0.0)
    colour, alpha = finite[..., :3], finite[..., 3:]
    if pixels.shape[2] == 4:
        colour = colour / np.maximum(alpha, 1e-6)
    colour = np.clip(colour, 0.0, 1.0)
    colour = np.where(colour <= 0.0031308, colour * 12.92, 1.055 * colour ** (1 / 2.4) - 0.055)
    return np.rint(np.concatenate([colour, np.clip(alpha, 0.0, 1.0)], axis=2) * full)
