# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact motion of a job, resolved frame by frame from the capture of its driving clip."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from ..acting import ExactMotion
from ..engines import description_of
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..capture.capture import Capture
    from ..capture.regions import RegionWeights


class FrameMotion:
    """Landmark motion of each frame. It is made anew whenever it is asked for, so that long jobs need no memory.

    Args:
        exact: positions and strengths of the frames; None for a job without.
    """

    def __init__(
        self,
        exact: ExactMotion | None = None,
        capture: Capture | None = None,
        regions: RegionWeights | None = None,
    ) -> None:
        self._exact = exact
        self._capture = capture
        self._regions = regions

    @classmethod
    def of(cls, job: Job, sessions: Sessions, task: Task) -> FrameMotion:
        """Motion of a job's frames; watches the driving clip when nobody has yet.

        Raises:
            TalkingHeadError: INVALID_REQUEST for an engine that cannot take it, and what reading the clip raises.
        """
        if job.exact is None:
            return cls()
        engine = description_of(job.engine)
        if not engine.takes.landmark_motion:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"{engine.label} cannot take exact motion.",
                "Turn Exact off, or choose another engine.",
            )
        if not any(_moves(job.exact, frame) for frame in range(len(job.exact))):
            return cls()
        from ..capture.read import captured
        from ..capture.regions import RegionWeights

        capture = captured(job.exact.capture, sessions, task)
        return cls(job.exact, capture, RegionWeights.of(sessions.tracker().mesh))

    def at(self, frame: int) -> np.ndarray | None:
        """Motion of a frame as ``FrameRequest.motion``, None where nothing moves.

        It is rounded to half precision, about 1/4000 of the eye span at its largest: what is drawn is then exactly
        what the frame's name tells, whatever the last bits of the machine that smoothed it.
        """
        if self._exact is None or self._capture is None or self._regions is None or not _moves(self._exact, frame):
            return None
        position = self._exact.positions[frame]
        assert position is not None
        motion = self._capture.motion(position)
        motion = self._regions.weighted(motion, self._exact.mouth[frame], self._exact.brows[frame])
        rounded = motion.astype(np.float16) + np.float16(0)  # no negative zeros
        return rounded.astype(np.float32) if rounded.any() else None

    def digest(self, frame: int) -> str:
        """Name of a frame's motion by its content, "" where nothing moves."""
        motion = self.at(frame)
        if motion is None:
            return ""
        return hashlib.blake2b(motion.astype("<f2").tobytes(), digest_size=16).hexdigest()


def _moves(exact: ExactMotion, frame: int) -> bool:
    return exact.positions[frame] is not None and (exact.mouth[frame] != 0 or exact.brows[frame] != 0)
