# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a cache folder within its size: what was not used for longest goes first.

An entry is a file or a folder that is named by a digest (``digest_of``). Everything else in the folder belongs to
somebody else, who may have named it as the cache by mistake, and stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

_ENTRY = re.compile(r"[0-9a-f]{32}(\.\w+)?")
# What is still being made, see ``write_under_temporary_name``.
_UNFINISHED = re.compile(rf"\.{_ENTRY.pattern}-[0-9a-f]{{8}}\.part")
_ABANDONED_S = 24 * 3600.0


def digest_of(parts: Sequence[object]) -> str:
    """Name of an entry, 32 hexadecimal digits, by all that decides its content (plain data)."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def mark_used(entry: Path) -> None:
    """Note that an entry was used now; a folder that cannot be written is left as it is."""
    with contextlib.suppress(OSError):
        os.utime(entry)


def drop_longest_unused(folder: Path, newest: str, most_bytes: int) -> None:
    """Drop what was not used for longest, and what workers that died left unfinished.

    Args:
        newest: name of an entry that stays, however large.
        most_bytes: what all entries together may take.

    Raises:
        OSError: the folder cannot be listed.
    """
    names = {path.name: path for path in folder.iterdir()}
    for name, left in names.items():
        if _UNFINISHED.fullmatch(name) and time.time() - _used_s(left) > _ABANDONED_S:
            _remove(left)
    entries = [path for name, path in names.items() if _ENTRY.fullmatch(name) and name != newest]
    total = _bytes_of(folder / newest)
    for entry in sorted(entries, key=_used_s, reverse=True):
        total += _bytes_of(entry)
        if total > most_bytes:
            _remove(entry)


# Another worker may drop at the same time what is looked at here, and what it has open stays on Windows.
def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        entry.unlink()


def _used_s(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return time.time()


def _bytes_of(entry: Path) -> int:
    try:
        return sum(path.stat().st_size for path in (entry.iterdir() if entry.is_dir() else [entry]))
    except OSError:
        return 0
