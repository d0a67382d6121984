# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a GGUF file must be, from its header. Pure: standard library only.

Format (ggml's gguf.md, versions 2 and 3, little endian): "GGUF", version, numbers of tensors and of notes; the notes,
each a name, a type and a value; for each tensor name, dimensions, type and place; then the tensors, aligned.
"""

from __future__ import annotations

import math
import struct
from typing import BinaryIO

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1_000_000
_LONGEST_TEXT_BYTES = 1_000_000_000
_MOST_DIMENSIONS = 8
_ALIGNMENT_NOTE = "general.alignment"
_DEFAULT_ALIGNMENT = 32

# Type of a note to the bytes of its value: (u)int 8, 16, 32, float 32, bool; then (u)int 64 and float 64.
_NOTE_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_TEXT, _LIST = 8, 9

# Type of a tensor to the numbers of a block and its bytes: 32, 16, 64 bit and bfloat16 floats, whole numbers; then
# Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1; then Q2_K to Q6_K and Q8_K.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 28: (1, 8), 30: (1, 2), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8)},
    **{2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
}


def whole_size(stream: BinaryIO) -> int:
    """Bytes that a file has at least, whose last tensors may be of types that are not known here.

    Args:
        stream: at its beginning.

    Raises:
        EOFError: the header is cut off.
        ValueError: it is no GGUF file.
    """
    if _bytes(stream, 4) != _MAGIC or _number(stream, "I") not in _VERSIONS:
        raise ValueError("another format")
    tensors, notes = _number(stream, "Q"), _number(stream, "Q")
    if max(tensors, notes) > _MOST_ENTRIES or tensors == 0:
        raise ValueError("no tensors, or too many entries")
    alignment = _DEFAULT_ALIGNMENT
    for _ in range(notes):
        name, value = _text(stream), _note(stream)
        alignment = value if name == _ALIGNMENT_NOTE and value else alignment
    ends = [_tensor_end(stream) for _ in range(tensors)]
    return math.ceil(stream.tell() / alignment) * alignment + max(ends)


def _note(stream: BinaryIO) -> int:
    """Read over a note's value, which is given back where it is a whole number of 32 bit."""
    kind = _number(stream, "I")
    if kind == 4:
        return _number(stream, "I")
    if kind == _LIST:
        inner, count = _number(stream, "I"), _number(stream, "Q")
        for _ in range(count if inner == _TEXT else 0):
            _skip(stream, _number(stream, "Q"))
        _skip(stream, 0 if inner == _TEXT else count * _bytes_of(inner))
    else:
        _skip(stream, _number(stream, "Q") if kind == _TEXT else _bytes_of(kind))
    return 0


def _bytes_of(kind: int) -> int:
    if kind not in _NOTE_BYTES:
        raise ValueError("an unknown type")
    return _NOTE_BYTES[kind]


def _tensor_end(stream: BinaryIO) -> int:
    """Where a tensor ends, from the first one's start."""
    _skip(stream, _number(stream, "Q"))
    dimensions = _number(stream, "I")
    if dimensions > _MOST_DIMENSIONS:
        raise ValueError("too many dimensions")
    numbers = math.prod(_number(stream, "Q") for _ in range(dimensions))
    block, size = _BLOCKS.get(_number(stream, "I"), (1, 0))
    return _number(stream, "Q") + numbers // block * size


def _text(stream: BinaryIO) -> str:
    length = _number(stream, "Q")
    if length > _LONGEST_TEXT_BYTES:
        raise ValueError("too long a text")
    return _bytes(stream, length).decode("utf-8", "replace")


def _skip(stream: BinaryIO, count: int) -> None:
    if count > _LONGEST_TEXT_BYTES:
        raise ValueError("too long a value")
    stream.seek(count, 1)


def _number(stream: BinaryIO, kind: str) -> int:
    (value,) = struct.unpack(f"<{kind}", _bytes(stream, struct.calcsize(kind)))
    return value


def _bytes(stream: BinaryIO, count: int) -> bytes:
    found = stream.read(count)
    if len(found) < count:
        raise EOFError
    return found
