# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving clip for ``python -m inference render``: as exact as the engine can, the rest as sliders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..acting import CaptureSpec, ExactMotion
from ..controls import Group
from ..engines import description_of
from ..job import Job
from ..motion.mix import STRENGTH_NAMES, Drivers, exact_groups, mix
from ..performance import Performance
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..motion.track import Track


@dataclass(frozen=True)
class Driver:
    """A clip that was watched, or a template.

    Attributes:
        spec: what was asked for.
        track: its motion as sliders.
    """

    spec: CaptureSpec
    track: Track

    @classmethod
    def of(cls, spec: CaptureSpec, sessions: Sessions, task: Task) -> Driver:
        """Watch a clip, which the render then finds watched."""
        from ..capture.read import captured

        return cls(spec, captured(spec, sessions, task).track)

    def frames(self, rate: Fraction) -> int:
        """How many frames it lasts."""
        return max(1, round(len(self.track) / self.track.rate * rate))

    def drives(self, job: Job) -> Job:
        """The job with the clip's whole motion on top of the sliders; it begins with the first frame and ends held."""
        groups = exact_groups(description_of(job.engine).takes)
        if self.spec.is_template and Group.HEAD not in groups:
            groups = frozenset()  # a template holds no landmarks
        rate = job.performance.rate
        positions = [frame * self.track.rate / rate for frame in range(len(job.performance))]
        strengths = np.ones((len(positions), len(STRENGTH_NAMES)))
        drivers = Drivers(acting=self.track.at(positions), exact=groups)
        performance = Performance(rate, mix(job.performance.values, strengths, drivers))
        return replace(job, performance=performance, exact=self._exact(positions, groups) if groups else None)

    def _exact(self, positions: Sequence[Fraction], groups: Collection[Group]) -> ExactMotion:
        last = len(self.track) - 1
        head, eyes, brows, mouth = (
            (1.0 if group in groups else 0.0,) * len(positions)
            for group in (Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH)
        )
        places = tuple(float(min(position, last)) for position in positions)
        return ExactMotion(self.spec, places, mouth=mouth, brows=brows, head=head, eyes=eyes)
