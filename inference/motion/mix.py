# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds what drivers ask for to the sliders: slider + strength * (driver - rest), within the controls' limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..controls import POSE_CONTROLS, POSE_NAMES, Group, controls_in
from ..engines.description import Takes
from .track import REST

# How long a driver's pose takes to come and to go where its strip begins and ends.
EASE_S = Fraction(1, 3)
STRENGTH_NAMES: tuple[str, ...] = tuple(control.name for control in controls_in(Group.STRENGTH))

_LOW = np.array([control.minimum for control in POSE_CONTROLS])
_HIGH = np.array([control.maximum for control in POSE_CONTROLS])
_OF_GROUP: Mapping[Group, np.ndarray] = {
    group: np.array([control.group is group for control in POSE_CONTROLS]) for group in Group
}
# No driver moves an engine's own controls, so that any strength will do for them.
_STRENGTH_OF = [
    STRENGTH_NAMES.index("strength_head" if control.engine else f"strength_{control.group.value}")
    for control in POSE_CONTROLS
]
# What of acting an engine can take from the clip itself: points of mouth and brows, or the whole face.
LANDMARK_GROUPS = frozenset({Group.MOUTH, Group.BROWS})
DRIVING_GROUPS = frozenset({Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH})


@dataclass(frozen=True)
class Idle:
    """What a speaking head does by itself at each frame.

    Attributes:
        blinks: (n,) 0 open to 1 closed.
        sway: control name to (n,) offsets from rest in the control's unit.
    """

    blinks: np.ndarray
    sway: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Drivers:
    """What drives a face at each of n frames; None for a driver that is off.

    Attributes:
        acting, speech: (n, len(POSE_NAMES)) absolute poses in the order of ``POSE_NAMES``, already eased.
        idle: only with speech alone.
        exact: groups of the acting that the engine takes from the clip itself, not here: see ``exact_groups``.
    """

    acting: np.ndarray | None = None
    speech: np.ndarray | None = None
    idle: Idle | None = None
    exact: frozenset[Group] = frozenset()


@dataclass(frozen=True)
class ExactStrengths:
    """How much of the clip an engine uses at each of n frames: (n,) each, 0 to 2; 0 for groups it does not take."""

    head: np.ndarray
    eyes: np.ndarray
    brows: np.ndarray
    mouth: np.ndarray


def exact_groups(takes: Takes) -> frozenset[Group]:
    """Which groups of acting an engine takes from the clip itself; none for one that knows sliders only."""
    if takes.driving_video:
        return DRIVING_GROUPS
    return LANDMARK_GROUPS if takes.landmark_motion else frozenset()


def mix(sliders: np.ndarray, strengths: np.ndarray, drivers: Drivers) -> np.ndarray:
    """The pose of each frame, drivers included, within the controls' limits.

    With both drivers the mouth is the speech's alone.

    Args:
        sliders: (n, len(POSE_NAMES)) in the controls' units.
        strengths: (n, len(STRENGTH_NAMES)), 0 to 2.

    Returns:
        (n, len(POSE_NAMES)).
    """
    offset = np.zeros_like(sliders)
    if drivers.acting is not None:
        offset += drivers.acting - REST
        for group in drivers.exact:
            offset[:, _OF_GROUP[group]] = 0.0
    if drivers.speech is not None:
        mouth = _OF_GROUP[Group.MOUTH]
        spoken = drivers.speech - REST
        offset = spoken if drivers.acting is None else np.where(mouth, spoken, offset)
    offset = offset * strengths[:, _STRENGTH_OF]
    if drivers.idle is not None:
        offset = offset + _idle_offset(drivers.idle, strengths)
    return np.clip(sliders + offset, _LOW, _HIGH)


def replaced(poses: np.ndarray, others: np.ndarray, groups: Collection[Group]) -> np.ndarray:
    """(n, len(POSE_NAMES)) poses of which some groups are taken from ``others``, of the same shape."""
    result = poses.copy()
    for group in groups:
        result[:, _OF_GROUP[group]] = others[:, _OF_GROUP[group]]
    return result


def exact_strengths(
    strengths: np.ndarray, weights: np.ndarray, groups: Collection[Group], *, speech: bool
) -> ExactStrengths:
    """Strengths of the exact motion: the groups' own, eased; a mouth that speaks has none.

    Args:
        strengths: (n, len(STRENGTH_NAMES)).
        weights: (n,) as from :func:`ease`.
        groups: those that the engine takes.
        speech: speech is on as well.
    """

    def of(group: Group) -> np.ndarray:
        spoken = speech and group is Group.MOUTH
        if group not in groups or spoken:
            return np.zeros(len(strengths))
        return strengths[:, STRENGTH_NAMES.index(f"strength_{group.value}")] * weights

    return ExactStrengths(of(Group.HEAD), of(Group.EYES), of(Group.BROWS), of(Group.MOUTH))


def ease(frames: Sequence[int], first: int, end: int, rate: Fraction) -> np.ndarray:
    """(n,) how much a driver counts at timeline frames: 1 from ``first`` to before ``end``, smoothly 0 around.

    Before and after, the weight is a smoothstep over ``EASE_S``.

    Args:
        rate: timeline frames a second.
    """
    length = float(EASE_S * rate)
    numbers = np.asarray(frames, np.float64)
    outside = np.maximum(np.maximum(first - numbers, numbers - (end - 1)), 0.0)
    part = np.clip(1.0 - outside / length, 0.0, 1.0)
    return part * part * (3.0 - 2.0 * part)


def eased(poses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n, len(POSE_NAMES)) poses between rest (weight 0) and themselves (1)."""
    return REST + weights[:, None] * (poses - REST)


def _idle_offset(idle: Idle, strengths: np.ndarray) -> np.ndarray:
    offset = np.zeros((len(strengths), len(POSE_NAMES)))
    open_eyes = POSE_NAMES.index("eye_open")
    blinks = strengths[:, STRENGTH_NAMES.index("strength_blinks")]
    offset[:, open_eyes] -= REST[open_eyes] * idle.blinks * blinks
    for name, values in idle.sway.items():
        offset[:, POSE_NAMES.index(name)] += values * strengths[:, STRENGTH_NAMES.index("strength_sway")]
    return offset
