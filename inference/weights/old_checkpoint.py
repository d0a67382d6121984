# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a checkpoint in PyTorch's format before 1.6 has to be, found without running or unpacking any of it. Pure.

The format: five pickles (magic number, version, facts on the system, content, names of storages), then each storage as
its length in numbers (8 bytes, little endian) and the numbers themselves.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Iterator
from typing import BinaryIO

START = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""The first pickle: the magic number."""

_PICKLES = 5
_LENGTH_BYTES = 8
_NUMBER_BYTES = {
    "DoubleStorage": 8, "LongStorage": 8, "FloatStorage": 4, "IntStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
}  # fmt: skip


def whole_size(stream: BinaryIO) -> int:
    """Bytes of the whole file.

    Raises:
        EOFError: it ends inside of the pickles.
        ValueError: it is none, or its numbers are of an unknown kind.
    """
    stream.seek(0)
    storages: dict[str, int] = {}
    for _ in range(_PICKLES):
        storages.update(_storages(stream))
    return stream.tell() + sum(storages.values())


def _storages(stream: BinaryIO) -> Iterator[tuple[str, int]]:
    """Name and bytes of each storage that a pickle refers to, as often as it does.

    A reference is the tuple ("storage", type, name, device, length, None) before the instruction BINPERSID. Texts,
    names of types and numbers are noted as they come; other values need not be known.
    """
    noted: list[object] = []
    memory: dict[object, object] = {}
    try:
        for instruction, argument, _ in pickletools.genops(stream):
            name = instruction.name
            if name in ("BINPUT", "LONG_BINPUT"):
                memory[argument] = noted[-1] if noted else None
            elif name in ("BINGET", "LONG_BINGET"):
                noted.append(memory.get(argument))
            elif name == "BINPERSID":
                yield _storage(noted)
            elif argument is not None:
                noted.append(argument)
    except ValueError as error:
        if not stream.read(1):
            raise EOFError from error
        raise


def _storage(noted: list[object]) -> tuple[str, int]:
    kind, name, _, length = noted[-4:]
    number_bytes = _NUMBER_BYTES.get(str(kind).rpartition(" ")[2])
    if number_bytes is None or not isinstance(length, int):
        raise ValueError(f"unknown storage {kind}")
    return str(name), _LENGTH_BYTES + length * number_bytes
