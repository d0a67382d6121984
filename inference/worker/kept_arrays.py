# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays that are kept on disk under the name of their content, for later runs and other processes."""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import TalkingHeadError
from ..media.encode import write_whole
from .cache_folder import drop_longest_unused, mark_used

if TYPE_CHECKING:
    from .sessions import Sessions

_LOG = logging.getLogger(__name__)


class KeptArrays:
    """Arrays in one folder of the worker's cache, or of this process where the cache cannot be written.

    Args:
        folder: its name in the cache.
        most_bytes: what all of them together may take; those that were not used for longest go.
    """

    def __init__(self, sessions: Sessions, folder: str, most_bytes: int) -> None:
        self._sessions = sessions
        self._folder = folder
        self._most_bytes = most_bytes

    def has(self, key: str) -> bool:
        """Whether there is an array of this name, whole as far as its length tells."""
        return self._read(key, look_only=True) is not None

    def get(self, key: str) -> np.ndarray | None:
        """An array, kept by this or another process; None where there is nothing whole."""
        return self._read(key, look_only=False)

    def put(self, key: str, values: np.ndarray) -> None:
        """Keep an array; a disk that is full only means that it is made again.

        Args:
            key: 32 hexadecimal digits.
        """
        name = _file_name(key)
        folder = self._sessions.writable_cache(self._folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, _npy(values))
        except (OSError, TalkingHeadError) as error:
            _LOG.warning("%s cannot be written: %s", folder / name, error)
            return
        with contextlib.suppress(OSError):
            drop_longest_unused(folder, name, self._most_bytes)

    def _read(self, key: str, *, look_only: bool) -> np.ndarray | None:
        for folder in self._sessions.readable_caches(self._folder):
            path = folder / _file_name(key)
            values = _load(path, look_only=look_only)
            if values is not None:
                mark_used(path)
                return values
        return None


def _load(path: Path, *, look_only: bool) -> np.ndarray | None:
    try:
        return np.load(path, mmap_mode="r" if look_only else None, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:  # an EOFError is an empty file, such as a power cut leaves
        _LOG.warning("What was kept in %s is not used: %s", path, error)
        return None


def _file_name(key: str) -> str:
    return key + ".npy"


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
