# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenEXR: reading the header and the pixels (through av), writing scan lines of 16 or 32 bit floats.

Layout after the OpenEXR file format document (version 2). Our own writer, because OpenCV's wheel has none and
FFmpeg's rounds half floats towards zero, which would change a source at rest.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

MAGIC = b"v/1\x01"
_ZIP = 3
_ZIP_LINES = 16
_HALF, _FLOAT = 1, 2


@dataclass(frozen=True)
class ExrHeader:
    """Size in px of the window that is shown, channel name to pixel type (0 uint, 1 half, 2 float), end of header."""

    size: tuple[int, int]
    channels: dict[str, int]
    lines_per_block: int
    end: int

    @property
    def half(self) -> bool:
        """No channel has more than 16 bits."""
        return all(kind == _HALF for kind in self.channels.values())


def read_header(stream: BinaryIO) -> ExrHeader:
    """Read the (first part's) header.

    Raises:
        ValueError: damaged.
    """
    if stream.read(4) != MAGIC:
        raise ValueError("no OpenEXR file")
    stream.read(4)
    attributes: dict[str, bytes] = {}
    while name := _text(stream):
        _text(stream)
        (length,) = struct.unpack("<I", stream.read(4))
        attributes[name] = stream.read(length)
    try:
        left, top, right, bottom = struct.unpack("<4i", attributes["displayWindow"])
        compression = attributes["compression"][0]
        channels = _channels(attributes["channels"])
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError(f"OpenEXR header without {error}") from error
    lines = {0: 1, 1: 1, 2: 1, _ZIP: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}.get(compression, 1)
    return ExrHeader((right - left + 1, bottom - top + 1), channels, lines, stream.tell())


def _text(stream: BinaryIO) -> str:
    letters = bytearray()
    while (letter := stream.read(1)) not in (b"\0", b""):
        letters += letter
        if len(letters) > 255:
            raise ValueError("OpenEXR name too long")
    return letters.decode("latin-1")


def _channels(block: bytes) -> dict[str, int]:
    channels = {}
    stream = io.BytesIO(block)
    while name := _text(stream):
        (kind,) = struct.unpack("<I", stream.read(4))
        channels[name] = kind
        stream.read(12)
    return channels


def decode(data: bytes) -> tuple[np.ndarray, bool]:
    """Pixels of an OpenEXR file.

    Returns:
        (H, W, 3 or 4) float32, B, G, R, A; and whether they were stored as 16 bit floats.

    Raises:
        ValueError: damaged, or without R, G, B (or Y) channels.
    """
    import av
    from av.error import FFmpegError

    header = read_header(io.BytesIO(data))
    try:
        with av.open(io.BytesIO(data), "r", format="exr_pipe", options=_layer(header)) as container:
            frame = next(container.decode(video=0))
    except (FFmpegError, StopIteration) as error:
        raise ValueError(str(error)) from error
    planes = [_plane(plane, frame.format.name) for plane in frame.planes]
    order = [0, 0, 0] if len(planes) < 3 else [1, 0, 2]
    order += [len(planes) - 1] if len(planes) in (2, 4) else []
    return np.stack([planes[i].astype(np.float32, copy=False) for i in order], axis=2), header.half


def _layer(header: ExrHeader) -> dict[str, str]:
    """Decoder option that picks Blender's combined pass where the file has only named layers."""
    names = sorted(header.channels)
    if {"R", "Y"} & set(names):
        return {}
    layers = [name[:-2] for name in names if name.endswith(".R")]
    combined = [layer for layer in layers if layer.endswith("Combined")]
    return {"layer": (combined or layers)[0]} if layers else {}


def _plane(plane: object, name: str) -> np.ndarray:
    if "f16" not in name and "f32" not in name:
        raise ValueError(f"unexpected OpenEXR pixels {name}")
    dtype = np.dtype("<f2" if "f16" in name else "<f4")
    rows = np.frombuffer(plane, dtype).reshape(plane.height, plane.line_size // dtype.itemsize)  # type: ignore
    return rows[:, : plane.width]  # type: ignore[attr-defined]


def encode(pixels: np.ndarray, half: bool) -> bytes:
    """An OpenEXR file, ZIP compressed.

    Args:
        pixels: (H, W, 3 or 4) float32, B, G, R, A.
        half: store 16 bit floats, rounded to nearest; too large values become infinite.
    """
    height, width, channels = pixels.shape
    with np.errstate(over="ignore"):
        samples = pixels.astype("<f2" if half else "<f4")
    names = "BGR" if channels == 3 else "ABGR"
    planes = [samples[..., "BGRA".index(name)] for name in names]
    rows = np.stack(planes, axis=1)  # (H, channels, W): the order of a scan line
    blocks = [_block(rows, top) for top in range(0, height, _ZIP_LINES)]
    header = _header(width, height, names, _HALF if half else _FLOAT)
    offsets, place = [], len(header) + 8 * len(blocks)
    for block in blocks:
        offsets.append(place)
        place += len(block)
    return b"".join([header, struct.pack(f"<{len(offsets)}Q", *offsets), *blocks])


def _block(rows: np.ndarray, top: int) -> bytes:
    raw = np.ascontiguousarray(rows[top : top + _ZIP_LINES]).view(np.uint8).reshape(-1)
    # Bytes of even places first, then odd ones, then differences: the predictor of the ZIP compressor.
    split = np.concatenate([raw[0::2], raw[1::2]])
    delta = split.copy()
    delta[1:] = split[1:] - split[:-1] + 128
    packed = zlib.compress(delta.tobytes(), 1)
    data = packed if len(packed) < raw.size else raw.tobytes()
    return struct.pack("<iI", top, len(data)) + data


def _header(width: int, height: int, names: str, kind: int) -> bytes:
    channels = b"".join(name.encode() + b"\0" + struct.pack("<IB3xII", kind, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = [
        ("channels", "chlist", channels),
        ("compression", "compression", bytes([_ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    ]
    parts = [MAGIC, struct.pack("<I", 2)]
    for name, type_, value in attributes:
        parts += [name.encode(), b"\0", type_.encode(), b"\0", struct.pack("<I", len(value)), value]
    return b"".join([*parts, b"\0"])


def is_whole(stream: BinaryIO, file_size: int) -> bool:
    """Whether a file made by :func:`encode` has its last block: its offset and length end at the file's end."""
    try:
        header = read_header(stream)
        blocks = -(-header.size[1] // header.lines_per_block)
        stream.seek(header.end + 8 * (blocks - 1))
        (last,) = struct.unpack("<Q", stream.read(8))
        stream.seek(last + 4)
        (length,) = struct.unpack("<I", stream.read(4))
    except (ValueError, struct.error, OverflowError, OSError):
        return False
    return last + 8 + length == file_size
