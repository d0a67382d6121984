# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driving clips and a sound for ``python -m inference render``: as exact as the engine can, the rest as sliders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..acting import CaptureSpec, ExactMotion, ExactSpeech
from ..controls import Group
from ..engines import description_of
from ..engines.description import Takes
from ..job import Job
from ..motion.mix import DRIVING_GROUPS, STRENGTH_NAMES, Drivers, exact_groups, mix, replaced
from ..motion.track import REST
from ..performance import Performance
from .sessions import Sessions
from .task import Task

if TYPE_CHECKING:
    from ..motion.track import Track

ACTING, HEAD, EXPRESSION = "acting", "head", "expression"
# What clips beside the acting one give in its place.
_ADDED: Mapping[str, frozenset[Group]] = {
    HEAD: frozenset({Group.HEAD}),
    EXPRESSION: frozenset({Group.EYES, Group.BROWS}),
}
# Of sounds of movies time is counted from the first picture, so that the movie can act and speak at once.
_ZERO = "picture"


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

    def places(self, count: int, rate: Fraction) -> list[Fraction]:
        """Place in the clip of each frame, in pictures; it begins with the first frame and ends held."""
        last = Fraction(len(self.track) - 1)
        return [min(frame * self.track.rate / rate, last) for frame in range(count)]


@dataclass(frozen=True)
class Voice:
    """A sound that speaks.

    Attributes:
        length_s: how long it lasts.
        track: mouth sliders, for engines that do not listen themselves; None for those that do.
    """

    sound: Path
    length_s: Fraction
    track: Track | None

    @classmethod
    def of(cls, sound: Path, takes: Takes, sessions: Sessions, task: Task) -> Voice:
        """Listen to a sound, as far as the engine does not.

        Raises:
            TalkingHeadError: what reading the sound raises.
        """
        from ..speech.sound import RATE_HZ, SoundReader, Zero
        from ..speech.speech import SpeechSpec, read_speech

        zero = Zero(_ZERO)
        if takes.audio:
            reader = SoundReader(sound, zero=zero)
            try:
                samples = sum(len(block) for block in reader.blocks())
            finally:
                reader.close()
            return cls(sound, Fraction(samples, RATE_HZ), None)
        track = read_speech(SpeechSpec(sound, zero=zero), sessions.digests, task, sessions.cache).track
        return cls(sound, len(track) / track.rate, track)

    def frames(self, rate: Fraction) -> int:
        """How many frames it lasts."""
        return max(1, round(self.length_s * rate))

    def poses(self, count: int, rate: Fraction) -> np.ndarray:
        """(count, len(POSE_NAMES)) what it asks of the sliders: nothing where the engine listens."""
        if self.track is None:
            return np.tile(REST, (count, 1))
        return self.track.at([frame * self.track.rate / rate for frame in range(count)])

    def exact(self, count: int, rate: Fraction) -> ExactSpeech | None:
        """What the engine listens to; None where the sliders move."""
        if self.track is not None:
            return None
        times_s = [frame / rate for frame in range(count)]
        heard = tuple(round(float(time_s), 6) if time_s < self.length_s else None for time_s in times_s)
        return ExactSpeech(str(self.sound), heard, (1.0,) * count, _ZERO)


@dataclass(frozen=True)
class RenderDrivers:
    """All that drives a render besides the sliders.

    Attributes:
        clips: by what they give: ACTING, HEAD, EXPRESSION.
    """

    clips: Mapping[str, Driver] = field(default_factory=dict)
    voice: Voice | None = None

    @property
    def rate(self) -> Fraction | None:
        """Pictures a second of the first clip; None without."""
        return next((clip.track.rate for clip in self.clips.values()), None)

    def frames(self, rate: Fraction) -> int | None:
        """How many frames the longest driver lasts; None without drivers."""
        lengths = [driver.frames(rate) for driver in (*self.clips.values(), self.voice) if driver is not None]
        return max(lengths, default=None)

    def drives(self, job: Job) -> Job:
        """The job with the drivers' whole motion on top of the sliders; a voice has the mouth."""
        takes = description_of(job.engine).takes
        count, rate = len(job.performance), job.performance.rate
        taken = {name: self._taken(name, takes) for name in self.clips}
        drivers = Drivers(
            acting=self._poses(count, rate),
            speech=self.voice.poses(count, rate) if self.voice else None,
            exact=reduce(frozenset.union, taken.values(), frozenset[Group]()),
        )
        strengths = np.ones((count, len(STRENGTH_NAMES)))
        spoken = {Group.MOUTH} if self.voice else set[Group]()
        motions = {
            name: _exact(self.clips[name], count, rate, groups - spoken) for name, groups in taken.items() if groups
        }
        return replace(
            job,
            performance=Performance(rate, mix(job.performance.values, strengths, drivers)),
            exact=motions.get(ACTING),
            exact_head=motions.get(HEAD),
            exact_expression=motions.get(EXPRESSION),
            exact_speech=self.voice.exact(count, rate) if self.voice else None,
        )

    def _taken(self, name: str, takes: Takes) -> frozenset[Group]:
        """What the engine takes from a clip itself."""
        if self.clips[name].spec.is_template and not takes.templates:
            return frozenset()  # a template holds no landmarks
        if name == ACTING:
            return (exact_groups(takes) & DRIVING_GROUPS).difference(*(_ADDED[n] for n in self.clips if n != ACTING))
        return _ADDED[name] if takes.separate_clips else frozenset()

    def _poses(self, count: int, rate: Fraction) -> np.ndarray | None:
        """(count, len(POSE_NAMES)) what the clips do, each for its part of the face; None without clips."""
        if not self.clips:
            return None
        tracks = {name: clip.track.at(clip.places(count, rate)) for name, clip in self.clips.items()}
        poses = tracks.pop(ACTING, np.tile(REST, (count, 1)))
        for name, own in tracks.items():
            poses = replaced(poses, own, _ADDED[name])
        return poses


def _exact(driver: Driver, count: int, rate: Fraction, groups: Collection[Group]) -> ExactMotion:
    head, eyes, brows, mouth = (
        (1.0 if group in groups else 0.0,) * count for group in (Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH)
    )
    places = tuple(float(place) for place in driver.places(count, rate))
    return ExactMotion(driver.spec, places, mouth=mouth, brows=brows, head=head, eyes=eyes)
