# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of recordings: whole or not there, found by content, the longest unused dropped when they grow large."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..media.encode import write_error
from .recording import Recording, load

_LOG = logging.getLogger(__name__)
MOST_BYTES = 2 << 30
_PART = ".part"
_ABANDONED_S = 24 * 3600.0


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
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("The recording %s is not used: %s", folder, error)
            return None
        with contextlib.suppress(OSError):
            os.utime(folder)  # used now
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
            self._name(part, key)
        except OSError as error:
            raise write_error(self.folder / key, error) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self._drop_oldest(key)

    def _name(self, part: Path, key: str) -> None:
        """Give a whole recording its name, unless another worker made the same meanwhile."""
        final = self.folder / key
        if final.exists():
            if self.find(key) is not None:
                return
            shutil.rmtree(final)
        try:
            os.replace(part, final)
        except OSError:
            if self.find(key) is None:
                raise

    def _drop_oldest(self, newest: str) -> None:
        """Drop what was not used for longest, and what workers that died left behind."""
        for left in self.folder.glob(f".*{_PART}"):
            if time.time() - _used_s(left) > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
        entries = [folder for folder in self.folder.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
        entries = sorted((e for e in entries if e.name != newest), key=_used_s, reverse=True)
        total = _bytes_of(self.folder / newest)
        for entry in entries:
            total += _bytes_of(entry)
            if total > self._most_bytes:
                shutil.rmtree(entry, ignore_errors=True)


# Another worker may drop at the same time what is looked at here.
def _used_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return time.time()


def _bytes_of(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
