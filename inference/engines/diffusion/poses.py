# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses of a performance: sliders, and what a clip's actor does, at the strengths of a frame. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ...controls import BY_NAME, POSE_CONTROLS, RIG_NAMES, Control, Group
from ..engine import DrivingPlace

_DRIVEN = (Group.HEAD, Group.EYES, Group.BROWS, Group.MOUTH)
_RIG: tuple[Control, ...] = tuple(BY_NAME[name] for name in RIG_NAMES)
_OWN = {control.name: control.rest for control in POSE_CONTROLS if control.engine}
# Less than this is rounding.
_NOTHING = 1e-6


def shown(measured: Mapping[str, float], place: DrivingPlace, sliders: Mapping[str, float]) -> dict[str, float]:
    """The pose of a portrait that does what an actor does: the sliders plus strength times what was measured.

    Args:
        measured: ``DrivingClip.pose``.
        sliders: a pose; what it does not name rests.

    Returns:
        A whole pose, each control within its limits.
    """
    return _summed(measured, place, sliders, 0.0)


def put_on(measured: Mapping[str, float], place: DrivingPlace, sliders: Mapping[str, float]) -> dict[str, float]:
    """The pose that is put on a picture of the actor: the sliders plus (strength - 1) times what was measured.

    At rest with all strengths 1 and no slider moved. The jaw may open by less than nothing: the puppet closes a mouth
    that is open in the actor's picture by that.
    """
    pose = _summed(measured, place, sliders, 1.0)
    jaw = sliders.get("jaw_open", 0.0) + (place.mouth - 1.0) * measured.get("jaw_open", 0.0)
    return {**pose, "jaw_open": min(max(jaw, -1.0), 1.0)}


def rig_rests(pose: Mapping[str, float]) -> bool:
    """No slider of the rig is moved."""
    return all(abs(pose.get(control.name, control.rest) - control.rest) < _NOTHING for control in _RIG)


def _summed(
    measured: Mapping[str, float], place: DrivingPlace, sliders: Mapping[str, float], there: float
) -> dict[str, float]:
    pose = dict(_OWN)
    for control in _RIG:
        strength = getattr(place, control.group.value) if control.group in _DRIVEN else 0.0
        does = measured.get(control.name, control.rest) - control.rest
        value = sliders.get(control.name, control.rest) + (strength - there) * does
        pose[control.name] = min(max(value, control.minimum), control.maximum)
    return pose
