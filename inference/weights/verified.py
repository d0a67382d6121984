# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weight files that were read once from end to end: their sha256 is remembered while size and time of change stay."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Collection
from pathlib import Path

from .structure import damage_of, problem_of

_LOG = logging.getLogger(__name__)


class VerifiedFiles:
    """Checks of weight files, remembered in memory and in a folder.

    Args:
        folder: for one small note a file; None to remember in memory only.
        known: published sha256, hexadecimal. A file that has one of them needs no further check.
    """

    def __init__(self, folder: Path | None, known: Collection[str]) -> None:
        self._folder = folder
        self._known = frozenset(known)
        self._digests: dict[str, str] = {}
        self._problems: dict[str, str] = {}

    def problem_of(self, path: Path) -> str:
        """Why a file cannot be used, as the rest of a sentence; "" if it can. Reads a file once, whole."""
        try:
            key = state_of(path)
            if key not in self._digests and key not in self._problems:
                self._check(path, key)
        except OSError as error:
            return f"it cannot be read ({error.strerror or error})"
        return self._problems.get(key, "")

    def sha256_of(self, path: Path) -> str:
        """Hexadecimal sha256 of a file that ``problem_of`` has nothing against."""
        return self._digests[state_of(path)]

    def _check(self, path: Path, key: str) -> None:
        if problem := problem_of(path):
            self._problems[key] = problem
            return
        digest = self._noted(key)
        if not digest:
            digest = sha256_of(path)
            if digest not in self._known and (problem := damage_of(path)):
                self._problems[key] = problem
                return
            self._note(key, digest)
        self._digests[key] = digest

    def _noted(self, key: str) -> str:
        if self._folder is None:
            return ""
        try:
            text = (self._folder / key).read_text(encoding="ascii")
        except (OSError, ValueError):
            return ""
        return text if len(text) == 64 else ""

    def _note(self, key: str, digest: str) -> None:
        if self._folder is None:
            return
        part = self._folder / f"{key}.{os.getpid()}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(digest, encoding="ascii")
            os.replace(part, self._folder / key)
        except OSError as error:
            _LOG.warning("The folder %s cannot be written: %s", self._folder, error)


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def state_of(path: Path) -> str:
    """What changes when a file does: digest of its place, size and time of change.

    Raises:
        OSError: there is no such file.
    """
    state = path.stat()
    text = f"{path.absolute()}|{state.st_size}|{state.st_mtime_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
