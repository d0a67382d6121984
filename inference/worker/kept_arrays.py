# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays that are kept on disk under the name of their content, for later runs and other processes."""

from __future__ import annotations

import contextlib
import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

import numpy as np

from ..errors import TalkingHeadError
from ..media.encode import write_under_temporary_name
from .cache_folder import drop_longest_unused, mark_used

if TYPE_CHECKING:
    from .sessions import Sessions

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class _Kept(Generic[T]):
    """Files in one folder of the worker's cache, or of this process where the cache cannot be written.

    Args:
        folder: its name in the cache.
        most_bytes: what all of them together may take; those that were not used for longest go.
    """

    _suffix = ""

    def __init__(self, sessions: Sessions, folder: str, most_bytes: int) -> None:
        self._sessions = sessions
        self._folder = folder
        self._most_bytes = most_bytes

    def has(self, key: str) -> bool:
        """Whether there is something of this name, whole as far as its length tells."""
        return self._find(key, look_only=True) is not None

    def get(self, key: str) -> T | None:
        """What was kept by this or another process; None where there is nothing whole."""
        return self._find(key, look_only=False)

    def put(self, key: str, values: T) -> None:
        """Keep values; a disk that is full only means that they are made again.

        Args:
            key: 32 hexadecimal digits.
        """
        name = key + self._suffix
        folder = self._sessions.writable_cache(self._folder)

        def write(temporary: Path) -> None:
            with temporary.open("wb") as stream:
                self._write(stream, values)

        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_under_temporary_name(folder / name, write)
        except (OSError, TalkingHeadError) as error:
            _LOG.warning("%s cannot be written: %s", folder / name, error)
            return
        with contextlib.suppress(OSError):
            drop_longest_unused(folder, name, self._most_bytes)

    def _find(self, key: str, *, look_only: bool) -> T | None:
        for folder in self._sessions.readable_caches(self._folder):
            path = folder / (key + self._suffix)
            try:
                values = self._read(path, look_only=look_only)
            except FileNotFoundError:
                continue
            # An EOFError is an empty file, such as a power cut leaves.
            except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
                _LOG.warning("What was kept in %s is not used: %s", path, error)
                continue
            mark_used(path)
            return values
        return None

    def _read(self, path: Path, *, look_only: bool) -> T:
        """What is in a file; with ``look_only`` only as much as tells that it is whole."""
        raise NotImplementedError

    def _write(self, stream: BinaryIO, values: T) -> None:
        raise NotImplementedError


class KeptArrays(_Kept[np.ndarray]):
    """Single arrays."""

    _suffix = ".npy"

    def _read(self, path: Path, *, look_only: bool) -> np.ndarray:
        return np.load(path, mmap_mode="r" if look_only else None, allow_pickle=False)

    def _write(self, stream: BinaryIO, values: np.ndarray) -> None:
        np.save(stream, values, allow_pickle=False)


class KeptDrawings(_Kept[Mapping[str, np.ndarray]]):
    """Arrays by name that belong together, such as what a section of a chain leaves: all of them or none."""

    _suffix = ".npz"

    def _read(self, path: Path, *, look_only: bool) -> Mapping[str, np.ndarray]:
        with zipfile.ZipFile(path) as names:  # its table is at the end
            if look_only:
                return dict.fromkeys(names.namelist(), np.empty(0))
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def _write(self, stream: BinaryIO, values: Mapping[str, np.ndarray]) -> None:
        with zipfile.ZipFile(stream, "w") as archive:
            for name, array in values.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
