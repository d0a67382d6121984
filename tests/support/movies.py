# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Movies whose pictures carry their number: eight columns, the bits from the lowest, white for 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT = 64, 48


def numbered_pixels(number: int) -> np.ndarray:
    """(48, 64, 3) uint8, grey."""
    bits = [(number >> bit & 1) * 255 for bit in range(8)]
    row = np.repeat(np.array(bits, np.uint8), WIDTH // 8)
    return np.broadcast_to(row[None, :, None], (HEIGHT, WIDTH, 3)).copy()


def number_of(pixels: np.ndarray) -> int:
    """The number that a picture of :func:`numbered_pixels` carries, also after lossy compression."""
    full = np.iinfo(pixels.dtype).max
    columns = pixels[HEIGHT // 2, WIDTH // 16 :: WIDTH // 8, 1]
    return sum(int(value > full / 2) << bit for bit, value in enumerate(columns))


def write_movie(
    path: Path,
    rate: Fraction,
    count: int = 100,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
    pixel_format: str = "yuv420p",
    stamps: Sequence[int] | None = None,
) -> None:
    """Write a movie of numbered pictures.

    Args:
        stamps: presentation time of each picture in parts of 1 / rate; 0, 1, 2 ... by default.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.codec_context.time_base = 1 / rate
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(numbered_pixels(number), "bgr24").reformat(format=pixel_format)
            frame.pts, frame.time_base = stamps[number] if stamps else number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
