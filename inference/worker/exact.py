# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact motion of a job, resolved frame by frame: landmark motion of its driving clip, or places in the clip."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from ..acting import ExactMotion
from ..engines import description_of
from ..engines.engine import DrivingPlace
from ..errors import ErrorCode, TalkingHeadError
from ..job import Job
from .cache_folder import digest_of
from .driving import Clip
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..capture.capture import Capture
    from ..capture.regions import RegionWeights
    from ..capture.template import TemplateCapture

# In the order of ``DrivingPlace``; engines that take landmark motion get the others as sliders.
_REGIONS = ("head", "eyes", "brows", "mouth")
_LANDMARK_REGIONS = ("brows", "mouth")
_DECIMALS = 6


class FrameMotion:
    """The actor's part in each frame: landmark motion, or a place in the clip, as the engine takes it.

    It is made anew whenever it is asked for, so that long jobs need no memory.

    Args:
        exact: positions and strengths of the frames; None for a job without.
        capture, regions: for engines that take landmark motion.
        clip: for engines that follow clips.

    Attributes:
        clip: the clip that the engine is shown; None for none.
    """

    def __init__(
        self,
        exact: ExactMotion | None = None,
        capture: Capture | TemplateCapture | None = None,
        regions: RegionWeights | None = None,
        clip: Clip | None = None,
    ) -> None:
        self._exact = exact
        self._capture = capture
        self._regions = regions
        self.clip = clip

    @classmethod
    def of(cls, job: Job, sessions: Sessions, task: Task) -> FrameMotion:
        """The actor's part in a job's frames; watches the driving clip when nobody has yet.

        Raises:
            TalkingHeadError: INVALID_REQUEST for an engine that cannot take it, and what reading the clip raises.
        """
        if job.exact is None:
            return cls()
        engine = description_of(job.engine)
        if not (engine.takes.landmark_motion or engine.takes.driving_video):
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"{engine.label} cannot take exact motion.",
                "Turn Exact off, or choose another engine.",
            )
        whole = engine.takes.driving_video
        if not any(_moves(job.exact, frame, whole) for frame in range(len(job.exact))):
            return cls()
        from ..capture.read import captured

        capture = captured(job.exact.capture, sessions, task)
        if whole:
            return cls(job.exact, clip=Clip(job.exact.capture, capture, sessions, task))
        from ..capture.regions import RegionWeights

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

    def place(self, frame: int) -> DrivingPlace | None:
        """Place of a frame in the clip as ``FrameRequest.driving``, None where nothing moves.

        Numbers are rounded as they are in the frame's name.
        """
        if self._exact is None or self.clip is None or not _moves(self._exact, frame, whole=True):
            return None
        position = self._exact.positions[frame]
        assert position is not None
        strengths = (getattr(self._exact, name)[frame] for name in _REGIONS)
        numbers = (min(position, len(self.clip) - 1.0), *strengths)
        return DrivingPlace(*(round(float(number), _DECIMALS) + 0.0 for number in numbers))

    def digest(self, frame: int) -> str:
        """Name of the actor's part in a frame by its content, "" where nothing moves."""
        place = self.place(frame)
        if place is not None:
            assert self.clip is not None
            return digest_of([self.clip.key, *astuple(place)])
        motion = self.at(frame)
        if motion is None:
            return ""
        return hashlib.blake2b(motion.astype("<f2").tobytes(), digest_size=16).hexdigest()


def _moves(exact: ExactMotion, frame: int, whole: bool = False) -> bool:
    """Whether the actor has a part in a frame; with the ``whole`` face, or with mouth and brows alone."""
    strengths = [getattr(exact, name)[frame] for name in (_REGIONS if whole else _LANDMARK_REGIONS)]
    return exact.positions[frame] is not None and any(strength != 0 for strength in strengths)
