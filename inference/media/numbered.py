# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that are named by frame, as helper pictures are that somebody corrected."""

from __future__ import annotations

import re
from pathlib import Path

from .images import EXTENSIONS, unreadable

_NUMBER = re.compile(r"(\d+)(?!.*\d)")


def numbered(folder: Path) -> dict[int, Path]:
    """Picture files of a folder by frame, counted from 0.

    The last number in a file's name is that of the frame, counted from 1: ``0001.png``. Of several with the same number
    the first by name counts; pictures without one, and hidden ones, do not.

    Raises:
        TalkingHeadError: SOURCE_UNREADABLE.
    """
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, str(error)) from error
    found: dict[int, Path] = {}
    for path in names:
        number = _NUMBER.search(path.stem)
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and number and int(number[1]) > 0:
            found.setdefault(int(number[1]) - 1, path)
    return found
