# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving template of LivePortrait as motion: what a clip would have given, without pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..acting import AUTOMATIC, CaptureSpec
from ..controls import BY_NAME, POSE_NAMES, Group
from ..errors import ErrorCode, TalkingHeadError
from ..media.images import check_file, unreadable
from ..motion.track import REST, Finding, Track
from ..worker.cache_folder import digest_of
from ..worker.sessions import Sessions
from ..workflow.motion_files import template_plan
from ..workflow.plan import Plan
from .smoothing import Reach, smoothed

_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True)
class TemplateCapture:
    """A driving template as motion.

    Attributes:
        track: pose controls, one sample a frame of the template.
        pictures: frames of the template.
        faces, cached: as of a clip; a template has one face, and there is nothing to watch.
        content: digest of the file's content.
    """

    track: Track
    content: str
    faces: int = 1
    cached: bool = False

    @property
    def pictures(self) -> int:
        """Frames of the template."""
        return len(self.track)

    @classmethod
    def of(cls, spec: CaptureSpec, sessions: Sessions) -> TemplateCapture:
        """Read a template.

        Raises:
            TalkingHeadError: INVALID_REQUEST for a file that holds no motion or has no such neutral frame;
                SOURCE_MISSING, SOURCE_UNREADABLE.
        """
        path = Path(spec.source.files[0])
        check_file(path)
        try:
            plan = template_plan(path.read_bytes())
        except OSError as error:
            raise unreadable(path, str(error)) from error
        return cls(_track(plan, spec), digest_of(["template", sessions.digests.of(path)]))

    def motion(self, position: float) -> np.ndarray:
        """Refused: a template holds no landmarks.

        Raises:
            TalkingHeadError: INVALID_REQUEST.
        """
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "A motion template holds no landmarks, which this engine needs for exact motion.",
            "Turn Exact off, or choose the engine LivePortrait.",
        )


def _track(plan: Plan, spec: CaptureSpec) -> Track:
    rate = spec.rate or plan.rate or _DEFAULT_RATE
    neutral = _neutral(spec.neutral, plan.frames)
    values = _smoothed(_values(plan), spec.smoothing, rate)
    limits = np.array([[BY_NAME[name].minimum, BY_NAME[name].maximum] for name in POSE_NAMES]).T
    values = np.clip(values - values[neutral] + REST, *limits)
    findings = tuple(
        Finding("template", 0, plan.frames - 1, f"{problem.what}: {problem.reason}.") for problem in plan.not_understood
    )
    return Track(rate, values, neutral=neutral, findings=findings)


def _neutral(wanted: int, frames: int) -> int:
    """The template's first frame is neutral unless another one is asked for."""
    if wanted == AUTOMATIC:
        return 0
    if wanted >= frames:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"Picture {wanted + 1} is to be the neutral one, but the motion template ends with picture {frames}.",
            "Choose a neutral picture of the template, or let it be found automatically.",
        )
    return wanted


def _values(plan: Plan) -> np.ndarray:
    """(frames, len(POSE_NAMES)): the plan has a key at every frame of a control that moves."""
    values = np.tile(REST, (plan.frames, 1))
    for key in plan.keys:
        values[key.frame - 1, POSE_NAMES.index(key.control)] = key.value
    return values


def _smoothed(values: np.ndarray, smoothing: float, rate: Fraction) -> np.ndarray:
    """Each group with the filter that a clip's would get."""
    reach = Reach.of(smoothing, rate)
    halves = {Group.HEAD: reach.head, Group.EYES: reach.lids, Group.BROWS: reach.head, Group.MOUTH: reach.mouth}
    result = values.copy()
    for group, half in halves.items():
        columns = [place for place, name in enumerate(POSE_NAMES) if BY_NAME[name].group is group]
        result[:, columns] = smoothed(values[:, columns], [(0, len(values) - 1)], half)
    return result
