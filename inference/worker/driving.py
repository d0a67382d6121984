# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clip that acts, as engines that follow clips get it (``engines.engine.DrivingClip``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..acting import AUTOMATIC, CaptureSpec
from ..controls import POSE_NAMES
from ..errors import ErrorCode, TalkingHeadError
from ..media.picture import PictureReader
from ..media.prefetch import PrefetchingReader
from .cache_folder import digest_of
from .driver_notes import DriverNotes
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..capture.capture import Capture
    from ..capture.template import TemplateCapture
    from ..capture.whole import WholeCapture

    AnyCapture: TypeAlias = Capture | TemplateCapture | WholeCapture

_STAGE = "reading the driver's motion"


class Clip(DriverNotes):
    """A driving clip or template. See ``DrivingClip`` for the attributes.

    Args:
        capture: what was seen in it.
        task: whom progress is told.
        choice_counts: to the engine it matters whether somebody chose the neutral picture.
    """

    def __init__(
        self, spec: CaptureSpec, capture: AnyCapture, sessions: Sessions, task: Task, *, choice_counts: bool = False
    ) -> None:
        super().__init__(capture.content, _STAGE, sessions, task)
        recording = getattr(capture, "recording", None)
        self.neutral: int = capture.track.neutral
        self.neutral_chosen = spec.neutral != AUTOMATIC
        self.smoothing = spec.smoothing
        self.rate: Fraction = capture.track.rate
        self.found: np.ndarray = np.ones(capture.pictures, bool) if recording is None else recording.found
        self.cuts: Sequence[int] = capture.track.breaks
        self.template = Path(spec.source.files[0]) if spec.is_template else None
        self.whole = spec.whole and not spec.is_template
        chosen = ["chosen"] if choice_counts and self.neutral_chosen else []
        self.key = digest_of([capture.content, self.neutral, self.smoothing, str(self.rate), *chosen])
        self._track = capture.track
        self._points = None if recording is None else recording.points
        self._source = spec.source

    def __len__(self) -> int:
        return len(self.found)

    def landmarks(self, picture: int) -> np.ndarray:
        """(478, 2) float64 in px; of the nearest picture in which the face was found.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a template, and for a clip in which no face was looked for.
        """
        if self._points is None:
            raise no_pictures() if self.template else _no_face_looked_for()
        seen = np.flatnonzero(self.found)
        return np.asarray(self._points[seen[np.abs(seen - picture).argmin()]], np.float64)

    def pose(self, position: float) -> Mapping[str, float]:
        """What the actor does there, as values of the rig's sliders; between two pictures, between their values.

        Args:
            position: in pictures and parts of one; before the first and after the last their values hold.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a clip that is shown whole.
        """
        if self.whole:
            raise _no_face_looked_for()
        (values,) = self._track.at([position])
        return {name: float(value) for name, value in zip(POSE_NAMES, values, strict=True)}

    def pictures(self, needed: Sequence[int]) -> PictureReader:
        """A new reader, which decodes ahead what is needed; the caller closes it.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a template.
        """
        if self.template:
            raise no_pictures()
        return PrefetchingReader(self._sessions.reader(self._source), needed, self._task.check)


def no_pictures() -> TalkingHeadError:
    """The error of a template for an engine that needs pictures."""
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        "A motion template holds no pictures, which this engine needs.",
        "Choose a clip of a person, or the engine LivePortrait.",
    )


def _no_face_looked_for() -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        "The driving clip was read whole, without looking for a face, which the engine needs with these settings.",
        "Read the clip again, or animate the whole picture.",
    )
