# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alpha of frames as grey pictures beside them, for masks and luma mattes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..errors import ErrorCode, TalkingHeadError
from ..job import matte_name
from .encode import is_whole, write_whole
from .images import read_image
from .picture import Picture

# Large even areas: little effort already makes them small.
_OPTIONS = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def matte_of(picture: Picture) -> np.ndarray:
    """Alpha (H, W) of a picture: uint8 for 8 bit pictures, uint16 for deeper ones; white where it has none."""
    pixels = picture.pixels
    deep = pixels.dtype != np.uint8
    if pixels.shape[2] == 3:
        return np.full(pixels.shape[:2], 65535 if deep else 255, np.uint16 if deep else np.uint8)
    alpha = pixels[..., 3]
    if alpha.dtype == np.float32:
        return np.rint(np.clip(np.nan_to_num(alpha), 0, 1) * 65535).astype(np.uint16)
    return np.ascontiguousarray(alpha)


def write_mattes(folder: Path, frames: Sequence[str], step: Callable[[int], None]) -> int:
    """Write the matte of each frame that has none yet.

    Args:
        frames: file names in the folder.
        step: called with how many frames are done after each; raises to stop.

    Returns:
        How many were written.

    Raises:
        TalkingHeadError: SOURCE_MISSING, DISK_FULL, OUTPUT_NOT_WRITABLE and what ``step`` raises.
    """
    written = 0
    for done, name in enumerate(frames, 1):
        path = folder / matte_name(name)
        if not is_whole(path):
            encoded, data = cv2.imencode(".png", matte_of(read_image(folder / name)), _OPTIONS)
            if not encoded:
                raise RuntimeError(f"OpenCV wrote no PNG for the matte of {name}")
            write_whole(path, data.data)
            written += 1
        step(done)
    return written


def check_transparent(folder: Path, frames: Sequence[str]) -> None:
    """Make sure that some frame has a matte at all.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT when all are opaque.
    """
    if not any(read_image(folder / name).pixels.shape[2] == 4 for name in frames):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            "The frames have no transparency, so there is no matte.",
            "Turn on Cut Out in the Engine panel and render the frames again.",
        )
