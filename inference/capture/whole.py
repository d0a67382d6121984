# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving clip that is shown whole: no face is looked for, so that it may show anything; only its cuts are found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..acting import AUTOMATIC, CaptureSpec
from ..errors import ErrorCode, TalkingHeadError
from ..face.picture_8bit import to_bgr8
from ..media.prefetch import PrefetchingReader
from ..media.reader import SourceReader
from ..motion.track import REST, Track
from ..source import SourceKind
from ..worker.cache_folder import digest_of
from ..worker.driver_notes import DriverNotes
from ..worker.sessions import Sessions
from ..worker.task import Task
from .changes import Changes
from .findings import cut_finding
from .neutral import check_neutral

STAGE = "looking for cuts in the driver"
# What cuts are kept as: another name where they are found in another way.
_CUTS = "cuts 1"


@dataclass(frozen=True)
class WholeCapture:
    """A clip without a face, or whose face does not count.

    Attributes:
        track: at rest throughout, with the clip's rate, length and cuts.
        content: digest of the clip's content.
        cached: its cuts were known already.
        faces: none was looked for.
    """

    track: Track
    content: str
    cached: bool
    faces: int = 0

    @property
    def pictures(self) -> int:
        """Pictures of the clip."""
        return len(self.track)

    @classmethod
    def of(
        cls, spec: CaptureSpec, reader: SourceReader, rate: Fraction, sessions: Sessions, task: Task
    ) -> WholeCapture:
        """Find the cuts of a clip.

        Args:
            reader: of the clip; whoever opened it closes it.
            rate: pictures a second.

        Raises:
            TalkingHeadError: INVALID_REQUEST when the clip has no such neutral picture; CANCELLED; what reading raises.
        """
        neutral = 0 if spec.neutral == AUTOMATIC else spec.neutral
        check_neutral(neutral, len(reader))
        files = range(1) if spec.source.kind is SourceKind.MOVIE else range(len(reader))
        content = digest_of(["whole", spec.source.kind.value, [reader.digest(file) for file in files]])
        notes = DriverNotes(content, STAGE, sessions, task)
        cuts = notes.remembered(_CUTS)
        cached = cuts is not None
        if cuts is None:
            cuts = np.array(_cuts(reader, notes, task), np.int64)
            notes.remember(_CUTS, cuts)
        breaks = tuple(int(cut) for cut in cuts)
        findings = tuple(cut_finding(cut, False) for cut in breaks)
        values = np.tile(REST, (len(reader), 1))
        return cls(Track(rate, values, breaks=breaks, neutral=neutral, findings=findings), content, cached)

    def motion(self, position: float) -> np.ndarray:
        """Refused: there are no landmarks.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The driving clip was read whole, so it has no landmarks, which this engine needs for exact motion.",
            "Read the clip again, or turn Exact off.",
        )


def _cuts(reader: SourceReader, notes: DriverNotes, task: Task) -> list[int]:
    """Pictures with which another shot begins, ascending; one picture is looked at after the other."""
    count = len(reader)
    cuts: set[int] = set()
    changes = Changes()
    ahead = PrefetchingReader(reader, range(count), task.check)
    try:
        for picture in range(count if count > 1 else 0):
            notes.progress(picture, count)
            change = changes.see(to_bgr8(ahead.read(picture)))
            if change.cut:
                cuts.add(picture)
            elif change.undone:
                cuts.discard(picture - change.undone)
    finally:
        ahead.close()
    notes.progress(count, count)
    return sorted(cuts)
