# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source strip's performance with its drivers: what a render uses, and what baking writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from ...inference.acting import ExactMotion, ExactSpeech
from ...inference.controls import Group
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ...inference.job import Job
from ...inference.motion import idle, mix
from ...inference.performance import Performance
from ..strips import lookup, sampling
from ..strips.sampling import Samples
from . import driver_strips, driver_tracks, exact
from .driver_strips import Part
from .driver_time import PictureTime
from .driver_tracks import Wanted

NOT_READ = "The driver has not been read yet."
# A microsecond, as finely as engines are told a sound's time.
_TIME_DECIMALS = 6


@dataclass(frozen=True)
class Driven:
    """Sliders and drivers of consecutive frames.

    Attributes:
        exact: what the engine takes from the driving clip itself, None without.
        exact_head, exact_expression: the same of the clips that give head, or eyes and brows, in its place.
        exact_speech: where the engine listens to the sound itself, None without.
        warnings: sentences for the user.
    """

    performance: Performance
    exact: ExactMotion | None = None
    exact_head: ExactMotion | None = None
    exact_expression: ExactMotion | None = None
    exact_speech: ExactSpeech | None = None
    warnings: tuple[str, ...] = ()

    def in_job(self, job: Job) -> Job:
        """A job with this performance and what is taken from drivers themselves."""
        return replace(
            job,
            performance=self.performance,
            exact=self.exact,
            exact_head=self.exact_head,
            exact_expression=self.exact_expression,
            exact_speech=self.exact_speech,
        )


@dataclass(frozen=True)
class _Drive:
    """A driver at n frames.

    Attributes:
        poses: (n, len(POSE_NAMES)), not eased yet.
        weights: (n,) how much it counts.
        positions: places in its track, in samples.
        rate: samples a second of its track.
        activity: (n,) how much is spoken.
    """

    wanted: Wanted
    poses: np.ndarray
    weights: np.ndarray
    positions: tuple[float, ...]
    rate: Fraction
    activity: np.ndarray

    def shown(self, places: Sequence[float]) -> tuple[float | None, ...]:
        """Places of the frames in which it counts; None in the others."""
        return tuple(place if weight > 0 else None for place, weight in zip(places, self.weights.tolist(), strict=True))


def driven(strip: Any) -> bool:
    """Whether a source strip has a driver that is on."""
    return any(driver_strips.is_on(strip, part) for part in Part)


def pending(scene: Any, strip: Any) -> tuple[Wanted, ...]:
    """The tracks that must be read before :func:`mixed` can answer.

    Raises:
        TalkingHeadError: a driver is missing or cannot be followed.
    """
    return driver_tracks.pending(scene, strip)


def mixed(scene: Any, strip: Any, frames: Sequence[int]) -> Performance:
    """The pose of a source strip at timeline frames: sliders and drivers, within limits, as a render uses it.

    With *Exact* on, what the engine takes from drivers themselves is not in it (see :func:`performance_of`).

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed, or was not read yet (action READ_DRIVER).
    """
    return performance_of(scene, strip, frames).performance


def performance_of(scene: Any, strip: Any, frames: Sequence[int]) -> Driven:
    """As :func:`mixed`, with what the engine takes from clips and sound themselves.

    Raises:
        TalkingHeadError: as :func:`mixed`.
    """
    return add_drivers(scene, strip, frames, sampling.samples(scene, strip, frames))


def add_drivers(scene: Any, strip: Any, frames: Sequence[int], sampled: Samples) -> Driven:
    """Drivers added to sliders that were sampled at timeline frames.

    Raises:
        TalkingHeadError: as :func:`mixed`.
    """
    drives = {part: _drive(scene, strip, part, frames) for part in Part if driver_strips.is_on(strip, part)}
    speech, heard = drives.get(Part.SPEECH), exact.hears(strip)
    clips = {part: drive for part, drive in drives.items() if part is not Part.SPEECH}
    taken = {part: exact.taken(strip, part) for part in clips}
    drivers = mix.Drivers(
        acting=_acted(clips),
        # What the engine hears itself is not in the sliders, and neither is the actor's mouth.
        speech=speech and mix.eased(speech.poses, np.zeros_like(speech.weights) if heard else speech.weights),
        idle=_idle(scene, strip, frames, speech) if speech and not clips else None,
        exact=frozenset().union(*taken.values()),
    )
    poses = mix.mix(sampled.sliders, sampled.strengths, drivers)
    motions = {
        part: _exact_motion(clips[part], sampled.strengths, groups, speech=speech is not None)
        for part, groups in taken.items()
        if groups
    }
    return Driven(
        performance=sampling.performance(scene, poses),
        exact=motions.get(Part.ACTING),
        exact_head=motions.get(Part.HEAD),
        exact_expression=motions.get(Part.EXPRESSION),
        exact_speech=_exact_speech(speech, sampled.strengths) if speech and heard else None,
        warnings=_absent(strip, drives.values()),
    )


