# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a weight file is whole, by the structure of its format: quick, and without a package that reads it.

Pure: standard library only. What is inside is checked by whoever loads it.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from . import gguf_structure
from .old_checkpoint import START, whole_size

CUT_OFF = "it is cut off"
_LONGEST_HEADER_BYTES = 100_000_000
# Longer JSON files, such as tokenizers of 17 MB, are only read by ``damage_of``: panels look here while they are drawn.
_LONGEST_JSON_BYTES = 2_000_000


def problem_of(path: Path) -> str:
    """Why a file cannot be what its ending says, as the rest of a sentence; "" where nothing is wrong.

    Knows ``.safetensors``, ``.gguf``, ``.onnx``, ``.json``, ``.txt``, and PyTorch's ``.pth``, ``.pth.tar``, ``.pt``,
    ``.th``, ``.ckpt`` and ``.bin``: zip files since PyTorch 1.6, and the format before that. Other files have to exist,
    such as the numbers that belong to an ONNX file (``..._data.bin``).
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
            return _stand_in(start) or _check_for(path)(stream, path.stat().st_size)
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def damage_of(path: Path) -> str:
    """Why a file's content cannot be what was written; reads all of it.

    That is told by the checksums in PyTorch's zip files, and by JSON's rules.

    Returns:
        The rest of a sentence; "" where nothing is wrong, and for formats without checksums.
    """
    try:
        if _check_for(path) is _json:
            return _json_text(path.read_bytes())
        if _check_for(path) is not _pytorch:
            return ""
        if _starts_with(path, START):
            return ""
        with zipfile.ZipFile(path) as archive:
            return "its content is damaged" if archive.testzip() else ""
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return "its content is damaged"
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"


def _stand_in(start: bytes) -> str:
    """What people find in a model's place when a download went wrong."""
    if not start:
        return "it is empty"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, not the model itself"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "it is a web page, not the model"
    return ""


def _safetensors(stream: BinaryIO, size: int) -> str:
    """Format: length of the header (8 bytes, little endian), JSON header, then the tensors without gaps."""
    stream.seek(0)
    (length,) = struct.unpack("<Q", stream.read(8).ljust(8, b"\xff"))
    if not 2 <= length <= _LONGEST_HEADER_BYTES:
        return "it is no safetensors file"
    if 8 + length > size:
        return CUT_OFF
    try:
        header = json.loads(stream.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        wanted = 8 + length + max(ends, default=0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return "it is no safetensors file"
    if not ends:
        return "it holds no tensors"
    if size != wanted:
        return CUT_OFF if size < wanted else "it is longer than its header says"
    return ""


def _pytorch(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    start = stream.read(len(START))
    if start == START:
        return _old_pytorch(stream, size)
    if not start.startswith(b"PK\x03\x04"):
        return "it is no checkpoint of PyTorch"
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError):
        return CUT_OFF  # the directory is at the end
    if not any(name.endswith("/data.pkl") for name in names):
        return "it is a zip file, but no checkpoint of PyTorch"
    return ""


def _old_pytorch(stream: BinaryIO, size: int) -> str:
    try:
        wanted = whole_size(stream)
    except EOFError:
        return CUT_OFF
    except ValueError:
        return "it is no checkpoint of PyTorch"
    if size != wanted:
        return CUT_OFF if size < wanted else "it is longer than its tensors"
    return ""


def _onnx(stream: BinaryIO, size: int) -> str:
    """A protobuf message: its fields must fill the file, and one of them (7) is the graph."""
    stream.seek(0)
    fields = set()
    try:
        while stream.tell() < size:
            key = _varint(stream)
            if not key >> 3 or key & 7 not in (0, 1, 2, 5):
                return "it is no ONNX file"
            fields.add(key >> 3)
            length = {1: 8, 5: 4}.get(key & 7) or _varint(stream)
            if key & 7 and stream.seek(length, 1) > size:
                return CUT_OFF
    except EOFError:
        return CUT_OFF
    return "" if 7 in fields else "it is no ONNX file"


def _gguf(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    try:
        wanted = gguf_structure.whole_size(stream)
    except EOFError:
        return CUT_OFF
    except ValueError:
        return "it is no GGUF file"
    return CUT_OFF if size < wanted else ""


def _varint(stream: BinaryIO) -> int:
    value = 0
    for shift in range(0, 64, 7):
        byte = stream.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            break
    return value


def _json(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    if size <= _LONGEST_JSON_BYTES:
        return _json_text(stream.read())
    start = stream.read(64).strip()[:1]
    stream.seek(-64, 2)
    ends = {b"{": b"}", b"[": b"]"}
    if start not in ends:
        return "it is no JSON file"
    return "" if stream.read().strip().endswith(ends[start]) else CUT_OFF


def _json_text(text: bytes) -> str:
    try:
        json.loads(text)
    except ValueError:
        return CUT_OFF if text.lstrip().startswith((b"{", b"[")) else "it is no JSON file"
    return ""


def _text(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    try:
        return "it is no text" if "\0" in stream.read().decode("utf-8") else ""
    except ValueError:
        return "it is no text"


def _anything(stream: BinaryIO, size: int) -> str:
    return ""


_PYTORCH = (".pth", ".pth.tar", ".pt", ".th", ".ckpt", ".bin")
# By the end of the name; the first that fits counts.
_CHECKS = {
    "_data.bin": _anything,
    ".safetensors": _safetensors,
    ".gguf": _gguf,
    **dict.fromkeys(_PYTORCH, _pytorch),
    ".onnx": _onnx,
    ".json": _json,
    ".txt": _text,
}


def _check_for(path: Path) -> Callable[[BinaryIO, int], str]:
    name = path.name.lower()
    return next((check for ending, check in _CHECKS.items() if name.endswith(ending)), _anything)


def _starts_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(start)) == start
