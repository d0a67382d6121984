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

from ..media.encode import TEMPORARY_SUFFIX, write_error
from ..worker.cache_folder import drop_longest_unused, mark_used
from .recording import Recording, load

_LOG = logging.getLogger(__name__)
MOST_BYTES = 2 << 30


class RecordingStore:
    """Recordings by key (see ``digest_of``).

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
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("The recording %s is not used: %s", folder, error)
            return None
        mark_used(folder)
        return recording

    @contextmanager
    def making(self, key: str) -> Iterator[Path]:
        """A new folder for a recording, which gets its name when the block ends well and is gone when it fails.

        Raises:
            TalkingHeadError: DISK_FULL, OUTPUT_NOT_WRITABLE.
        """
        part = self.folder / f".{key}-{secrets.token_hex(4)}{TEMPORARY_SUFFIX}"
        try:
            part.mkdir(parents=True)
            yield part
            self._name(part, key)
        except OSError as error:
            raise write_error(self.folder / key, error) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        drop_longest_unused(self.folder, key, self._most_bytes)

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
