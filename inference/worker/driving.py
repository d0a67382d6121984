# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip that acts, as engines that follow clips get it (``engines.engine.DrivingClip``)."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..acting import CaptureSpec
from ..errors import ErrorCode, TalkingHeadError
from ..media.encode import write_whole
from ..media.picture import PictureReader
from ..media.prefetch import PrefetchingReader
from .cache_folder import digest_of, drop_longest_unused, mark_used
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..capture.capture import Capture
    from ..capture.template import TemplateCapture

_LOG = logging.getLogger(__name__)
_STAGE = "reading the driver's motion"
_FOLDER = "motions"
# About a million pictures of LivePortrait's motion.
_MOST_BYTES = 512 << 20


class Clip:
    """A driving clip or template. See ``DrivingClip`` for the attributes.

    Args:
        capture: what was seen in it.
        task: whom progress is told; ``attend`` changes it when another request uses the same clip.
    """

    def __init__(self, spec: CaptureSpec, capture: Capture | TemplateCapture, sessions: Sessions, task: Task) -> None:
        recording = getattr(capture, "recording", None)
        self.neutral: int = capture.track.neutral
        self.smoothing = spec.smoothing
        self.rate: Fraction = capture.track.rate
        self.found: np.ndarray = np.ones(capture.pictures, bool) if recording is None else recording.found
        self.cuts: Sequence[int] = capture.track.breaks
        self.template = Path(spec.source.files[0]) if spec.is_template else None
        self.key = digest_of([capture.content, self.neutral, self.smoothing, str(self.rate)])
        self._content = capture.content
        self._points = None if recording is None else recording.points
        self._source = spec.source
        self._sessions = sessions
        self._task = task
        self._told = False

    def __len__(self) -> int:
        return len(self.found)

    def attend(self, other: Clip) -> None:
        """Tell progress to the task of another request for the same clip."""
        self._task, self._told = other._task, False

    def landmarks(self, picture: int) -> np.ndarray:
        """(478, 2) float64 in px; of the nearest picture in which the face was found."""
        if self._points is None:
            raise _no_pictures()
        seen = np.flatnonzero(self.found)
        return np.asarray(self._points[seen[np.abs(seen - picture).argmin()]], np.float64)

    def pictures(self, needed: Sequence[int]) -> PictureReader:
        """A new reader, which decodes ahead what is needed; the caller closes it."""
        if self._points is None:
            raise _no_pictures()
        return PrefetchingReader(self._sessions.reader(self._source), needed, self._task.check)

    def remembered(self, what: str) -> np.ndarray | None:
        """What was kept of the clip's content, by this or another process; None where there is nothing whole."""
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
        """Tell how many pictures were looked at; raises when the request was canceled."""
        self._task.check()
        if not self._told:
            self._task.stage(_STAGE, total)
            self._told = True
        self._task.progress(done, total, _STAGE)
        self._task.between()

    def _name(self, what: str) -> str:
        return digest_of([self._content, what]) + ".npy"


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def _no_pictures() -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        "A motion template holds no pictures, which this engine needs.",
        "Choose a clip of a person, or the engine LivePortrait.",
    )
