# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source strip's performance with its drivers: what a render uses, and what baking writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...inference.acting import ExactMotion
from ...inference.controls import Group
from ...inference.engines import description_of
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ...inference.motion import idle, mix
from ...inference.performance import Performance
from ..strips import lookup, sampling
from ..strips.sampling import Samples
from . import driver_media, driver_strips, driver_tracks
from .driver_strips import Part
from .driver_time import PictureTime
from .driver_tracks import Wanted

NOT_READ = "The driver has not been read yet."


@dataclass(frozen=True)
class Driven:
    """Sliders and drivers of consecutive frames.

    Attributes:
        exact: what the engine takes from the driving clip itself, None without.
        warnings: sentences for the user.
    """

    performance: Performance
    exact: ExactMotion | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Drive:
    """A driver at n frames.

    Attributes:
        poses: (n, len(POSE_NAMES)), not eased yet.
        weights: (n,) how much it counts.
        positions: places in its track, in samples.
        activity: (n,) how much is spoken.
    """

    wanted: Wanted
    poses: np.ndarray
    weights: np.ndarray
    positions: tuple[float, ...]
    activity: np.ndarray


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

    With *Exact* on, what the engine takes from the clip itself is not in it (see :func:`performance_of`).

    Raises:
        TalkingHeadError: a driver is missing, cannot be followed, or was not read yet (action READ_DRIVER).
    """
    return performance_of(scene, strip, frames).performance


def performance_of(scene: Any, strip: Any, frames: Sequence[int]) -> Driven:
    """As :func:`mixed`, with the exact motion.

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
    acting, speech = drives.get(Part.ACTING), drives.get(Part.SPEECH)
    exact = exact_groups(strip) if acting else frozenset()
    drivers = mix.Drivers(
        acting=acting and mix.eased(acting.poses, acting.weights),
        speech=speech and mix.eased(speech.poses, speech.weights),
        idle=_idle(scene, strip, frames, speech) if speech and not acting else None,
        exact=exact,
    )
    poses = mix.mix(sampled.sliders, sampled.strengths, drivers)
    motion = _exact(acting, sampled.strengths, exact, speech=speech is not None) if exact and acting else None
    return Driven(sampling.performance(scene, poses), motion, _absent(strip, drives.values()))


def exact_groups(strip: Any) -> frozenset[Group]:
    """Groups of a strip's acting that its engine takes from the clip itself; none while that is not asked for."""
    if not strip.th_acting_exact:
        return frozenset()
    groups = mix.exact_groups(description_of(strip.th_engine).takes)
    # A template holds motion but no pictures, so no points can be followed on them.
    return frozenset() if groups == mix.LANDMARK_GROUPS and driver_media.acts_by_template(strip) else groups


def follows_clip(strip: Any) -> bool:
    """Whether a strip's engine is shown the driving clip itself."""
    return driver_strips.is_on(strip, Part.ACTING) and exact_groups(strip) == mix.DRIVING_GROUPS


def exact_effect(strip: Any) -> str:
    """What *Exact* does with a strip's engine and driver, as a sentence for the panel."""
    engine = description_of(strip.th_engine)
    groups = mix.exact_groups(engine.takes)
    if not groups:
        return f"{engine.label} cannot follow a clip itself; the face follows by the sliders."
    if groups == mix.LANDMARK_GROUPS and driver_media.acts_by_template(strip):
        return f"{engine.label} cannot follow a motion template itself; the face follows by the sliders."
    if not strip.th_acting_exact:
        return ""
    spoken = driver_strips.is_on(strip, Part.SPEECH)
    if groups == mix.LANDMARK_GROUPS:
        points = "brows follow" if spoken else "mouth and brows follow"
        return f"{points.capitalize()} the actor point by point, the rest by the sliders."
    face = "head, eyes and brows" if spoken else "head, eyes, brows and mouth"
    return f"{engine.label} follows the clip itself: {face}. What you set on the sliders is added."


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
    return (driver_tracks.changes(), rate, strip.th_acting_exact, strip.th_idle_seed, parts) if parts else ()


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
        activity=track.activity_at(positions),
    )


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


def _exact(acting: _Drive, strengths: np.ndarray, groups: frozenset[Group], *, speech: bool) -> ExactMotion:
    amounts = mix.exact_strengths(strengths, acting.weights, groups, speech=speech)
    spec = acting.wanted.medium.spec
    assert spec is not None  # a clip
    positions = tuple(
        position if weight > 0 else None
        for position, weight in zip(acting.positions, acting.weights.tolist(), strict=True)
    )
    return ExactMotion(
        spec,
        positions,
        mouth=_rounded(amounts.mouth),
        brows=_rounded(amounts.brows),
        head=_rounded(amounts.head),
        eyes=_rounded(amounts.eyes),
    )


def _rounded(strengths: np.ndarray) -> tuple[float, ...]:
    return tuple(strengths.round(sampling.DECIMALS).tolist())


def _not_read() -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, NOT_READ, "Press Read Driver.", Action.READ_DRIVER)
