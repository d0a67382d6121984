# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenEXR: reading the header and the pixels (through av), writing scan lines of 16 or 32 bit floats.

Layout after the OpenEXR file format document (version 2). Our own writer, because OpenCV's wheel has none and
FFmpeg's rounds half floats towards zero, which would change a source at rest.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

MAGIC = b"v/1\x01"
_UNCOMPRESSED = 0
_TILED_DEEP_PARTS = 0x200 | 0x800 | 0x1000  # bits of the version field
_HALF, _FLOAT = 1, 2


@dataclass(frozen=True)
class ExrHeader:
    """Of one picture.

    Attributes:
        size: (width, height) in px of the window that is shown.
        rows: lines of the window that is stored.
        channels: name to pixel type: 0 whole number, 1 half, 2 float.
        lines_per_block: as the compression has it.
        plain_lines: one part of scan lines, neither tiled nor deep.
        end: where the header ends in the file.
    """

    size: tuple[int, int]
    rows: int
    channels: dict[str, int]
    lines_per_block: int
    plain_lines: bool
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
    (version,) = struct.unpack("<I", stream.read(4).ljust(4, b"\0"))
    attributes: dict[str, bytes] = {}
    while name := _text(stream):
        _text(stream)
        (length,) = struct.unpack("<I", stream.read(4))
        attributes[name] = stream.read(length)
    try:
        left, top, right, bottom = struct.unpack("<4i", attributes["displayWindow"])
        _, first_row, _, last_row = struct.unpack("<4i", attributes["dataWindow"])
        compression = attributes["compression"][0]
        channels = _channels(attributes["channels"])
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError(f"OpenEXR header without {error}") from error
    lines = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}.get(compression, 1)
    size, rows = (right - left + 1, bottom - top + 1), last_row - first_row + 1
    return ExrHeader(size, rows, channels, lines, not version & _TILED_DEEP_PARTS, stream.tell())


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
        ValueError: damaged, incomplete, or without R, G, B (or Y) channels.
    """
    import av
    from av.error import FFmpegError

    header = read_header(io.BytesIO(data))
    if header.plain_lines and not _has_last_block(io.BytesIO(data), header, len(data)):
        raise ValueError("the file ends early")
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
    """An OpenEXR file of scan lines, not compressed.

    Args:
        pixels: (H, W, 3 or 4) float32, B, G, R, A.
        half: store 16 bit floats, rounded to nearest; too large values become infinite.
    """
    height, width, channels = pixels.shape
    with np.errstate(over="ignore"):
        samples = pixels.astype("<f2" if half else "<f4")
    names = "BGR" if channels == 3 else "ABGR"
    line_bytes = width * channels * samples.itemsize
    header = _header(width, height, names, _HALF if half else _FLOAT)
    line = np.dtype([("y", "<i4"), ("size", "<i4"), ("samples", samples.dtype, (channels, width))])
    lines = np.empty(height, line)
    lines["y"], lines["size"] = np.arange(height), line_bytes
    for place, name in enumerate(names):
        lines["samples"][:, place] = samples[..., "BGRA".index(name)]
    offsets = len(header) + 8 * height + line.itemsize * np.arange(height, dtype="<u8")
    return b"".join([header, offsets.astype("<u8").tobytes(), lines.tobytes()])


def _header(width: int, height: int, names: str, kind: int) -> bytes:
    channels = b"".join(name.encode() + b"\0" + struct.pack("<IB3xII", kind, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = [
        ("channels", "chlist", channels),
        ("compression", "compression", bytes([_UNCOMPRESSED])),
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
    """Whether a file made by :func:`encode` has all its lines."""
    try:
        return _has_last_block(stream, read_header(stream), file_size)
    except (ValueError, OSError):
        return False


def _has_last_block(stream: BinaryIO, header: ExrHeader, file_size: int) -> bool:
    """Whether the block that lies last, by the table of offsets, ends inside the file."""
    blocks = -(-header.rows // header.lines_per_block)
    stream.seek(header.end)
    table = stream.read(8 * blocks)
    if blocks < 1 or len(table) < 8 * blocks:
        return False
    last = int(np.frombuffer(table, "<u8").max())
    if last + 8 > file_size:
        return False
    stream.seek(last + 4)
    (length,) = struct.unpack("<I", stream.read(4))
    return last + 8 + length <= file_size
