# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A portrait as a file of any depth, with or without transparency; and reading such files, in numpy alone."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np

from inference.media import exr


def to_linear(values: np.ndarray) -> np.ndarray:
    """Decode sRGB (IEC 61966-2-1), 0 to 1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_srgb(values: np.ndarray) -> np.ndarray:
    """Encode sRGB (IEC 61966-2-1), clipped to 0 to 1."""
    values = np.clip(values, 0, 1)
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def soft_figure(height: int, width: int) -> np.ndarray:
    """Alpha (H, W), 0 to 1: an ellipse around the middle with an edge about 40 px wide."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot((x - width * 0.45) / (width * 0.34), (y - height * 0.45) / (height * 0.5))
    return np.clip((1.1 - distance) / 0.2, 0, 1)


def write(path: Path, rgb: np.ndarray, depth: int, alpha: np.ndarray | None = None, multiplied: bool = False) -> Path:
    """Write display-referred colour (H, W, 3), 0 to 1, as PNG of 8 or 16 bit or, scene-linear, as OpenEXR of 32.

    Args:
        alpha: (H, W), 0 to 1.
        multiplied: store the colour multiplied by alpha.
    """
    colour = to_linear(rgb) if depth == 32 else rgb
    if alpha is not None:
        colour = np.dstack([colour * alpha[..., None] if multiplied else colour, alpha])
    if depth == 32:
        channels = [2, 1, 0, 3][: colour.shape[2]]
        path.write_bytes(exr.encode(colour[..., channels].astype(np.float32), half=False))
        return path
    pixels = np.rint(colour * (2**depth - 1)).astype(">u2" if depth == 16 else np.uint8)
    path.write_bytes(_png(pixels, depth))
    return path


def read_exr(path: Path) -> np.ndarray:
    """(H, W, 3 or 4) float32 R, G, B, A as stored, of a file that ``write`` or the worker wrote with 32 bits."""
    data = path.read_bytes()
    header = exr.read_header(io.BytesIO(data))
    (width, height), names = header.size, sorted(header.channels)
    line = np.dtype([("place", "<i4", 2), ("samples", "<f4", (len(names), width))])
    lines = np.frombuffer(data, line, height, header.end + 8 * height)
    return np.stack([lines["samples"][:, names.index(name)] for name in "RGBA" if name in names], axis=2)


def _png(pixels: np.ndarray, depth: int) -> bytes:
    height, width, channels = pixels.shape
    rows = pixels.reshape(height, -1).view(np.uint8)
    lines = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, {3: 2, 4: 6}[channels], 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 1)), (b"IEND", b"")):
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data
