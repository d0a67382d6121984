# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattes of frames, made with progress."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .task import Task

_STAGE = "writing mattes"


def make_mattes(task: Task, folder: Path, names: Sequence[str]) -> int:
    """Write the mattes of frames that have none yet; gives back how many.

    Args:
        names: file names of frames in the folder; the same may be there twice.

    Raises:
        TalkingHeadError: as ``write_mattes``; CANCELLED.
    """
    from ..media.mattes import write_mattes

    frames = list(dict.fromkeys(names))
    task.stage(_STAGE, len(frames))

    def step(done: int) -> None:
        task.check()
        task.progress(done, len(frames), _STAGE)
        task.between()

    return write_mattes(folder, frames, step)
