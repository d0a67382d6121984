# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures in the form in which they are warped, and drawn colours in a picture's own depth and space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...media.picture import Alpha, Picture

Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class Canvas:
    """A picture ready to be resampled.

    Attributes:
        pixels: (H, W, 3 or 4), the picture's own array where possible. Colour is premultiplied where alpha is not 1.
        picture: what it was made from.
        unpremultiply: ``pixels`` is a float32 copy premultiplied from straight integers.
    """

    pixels: np.ndarray
    picture: Picture
    unpremultiply: bool = False

    @classmethod
    def of(cls, picture: Picture) -> Canvas:
        """Prepare a picture. Straight alpha is multiplied in, so that hidden colours do not bleed into the edge."""
        pixels = picture.pixels
        if picture.alpha is not Alpha.STRAIGHT or pixels[..., 3].min() == peak_of(pixels):
            return cls(pixels, picture)
        work = pixels.astype(np.float32)
        work[..., :3] *= work[..., 3:] * np.float32(1 / peak_of(pixels))
        return cls(work, picture, True)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in px."""
        return self.picture.size

    @property
    def linear(self) -> bool:
        """Values are scene-linear instead of display-referred."""
        return self.picture.pixels.dtype == np.float32

    @property
    def peak(self) -> float:
        """Value of white, and of full alpha."""
        return peak_of(self.picture.pixels)

    def crop(self, region: Region) -> np.ndarray:
        """A region (x0, y0, x1, y1) inside the picture as float32."""
        x0, y0, x1, y1 = region
        return self.pixels[y0:y1, x0:x1].astype(np.float32)

    def to_display(self, colours: np.ndarray) -> np.ndarray:
        """Native BGR (..., 3) as display-referred 0 to 255, float32."""
        unit = np.asarray(colours, np.float32) * np.float32(1 / self.peak)
        return 255 * (linear_to_srgb(unit) if self.linear else unit)

    def from_display(self, colours: np.ndarray) -> np.ndarray:
        """Display-referred BGR 0 to 255 (..., 3) in the picture's depth and space, float32, with full alpha if any."""
        unit = np.asarray(colours, np.float32) * np.float32(1 / 255)
        native = srgb_to_linear(unit) if self.linear else unit * np.float32(self.peak)
        if self.pixels.shape[2] == 3:
            return native
        return np.concatenate([native, np.full((*native.shape[:-1], 1), self.peak, np.float32)], axis=-1)

    def to_native(self, values: np.ndarray) -> np.ndarray:
        """float32 values rounded and clipped to ``pixels``'s type."""
        if self.pixels.dtype == np.float32:
            return values
        return np.rint(np.clip(values, 0, self.peak)).astype(self.pixels.dtype)

    def finished(self, work: np.ndarray, box: Region | None) -> np.ndarray:
        """A frame of ``pixels``'s kind as one of the picture's kind; outside the box (x0, y0, x1, y1) the picture's own
        pixels.
        """
        if work.dtype == np.float32 and work.shape[2] == 4:
            # Cubic interpolation overshoots.
            np.clip(work[..., 3], 0, self.peak, out=work[..., 3])
        if not self.unpremultiply:
            return work
        out = self.picture.pixels.copy()
        if box is not None:
            x0, y0, x1, y1 = box
            out[y0:y1, x0:x1] = np.rint(_straight(work[y0:y1, x0:x1], self.peak))
        return out


def peak_of(pixels: np.ndarray) -> float:
    """Value of white: 255, 65535 or 1."""
    return 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)


def srgb_to_linear(values: np.ndarray) -> np.ndarray:
    """Decode sRGB (IEC 61966-2-1), 0 to 1."""
    values = np.maximum(values, 0)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(values: np.ndarray) -> np.ndarray:
    """Encode sRGB (IEC 61966-2-1); values above 1 are clipped."""
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055).astype(np.float32)


def _straight(values: np.ndarray, peak: float) -> np.ndarray:
    out = np.clip(values, 0, peak)
    alpha = out[..., 3:]
    out[..., :3] *= np.divide(peak, alpha, out=np.zeros_like(alpha), where=alpha > 0.5)
    return out
