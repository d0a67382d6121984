# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encodes and writes frames in threads while the engine makes the next ones."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from ..media.encode import encode_frame, write_whole
from ..media.picture import Picture
from ..media.provenance import marked


class FrameWriter:
    """Bounded: ``put`` waits while as many frames as threads, and one more, are under way.

    Args:
        written: called with the path of each finished file, by a writing thread.
        mark: the chunk that PNG files get (``provenance.xmp_chunk``).

    Attributes:
        done: how many files are written.
    """

    def __init__(self, written: Callable[[Path], None], mark: bytes = b"") -> None:
        threads = max(1, min(4, (os.cpu_count() or 2) - 1))
        self._pool = ThreadPoolExecutor(threads, "encode")
        self._room = threading.BoundedSemaphore(threads + 1)
        self._written = written
        self._mark = mark
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self.done = 0
        self.encode_s = 0.0
        self.disk_s = 0.0

    def __enter__(self) -> FrameWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was put; a failed write is raised here unless something else is being raised."""
        self._pool.shutdown(wait=True)
        if error is None and self._failure is not None:
            raise self._failure

    def put(self, path: Path, picture: Picture) -> None:
        """Take a frame, whose pixels must not change any more.

        Raises:
            TalkingHeadError: an earlier frame could not be written.
        """
        self._room.acquire()
        if self._failure is not None:
            self._room.release()
            raise self._failure
        self._pool.submit(self._write, path, picture).add_done_callback(self._finished)

    def _write(self, path: Path, picture: Picture) -> None:
        start = time.perf_counter()
        data = encode_frame(picture)
        if self._mark and path.suffix == ".png":
            data = marked(data, self._mark)
        encoded = time.perf_counter()
        write_whole(path, data)
        with self._lock:
            self.encode_s += encoded - start
            self.disk_s += time.perf_counter() - encoded
        self._written(path)
        with self._lock:
            self.done += 1

    def _finished(self, future: Future[None]) -> None:
        self._failure = self._failure or future.exception()
        self._room.release()
