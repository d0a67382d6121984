# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines find in a driver, kept by its content, and who is told meanwhile: for clips and sounds alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .cache_folder import digest_of
from .kept_arrays import KeptArrays
from .task import Task

if TYPE_CHECKING:
    from .sessions import Sessions

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
        self._kept = KeptArrays(sessions, _FOLDER, _MOST_BYTES)
        self._task = task
        self._told = False

    def attend(self, other: DriverNotes) -> None:
        """Tell progress to the task of another request for the same driver."""
        self._task, self._told = other._task, False

    def remembered(self, what: str) -> np.ndarray | None:
        """What was kept of the content, by this or another process; None where there is nothing whole."""
        return self._kept.get(digest_of([self._content, what]))

    def remember(self, what: str, values: np.ndarray) -> None:
        """Keep an array; a disk that is full only means that it is made again."""
        self._kept.put(digest_of([self._content, what]), values)

    def progress(self, done: int, total: int) -> None:
        """Tell how much was looked at or listened to; raises when the request was canceled."""
        self._task.check()
        if not self._told:
            self._task.stage(self._stage, total)
            self._told = True
        self._task.progress(done, total, self._stage)
        self._task.between()
