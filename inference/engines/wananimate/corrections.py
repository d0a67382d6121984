# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a stage that somebody corrected: a folder of pictures by the number of the job's frame, or a movie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.picture_8bit import to_bgr8
from ...media.images import EXTENSIONS
from ...media.numbered import numbered
from ...media.reader import SourceReader, open_source
from ...source import Source, SourceKind


class Corrections:
    """The pictures that a setting names. Frames without one are made as ever.

    In a folder the last number in a file's name is that of the frame, counted from 1: ``0001.png``. A movie's first
    picture is that of the first frame; one picture alone is that of all frames.

    Args:
        name: path of a folder, a movie or a picture; "" for none.
        label: of the setting.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE; INVALID_REQUEST for a folder without such pictures.
    """

    def __init__(self, name: str, label: str) -> None:
        self._files: Mapping[int, Path] = {}
        self._still: Path | None = None
        self._movie: SourceReader | None = None
        path = Path(name).expanduser()
        if not name.strip():
            return
        if path.is_dir():
            self._files = numbered(path)
        elif path.suffix.lower() in EXTENSIONS and path.is_file():
            self._still = path
        elif path.is_file():
            self._movie = open_source(Source(SourceKind.MOVIE, (str(path),)))
        else:
            raise TalkingHeadError(
                ErrorCode.SOURCE_MISSING,
                f"{label} names {path}, which is not there.",
                f"Choose the folder or movie again, or clear {label}.",
            )
        if not self._files and self._still is None and self._movie is None:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"{label} names {path}, in which there are no pictures named by frame.",
                "Name them by the frame's number, such as 0001.png, or clear the setting.",
            )

    def __contains__(self, frame: int) -> bool:
        """Whether there is one for a frame of the job, counted from 0."""
        if self._movie is not None:
            return frame < len(self._movie)
        return self._still is not None or frame in self._files

    def bgr(self, frame: int) -> np.ndarray:
        """(H, W, 3) uint8 of a frame of the job, counted from 0.

        Raises:
            TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, UNSUPPORTED_INPUT.
        """
        if self._movie is not None:
            return to_bgr8(self._movie.read(frame))
        path = self._still or self._files[frame]
        return to_bgr8(open_source(Source(SourceKind.IMAGE, (str(path),))).read(0))

    def close(self) -> None:
        """Close files."""
        if self._movie is not None:
            self._movie.close()
