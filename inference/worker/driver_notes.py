# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines find in a driver, kept by its content, and who is told meanwhile: for clips and sounds alike."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING

import numpy as np

from ..errors import TalkingHeadError
from ..media.encode import write_whole
from .cache_folder import digest_of, drop_longest_unused, mark_used
from .task import Task

if TYPE_CHECKING:
    from .sessions import Sessions

_LOG = logging.getLogger(__name__)
_FOLDER = "motions"
# About a million pictures of LivePortrait's motion.
_MOST_BYTES = 512 << 20


class DriverNotes:
    """Notes on the content of one driver.

    Args:
        content: digest of all that the notes depend on besides what they are named.
        stage: what is going on while an engine looks at the driver, in words for people.
        task: whom progress is told; ``attend`` changes it when another request uses the same driver.
    """

    def __init__(self, content: str, stage: str, sessions: Sessions, task: Task) -> None:
        self._content = content
        self._stage = stage
        self._sessions = sessions
        self._task = task
        self._told = False

    def attend(self, other: DriverNotes) -> None:
        """Tell progress to the task of another request for the same driver."""
        self._task, self._told = other._task, False

    def remembered(self, what: str) -> np.ndarray | None:
        """What was kept of the content, by this or another process; None where there is nothing whole."""
        for folder in self._sessions.readable_caches(_FOLDER):
            path = folder / self._name(what)
            try:
                values = np.load(path, allow_pickle=False)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                _LOG.warning("What was kept in %s is not used: %s", path, error)
                continue
            mark_used(path)
            return values
        return None

    def remember(self, what: str, values: np.ndarray) -> None:
        """Keep an array; a disk that is full only means that it is made again."""
        name = self._name(what)
        folder = self._sessions.writable_cache(_FOLDER)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, _npy(values))
        except (OSError, TalkingHeadError) as error:
            _LOG.warning("%s cannot be written: %s", folder / name, error)
            return
        with contextlib.suppress(OSError):
            drop_longest_unused(folder, name, _MOST_BYTES)

    def progress(self, done: int, total: int) -> None:
        """Tell how much was looked at or listened to; raises when the request was canceled."""
        self._task.check()
        if not self._told:
            self._task.stage(self._stage, total)
            self._told = True
        self._task.progress(done, total, self._stage)
        self._task.between()

    def _name(self, what: str) -> str:
        return digest_of([self._content, what]) + ".npy"


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
