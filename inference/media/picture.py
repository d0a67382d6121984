# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture in memory, and what gives pictures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np


class Alpha(str, Enum):
    """How colour relates to the fourth channel."""

    NONE = "none"
    STRAIGHT = "straight"
    PREMULTIPLIED = "premultiplied"


@dataclass(frozen=True)
class Picture:
    """Pixels with their conventions.

    Attributes:
        pixels: (H, W, 3) or (H, W, 4), C-contiguous, channel order B, G, R, A as in OpenCV, origin top left, pixel
            centres at whole coordinates. uint8 and uint16 are display-referred (as stored in PNG, JPEG ...),
            0 to 255 or 65535; float32 is scene-linear (EXR), unbounded.
        alpha: NONE for three channels; STRAIGHT for integers, PREMULTIPLIED for float32.
        half: float32 pixels came from, and go back to, 16 bit floats.
    """

    pixels: np.ndarray
    alpha: Alpha = Alpha.NONE
    half: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in px."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def extension(self) -> str:
        """File name extension that keeps this picture's depth: ".png" or ".exr"."""
        return ".exr" if self.pixels.dtype == np.float32 else ".png"


class PictureReader(Protocol):
    """Pictures of a source by index. Used by one thread at a time."""

    def __len__(self) -> int:
        """How many pictures there are."""
        ...

    def size(self) -> tuple[int, int]:
        """(width, height) in px of the first picture, EXIF rotation applied."""
        ...

    def read(self, index: int) -> Picture:
        """Decode a picture. An index past the end gives the last picture.

        Raises:
            TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_TOO_LARGE, UNSUPPORTED_INPUT.
        """
        ...

    def digest(self, index: int) -> str:
        """Digest of the file content behind a picture (a movie's is the same for all; the key adds the index)."""
        ...

    def close(self) -> None:
        """Close files."""
        ...
