# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What animates properties of a strip, as plain values that can be compared: keys, modifiers, Blender's drivers.

Nothing is evaluated. Times count from the strip's anchor, so a strip that is moved with its keys stays the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from .. import compat

# Handles of these types are placed by hand; the others follow from the keys.
_FREE, _ALIGNED = 0, 3
# Interpolations after this one have an easing.
_BEZIER = 2
_EASING = ("easing", "back", "amplitude", "period")
# Only these modifiers count time from the keys; the others stay where they are when a strip is moved.
_FOLLOWING = frozenset({"CYCLES", "LIMITS"})
_SIMPLE = frozenset({"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"})
_TIME_DECIMALS, _VALUE_DECIMALS = 2, 5


def of_properties(strip: Any, names: Collection[str], anchor: int) -> dict[str, tuple[object, ...]]:
    """What animates the named properties of a strip, by name; properties without animation are left out.

    Args:
        names: properties of the strip, such as ``th_head_yaw``.
        anchor: timeline frame of the strip's content frame 0.
    """
    prefix = strip.path_from_id() + "."
    found: dict[str, tuple[object, ...]] = {}
    for curve in compat.fcurves_of(strip.id_data):
        name = _name(curve, prefix)
        if name in names:
            found[name] = ("curve", *_curve(curve, anchor))
    for driver in drivers_of(strip):
        name = _name(driver, prefix)
        if name in names:
            found[name] = (*found.get(name, ()), "driver", *_driver(driver))
    return found


def drivers_of(strip: Any) -> Iterator[Any]:
    """Blender's drivers on properties of a strip."""
    animation = strip.id_data.animation_data
    prefix = strip.path_from_id() + "."
    for driver in animation.drivers if animation else ():
        if driver.data_path.startswith(prefix):
            yield driver


def is_muted(state: tuple[object, ...]) -> bool:
    """Whether a curve among ``of_properties`` has no effect, so that the value itself counts."""
    return state[0] == "curve" and bool(state[1]) and "driver" not in state


def layered(scene: Any) -> bool:
    """Whether a scene has NLA tracks, which may animate any strip."""
    animation = scene.animation_data
    return animation is not None and any(not track.mute for track in animation.nla_tracks)


def values_of(struct: Any) -> tuple[object, ...]:
    """The simple writable properties of anything in Blender, in the order in which it has them."""
    return tuple(
        _plain(getattr(struct, prop.identifier))
        for prop in struct.bl_rna.properties
        if prop.type in _SIMPLE and not prop.is_readonly and not prop.identifier.startswith(("show_", "select"))
    )


def _name(curve: Any, prefix: str) -> str:
    path = curve.data_path
    return path[len(prefix) :] if path.startswith(prefix) else ""


def _plain(value: Any) -> object:
    if isinstance(value, float):
        return round(value, _VALUE_DECIMALS)
    if isinstance(value, (bool, int, str)):
        return value
    return tuple(_plain(item) for item in value)


def _curve(curve: Any, anchor: int) -> tuple[object, ...]:
    modifiers = [modifier for modifier in curve.modifiers if not modifier.mute]
    still = any(modifier.type not in _FOLLOWING for modifier in modifiers)
    muted = curve.mute or (curve.group is not None and curve.group.mute)
    return (
        muted, curve.extrapolation, _keys(curve, anchor),
        tuple((modifier.type, *values_of(modifier)) for modifier in modifiers), anchor if still else 0,
    )  # fmt: skip


def _keys(curve: Any, anchor: int) -> str:
    points = curve.keyframe_points
    places, interpolation = _read(points, "co", 2), _read(points, "interpolation", 1)
    columns = [interpolation]
    if (interpolation > _BEZIER).any():
        columns += [_read(points, name, 1) for name in _EASING]
    for side in ("handle_left", "handle_right"):
        types = _read(points, f"{side}_type", 1)
        by_hand = (types == _FREE) | (types == _ALIGNED)
        columns.append(types)
        if by_hand.any():
            columns.append(((_read(points, side, 2) - places) * by_hand).round(_TIME_DECIMALS))
    places[:, 0] = (places[:, 0] - anchor).round(_TIME_DECIMALS)
    keys = np.concatenate([places, *columns], axis=1).round(_VALUE_DECIMALS) + 0.0  # no -0.0
    return hashlib.blake2b(keys.tobytes(), digest_size=8).hexdigest()


def _read(points: Any, name: str, size: int) -> np.ndarray:
    """(n, size) float64: a property of keys; enums are their numbers."""
    whole = name.endswith(("type", "interpolation", "easing"))
    values = np.empty(size * len(points), np.int32 if whole else np.float32)
    points.foreach_get(name, values)
    return values.astype(np.float64).reshape(-1, size)


def _driver(curve: Any) -> tuple[object, ...]:
    driver = curve.driver
    variables = tuple(
        (variable.name, variable.type, *(_target(target) for target in variable.targets))
        for variable in driver.variables
    )
    return curve.mute, driver.type, driver.expression, variables, *_curve(curve, 0)


def _target(target: Any) -> tuple[object, ...]:
    return (target.id.name if target.id else "", target.data_path, target.transform_type, target.bone_target)
