# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a stage that somebody corrected: a folder of pictures by the number of the job's frame, or a movie; of
masks also one picture for all frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.picture_8bit import to_bgr8
from ...media.images import EXTENSIONS
from ...media.numbered import numbered
from ...media.reader import SourceReader, open_source
from ...source import Source, SourceKind

# Sides that differ by less in their proportions differ by rounding.
_ALIKE = 0.01


class Corrections:
    """The pictures that a setting names. Frames without one are made as ever.

    In a folder the last number in a file's name is that of the frame, counted from 1: ``0001.png``. A movie's first
    picture is that of the first frame; one picture alone is that of all frames.

    Args:
        name: path of a folder, a movie or a picture; "" for none.
        label: of the setting.
        still: one picture for all frames makes sense.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE; INVALID_REQUEST for a folder without such pictures, and
            for one picture where that makes no sense.
    """

    def __init__(self, name: str, label: str, *, still: bool = False) -> None:
        self._label = label
        self._files: Mapping[int, Path] = {}
        self._still: Path | None = None
        self._movie: SourceReader | None = None
        self._path = path = Path(name).expanduser()
        if not name.strip():
            return
        if path.is_dir():
            self._files = numbered(path)
        elif path.suffix.lower() in EXTENSIONS and path.is_file():
            if not still:
                raise TalkingHeadError(
                    ErrorCode.INVALID_REQUEST,
                    f"{label} names one picture, {path}, in which the whole film would stand still.",
                    "Choose the folder of pictures by frame that it lies in, or a movie.",
                )
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
        return to_bgr8(open_source(Source(SourceKind.IMAGE, (str(self._file(frame)),))).read(0))

    def warning(self, frame: int, bgr: np.ndarray, what: str, how: str, sizes: Sequence[tuple[int, int]]) -> str:
        """A sentence on a picture of other proportions than it should have; "" where they are right.

        Args:
            frame: whose picture ``bgr`` (H, W, 3) is.
            what: it should be as large as, such as "the drawing".
            how: it becomes so.
            sizes: (width, height) of it, then further ones whose proportions fit as well.
        """
        height, width = bgr.shape[:2]
        if any(abs(width * down / (height * across) - 1) < _ALIKE for across, down in sizes):
            return ""
        made = " x ".join(map(str, sizes[0]))
        return (
            f"{self._label}: {self._file(frame).name} has {width} x {height} px, {what} {made}; it is {how}."
            " Set the scene to the size of the helper pictures, and render it again."
        )

    def _file(self, frame: int) -> Path:
        return self._path if self._movie is not None else self._still or self._files[frame]

    def close(self) -> None:
        """Close files."""
        if self._movie is not None:
            self._movie.close()