def acting_picture(scene: Any, strip: Any, frame: int) -> int:
    """Index of the picture that the acting driver of a source strip shows at a timeline frame.

    Raises:
        TalkingHeadError: the driver is missing, cannot be followed, or is a file that was not read yet.
    """
    wanted = driver_tracks.wanted(scene, strip, Part.ACTING)
    time, read = wanted.medium.time, driver_tracks.of(wanted)
    if isinstance(time, PictureTime):
        first, end, rate = time.first, time.end, Fraction(1)
    elif read is None:
        raise _not_read()
    else:
        rate = read.track.rate
        first, end = time.span(len(read.track), rate)
    return round(time.sample_at(min(max(frame, first), end - 1), rate))


def state_of(strip: Any) -> tuple[object, ...]:
    """What drivers contribute depends on, cheap to look at: whether a preview is still right is told by it."""
    parts = tuple(_part_state(strip, part) for part in Part if driver_strips.is_on(strip, part))
    rate = sampling.scene_rate(strip.id_data)
    exact_ones = (strip.th_acting_exact, strip.th_speech_exact)
    return (driver_tracks.changes(), rate, *exact_ones, strip.th_idle_seed, parts) if parts else ()


def _part_state(strip: Any, part: Part) -> tuple[object, ...]:
    driver = driver_strips.find(strip, part)
    return part, driver_tracks.settings_of(strip, part), driver and driver_strips.placement_of(driver)


def _drive(scene: Any, strip: Any, part: Part, frames: Sequence[int]) -> _Drive:
    wanted = driver_tracks.wanted(scene, strip, part)
    read = driver_tracks.of(wanted)
    if read is None:
        raise _not_read()
    track, time = read.track, wanted.medium.time
    first, end = time.span(len(track), track.rate)
    positions = [time.sample_at(min(max(frame, first), end - 1), track.rate) for frame in frames]
    return _Drive(
        wanted=wanted,
        poses=track.at(positions),
        weights=mix.ease(frames, first, end, sampling.scene_rate(scene)),
        positions=tuple(float(min(max(position, 0), len(track) - 1)) for position in positions),
        rate=track.rate,
        activity=track.activity_at(positions),
    )


def _acted(clips: Mapping[Part, _Drive]) -> np.ndarray | None:
    """(n, len(POSE_NAMES)) what the acting clip does, where no other clip gives it; None without one."""
    if not clips:
        return None
    acted = {part: mix.eased(drive.poses, drive.weights) for part, drive in clips.items()}
    poses = acted[Part.ACTING]
    for part, own in acted.items():
        poses = mix.replaced(poses, own, exact.GROUPS_OF[part]) if part in driver_strips.ADDED else poses
    return poses


def _absent(strip: Any, drives: Iterable[_Drive]) -> tuple[str, ...]:
    """Sentences about drivers that lie elsewhere in time."""
    names = (drive.wanted.medium.name for drive in drives if not drive.weights.any())
    return tuple(
        f"The driver '{name}' does not lie at the same time as '{strip.name}'. Move it there to see it."
        for name in names
    )


def _idle(scene: Any, strip: Any, frames: Sequence[int], speech: _Drive) -> mix.Idle:
    # Counted from the strip's content, so that moving the portrait with its speech changes no frame.
    anchor = lookup.facts_of(strip).anchor
    times_s = np.array([float((frame - anchor) / sampling.scene_rate(scene)) for frame in frames])
    sway = idle.sway(strip.th_idle_seed, times_s, speech.activity * speech.weights)
    return mix.Idle(
        blinks=idle.blinks(strip.th_idle_seed, times_s) * speech.weights,
        sway={name: values * speech.weights for name, values in sway.items()},
    )


def _exact_motion(clip: _Drive, strengths: np.ndarray, groups: frozenset[Group], *, speech: bool) -> ExactMotion:
    amounts = mix.exact_strengths(strengths, clip.weights, groups, speech=speech)
    spec = clip.wanted.medium.spec
    assert spec is not None  # a clip
    return ExactMotion(
        spec,
        clip.shown(clip.positions),
        mouth=_rounded(amounts.mouth),
        brows=_rounded(amounts.brows),
        head=_rounded(amounts.head),
        eyes=_rounded(amounts.eyes),
    )


def _exact_speech(speech: _Drive, strengths: np.ndarray) -> ExactSpeech:
    medium = speech.wanted.medium
    times_s = tuple(round(position / float(speech.rate), _TIME_DECIMALS) for position in speech.positions)
    amounts = mix.exact_strengths(strengths, speech.weights, {Group.MOUTH}, speech=False)
    return ExactSpeech(str(medium.sound), speech.shown(times_s), _rounded(amounts.mouth), medium.zero)


def _rounded(strengths: np.ndarray) -> tuple[float, ...]:
    return tuple(strengths.round(sampling.DECIMALS).tolist())


def _not_read() -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, NOT_READ, "Press Read Driver.", Action.READ_DRIVER)
