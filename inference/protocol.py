# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames on the pipe between Blender and the worker: a JSON header and raw bytes; no pickle, no port.

Layout, little endian: ``b"THW1" | u32 header length | u64 payload length | header (UTF-8 JSON object) | payload``.
A payload that is an array is C-contiguous; its header carries ``dtype`` (numpy name) and ``shape``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from .errors import ErrorCode, TalkingHeadError

PROTOCOL = 1
MAGIC = b"THW1"
MAX_HEADER = 1 << 20
MAX_PAYLOAD = 512 << 20
_PREFIX = struct.Struct("<4sIQ")


@dataclass(frozen=True)
class Message:
    """One message: ``type``, further header ``fields`` and raw ``payload`` bytes."""

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    def array(self) -> np.ndarray:
        """The payload as the read-only array that the header describes.

        Raises:
            TalkingHeadError: PROTOCOL when shape, type and bytes do not fit together.
        """
        try:
            shape = tuple(int(n) for n in self.fields["shape"])  # type: ignore[attr-defined]
            if min(shape, default=0) < 0:
                raise ValueError(f"negative shape {shape}")
            return np.frombuffer(self.payload, np.dtype(str(self.fields["dtype"]))).reshape(shape)
        except (KeyError, TypeError, ValueError) as error:
            raise _desync(f"array payload: {error}") from error


def with_array(type_: str, array: np.ndarray, **fields: object) -> Message:
    """A message that carries an array."""
    array = np.ascontiguousarray(array)
    return Message(type_, {**fields, "dtype": array.dtype.str, "shape": list(array.shape)}, array.tobytes())


def encode(message: Message) -> bytes:
    """The bytes of a message.

    Raises:
        ValueError: header or payload over the limits, or a value that JSON does not have (NaN included).
    """
    header = json.dumps({**message.fields, "type": message.type}, allow_nan=False, ensure_ascii=False).encode()
    if len(header) > MAX_HEADER or len(message.payload) > MAX_PAYLOAD:
        raise ValueError(f"message too large: header {len(header)}, payload {len(message.payload)} bytes")
    return _PREFIX.pack(MAGIC, len(header), len(message.payload)) + header + message.payload


def write(stream: BinaryIO, message: Message) -> None:
    """Write a message and flush. The caller serialises writers with a lock."""
    stream.write(encode(message))
    stream.flush()


def read(stream: BinaryIO) -> Message | None:
    """The next message, or None at the end of the stream between two messages.

    Raises:
        TalkingHeadError: PROTOCOL when the stream is truncated or out of step; it cannot be used further.
    """
    prefix = _read_exactly(stream, _PREFIX.size, may_end=True)
    if prefix is None:
        return None
    magic, header_size, payload_size = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise _desync(f"expected {MAGIC!r}, got {magic!r}")
    if header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
        raise _desync(f"header {header_size} or payload {payload_size} bytes is over the limit")
    header = _parse_header(_read_exactly(stream, header_size) or b"")
    payload = _read_exactly(stream, payload_size) or b""
    return Message(str(header.pop("type")), header, payload)


def _parse_header(raw: bytes) -> dict[str, object]:
    try:
        header = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _desync(f"header is not JSON: {error}") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise _desync("header has no type")
    return header


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _read_exactly(stream: BinaryIO, size: int, may_end: bool = False) -> bytes | None:
    chunks: list[bytes] = []
    missing = size
    while missing:
        chunk = stream.read(missing)
        if not chunk:
            if may_end and missing == size:
                return None
            raise _desync(f"stream ended {missing} bytes early")
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)


def _desync(details: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.PROTOCOL,
        "Blender and the worker no longer understand each other.",
        "The worker is restarted with the next job.",
        details=details,
    )
