# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of file content, remembered as long as size and time of change stay."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import TalkingHeadError
from .encode import write_whole
from .images import check_file, unreadable

_CHUNK = 1 << 22
# Smaller files are read again faster than it is worth to keep a note of them on disk.
_REMEMBER_FROM = 16 << 20
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class Digests:
    """Digests by (path, size, time of change): in memory, and for large files in a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}
        self._made: dict[tuple[str, str], object] = {}

    def of(self, path: Path) -> str:
        """BLAKE2b of the whole content, 32 hexadecimal digits.

        Raises:
            TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
        """
        check_file(path)
        try:
            key = _state_of(path)
            if key not in self._known:
                self._known[key] = self._noted(key) or self._computed(path, key)
        except OSError as error:
            raise unreadable(path, str(error)) from error
        return self._known[key]

    def remembered(self, path: Path, make: Callable[[Path], T]) -> T:
        """What ``make`` makes of a file, kept in memory while the file stays as it is."""
        check_file(path)
        key = (_state_of(path), make.__qualname__)
        if key not in self._made:
            self._made[key] = make(path)
        return self._made[key]  # type: ignore[return-value]

    def _noted(self, key: str) -> str:
        if self._folder is None:
            return ""
        try:
            text = (self._folder / key).read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""
        return text if len(text) == 32 else ""

    def _computed(self, path: Path, key: str) -> str:
        state = hashlib.blake2b(digest_size=16)
        with path.open("rb", buffering=0) as stream:
            while chunk := stream.read(_CHUNK):
                state.update(chunk)
        digest = state.hexdigest()
        if self._folder is not None and path.stat().st_size >= _REMEMBER_FROM:
            self._note(self._folder, key, digest)
        return digest

    def _note(self, folder: Path, key: str, digest: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / key, digest.encode())
        except (OSError, TalkingHeadError) as error:
            _LOG.warning("The digest cache %s cannot be written: %s", folder, error)


def _state_of(path: Path) -> str:
    state = path.stat()
    text = f"{path.absolute()}|{state.st_size}|{state.st_mtime_ns}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
