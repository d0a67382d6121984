# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canonical face mesh that the landmark model is built on, out of the model bundle's protobuf message."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

VERTICES = 468
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class CanonicalMesh:
    """A mean face, looking at the viewer.

    Attributes:
        vertices: (468, 3) float64; about centimetres, x to the image's right, y up, z to the viewer.
        triangles: (898, 3) vertex indices.
        weights: (33, 2) landmark id and weight of MediaPipe's own pose fit.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    weights: np.ndarray

    @property
    def image_vertices(self) -> np.ndarray:
        """(468, 3) vertices with the handedness of a picture: x right, y down, z away from the viewer."""
        return self.vertices * (1.0, -1.0, -1.0)


def parse_mesh(content: bytes) -> CanonicalMesh:
    """Read geometry_pipeline_metadata_landmarks.binarypb.

    Raises:
        ValueError: it is not that message.
    """
    floats: list[float] = []
    indices: list[int] = []
    weights: list[tuple[int, float]] = []
    for number, value in _fields(content):
        if number == 1 and isinstance(value, bytes):
            _read_mesh(value, floats, indices)
        elif number == 2 and isinstance(value, bytes):
            entry = dict(_fields(value))
            weights.append((int(entry[1]), _float(entry[2])))
    vertices = np.array(floats).reshape(-1, 5)[:, :3]  # x y z u v a vertex
    triangles = np.array(indices).reshape(-1, 3)
    if len(vertices) != VERTICES or triangles.max() >= VERTICES:
        raise ValueError(f"{len(vertices)} vertices, wanted {VERTICES}")
    return CanonicalMesh(vertices, triangles, np.array(weights))


def _read_mesh(content: bytes, floats: list[float], indices: list[int]) -> None:
    for number, value in _fields(content):
        if number == 3:  # packed or one by one
            floats.extend(struct.unpack(f"<{len(value) // 4}f", value) if isinstance(value, bytes) else [_float(value)])
        elif number == 4:
            indices.extend(_varints(value) if isinstance(value, bytes) else [value])


def _float(value: int | bytes) -> float:
    """A 32 bit field as the float it stands for."""
    return struct.unpack("<f", struct.pack("<I", value))[0]


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a protobuf message; 32 and 64 bit values as unsigned integers."""
    position = 0
    while position < len(content):
        key, position = _varint(content, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(content, position)
            yield key >> 3, value
        elif kind == _BYTES:
            size, position = _varint(content, position)
            if position + size > len(content):
                raise ValueError("a protobuf field is longer than its message")
            yield key >> 3, content[position : position + size]
            position += size
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
            yield key >> 3, int.from_bytes(content[position : position + size], "little")
            position += size
        else:
            raise ValueError(f"protobuf wire type {kind} is not known")


def _varints(content: bytes) -> Iterator[int]:
    position = 0
    while position < len(content):
        value, position = _varint(content, position)
        yield value


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """A variable-length integer and the position after it."""
    value = shift = 0
    while True:
        if position >= len(content):
            raise ValueError("a protobuf message ends inside a number")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
