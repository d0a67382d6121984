# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first bytes of a picture file say, so that size and orientation are known before pixels are allocated.

Formats: PNG (W3C), JPEG (ITU-T T.81), WebP (RFC 9649), TIFF 6.0 and BigTIFF, OpenEXR 2, BMP, GIF; Exif 2.3 for the
orientation. Other formats give None and are left to the decoders.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from . import exr


@dataclass(frozen=True)
class Header:
    """A picture file before decoding.

    Attributes:
        format: "png", "jpeg", "webp", "tiff", "exr", "bmp" or "gif".
        size: (width, height) in px as stored, before the orientation is applied.
        orientation: Exif orientation, 1 to 8; 1 is upright.
        floating: samples are floating point, so scene-linear.
        premultiplied: colour has been multiplied with alpha.
        alpha_tag: place in the file of the value that says how a TIFF's alpha is meant, 0 when it has none.
    """

    format: str
    size: tuple[int, int]
    orientation: int = 1
    floating: bool = False
    premultiplied: bool = False
    alpha_tag: int = 0


def read_header(stream: BinaryIO) -> Header | None:
    """The header of a picture file, or None where the format is not known here.

    Raises:
        ValueError: the file starts like a known format and then makes no sense.
    """
    start = stream.read(32)
    try:
        for magic, parse in _PARSERS.items():
            if start.startswith(magic) and (magic != b"RIFF" or start[8:12] == b"WEBP"):
                stream.seek(0)
                return parse(stream)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"the header ends early ({error})") from error
    return None


def _png(stream: BinaryIO) -> Header:
    stream.seek(16)
    width, height = struct.unpack(">II", stream.read(8))
    stream.seek(8)
    orientation = 1
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            orientation = exif_orientation(stream.read(length))
            break
        stream.seek(length + 4, 1)
    return Header("png", (width, height), orientation)


def _jpeg(stream: BinaryIO) -> Header:
    stream.seek(2)
    orientation = 1
    while True:
        marker = _next_marker(stream)
        (length,) = struct.unpack(">H", stream.read(2))
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            _, height, width = struct.unpack(">BHH", stream.read(5))
            return Header("jpeg", (width, height), orientation)
        segment = stream.read(length - 2)
        if marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            orientation = exif_orientation(segment[6:])


def _next_marker(stream: BinaryIO) -> int:
    byte = stream.read(1)
    while byte and byte != b"\xff":
        byte = stream.read(1)
    while byte == b"\xff":
        byte = stream.read(1)
    return byte[0]


def _webp(stream: BinaryIO) -> Header:
    stream.seek(12)
    size, orientation = None, 1
    while len(head := stream.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            orientation = exif_orientation(stream.read(length).removeprefix(b"Exif\0\0"))
            break
        start = stream.read(min(length, 10))
        size = size or _webp_size(kind, start)
        stream.seek(length + (length & 1) - len(start), 1)
    if size is None:
        raise ValueError("a WebP file without a picture")
    return Header("webp", size, orientation)


def _webp_size(kind: bytes, start: bytes) -> tuple[int, int] | None:
    if kind == b"VP8X":
        return 1 + int.from_bytes(start[4:7], "little"), 1 + int.from_bytes(start[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", start[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}


def _tiff_tags(stream: BinaryIO) -> dict[int, tuple[int, int]]:
    """First value of each whole-number tag of the first directory, and its place in the file."""
    order = {b"II": "<", b"MM": ">"}.get(stream.read(2))
    if order is None:
        raise ValueError("no TIFF byte order")
    big = struct.unpack(order + "H", stream.read(2))[0] == 43
    stream.seek(8 if big else 4)
    offset_format, count_format, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (offset,) = struct.unpack(order + offset_format, stream.read(8 if big else 4))
    stream.seek(offset)
    (count,) = struct.unpack(order + count_format, stream.read(8 if big else 2))
    tags = {}
    base = stream.tell()
    for number in range(min(count, 4096)):
        stream.seek(base + number * entry_size)
        tag, kind, values = struct.unpack(order + "HH" + offset_format, stream.read(12 if big else 8))
        code = _TIFF_TYPES.get(kind)
        if code is None or not values:
            continue
        place = stream.tell()
        if values * struct.calcsize(code) > (8 if big else 4):
            (place,) = struct.unpack(order + offset_format, stream.read(8 if big else 4))
        stream.seek(place)
        tags[tag] = struct.unpack(order + code, stream.read(struct.calcsize(code)))[0], place
    return tags


def _tiff(stream: BinaryIO) -> Header:
    tags = _tiff_tags(stream)
    if 256 not in tags or 257 not in tags:
        raise ValueError("a TIFF file without a size")
    alpha, place = tags.get(338, (0, 0))
    return Header(
        "tiff",
        (tags[256][0], tags[257][0]),
        _orientation(tags),
        floating=tags.get(339, (1, 0))[0] == 3,
        premultiplied=alpha == 1,
        alpha_tag=place,
    )


def exif_orientation(block: bytes) -> int:
    """Orientation 1 to 8 of an Exif block; 1 where there is none or the block is damaged."""
    try:
        return _orientation(_tiff_tags(io.BytesIO(block)))
    except (ValueError, OverflowError, struct.error):
        return 1


def _orientation(tags: dict[int, tuple[int, int]]) -> int:
    value = tags.get(274, (1, 0))[0]
    return value if 1 <= value <= 8 else 1


def _exr(stream: BinaryIO) -> Header:
    return Header("exr", exr.read_header(stream).size, floating=True, premultiplied=True)


def _bmp(stream: BinaryIO) -> Header:
    stream.seek(14)
    (info_size,) = struct.unpack("<I", stream.read(4))
    width, height = struct.unpack("<HH", stream.read(4)) if info_size == 12 else struct.unpack("<ii", stream.read(8))
    return Header("bmp", (abs(width), abs(height)))


def _gif(stream: BinaryIO) -> Header:
    stream.seek(6)
    return Header("gif", struct.unpack("<HH", stream.read(4)))


_PARSERS = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"\xff\xd8\xff": _jpeg,
    b"RIFF": _webp,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
    b"II+\0": _tiff,
    b"MM\0+": _tiff,
    exr.MAGIC: _exr,
    b"BM": _bmp,
    b"GIF8": _gif,
}
