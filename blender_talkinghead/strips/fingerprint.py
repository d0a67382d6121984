# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells cheaply whether a file is still the same, also after it was copied to another place or computer. No bpy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

# Files up to this size are read whole; of larger ones evenly spaced blocks are, the first and the last among them.
_WHOLE_BYTES = 1 << 20
_BLOCKS, _BLOCK_BYTES = 48, 16 << 10
# So many files of a sequence are looked at, evenly spaced; the worker, which plans exactly, looks at all.
_MOST_FILES = 24
# Fingerprints that are kept: more than a look takes. Where the oldest were dropped before the next look, it would read
# every file again.
_KEPT = 1 << 16


def of_files(paths: Sequence[str]) -> tuple[str, ...]:
    """How many files, and the fingerprints of some of them; those of a sequence are taken at even distances."""
    count = min(len(paths), _MOST_FILES)
    places = [round(index * (len(paths) - 1) / max(1, count - 1)) for index in range(count)]
    return (str(len(paths)), *(of_file(paths[place]) for place in places))


def of_path(path: str) -> object:
    """Fingerprint of a file, or of all files of a folder with their names; "" for what cannot be read.

    Of a folder every file counts, for users repaint single pictures. They are read at the first look, and then only
    those that were written since.
    """
    try:
        if not Path(path).is_dir():
            return of_file(path)
        with os.scandir(path) as entries:
            # The entries hold what the system says of them, so that on Windows nothing is asked file by file.
            found = sorted((entry.name, entry.path, entry.stat()) for entry in entries if entry.is_file())
    except OSError:  # it is gone, nobody may look into it, or its network is lost
        return ""
    files = (_of_state(file, state) for _name, file, state in found)
    return tuple(name for name, _file, _state in found), (str(len(found)), *files)


def of_file(path: str) -> str:
    """A fingerprint of a file's content; "" when it cannot be read. It is read again only once it was written."""
    try:
        return _of_state(path, os.stat(path))  # noqa: PTH116
    except OSError:
        return ""


def _of_state(path: str, state: os.stat_result) -> str:
    """As :func:`of_file`, of a file in this state."""
    try:
        return _of_content(path, state.st_mtime_ns, state.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=_KEPT)
def _of_content(path: str, _changed_ns: int, size: int) -> str:
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    with Path(path).open("rb") as file:
        if size <= _WHOLE_BYTES:
            digest.update(file.read())
        else:
            for block in range(_BLOCKS):
                file.seek(block * (size - _BLOCK_BYTES) // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK_BYTES))
    return digest.hexdigest()
