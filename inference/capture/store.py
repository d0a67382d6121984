# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of recordings: whole or not there, found by content, the longest unused dropped when they grow large."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..media.encode import write_error
from .recording import Recording, load

_LOG = logging.getLogger(__name__)
MOST_BYTES = 2 << 30
_PART = ".part"


class RecordingStore:
    """Recordings by key.

    Args:
        folder: made when the first recording is.
        most_bytes: what all recordings together may take, beside the newest.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most_bytes = most_bytes

    def find(self, key: str) -> Recording | None:
        """The recording of a key; None where there is none or it is damaged."""
        folder = self.folder / key
        try:
            recording = load(folder)
            os.utime(folder)  # used now
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("The recording %s is not used: %s", folder, error)
            return None
        return recording

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """A new folder for a recording, which gets its name when the block ends well and is gone when it fails.

        Raises:
            TalkingHeadError: DISK_FULL, OUTPUT_NOT_WRITABLE.
        """
        part = self.folder / f".{key}-{secrets.token_hex(4)}{_PART}"
        try:
            part.mkdir(parents=True)
            yield part
            final = self.folder / key
            if final.exists():  # damaged, or made by another worker meanwhile
                shutil.rmtree(final)
            os.replace(part, final)
        except OSError as error:
            raise write_error(self.folder / key, error) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self._drop_oldest(key)

    def _drop_oldest(self, newest: str) -> None:
        entries = [folder for folder in self.folder.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
        entries = sorted((e for e in entries if e.name != newest), key=lambda e: e.stat().st_mtime, reverse=True)
        total = _bytes_of(self.folder / newest)
        for entry in entries:
            total += _bytes_of(entry)
            if total > self._most_bytes:
                shutil.rmtree(entry, ignore_errors=True)


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
