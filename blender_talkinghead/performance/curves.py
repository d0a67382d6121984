# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The F-curves of a strip's sliders, which lie in the action of its scene: read, written, and refused with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import bpy
import numpy as np

from ...inference.controls import BY_NAME
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.motion.key_reduction import Key
from .. import compat
from .curve_keys import ALIGNED, AUTO_CLAMPED, CurveKeys

GROUP_PREFIX = "Talking Head: "
_COORDINATES = ("co", "handle_left", "handle_right")
_NUMBERS = ("back", "amplitude", "period")
_LONGEST_NAME = 63  # bytes


def find(strip: Any, name: str) -> Any | None:
    """The F-curve of a control, or None."""
    path = strip.path_from_id(BY_NAME[name].property_name)
    return next((curve for curve in compat.fcurves_of(strip.id_data) if curve.data_path == path), None)


def animated(strip: Any, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the controls that have an F-curve with keys."""
    paths = {curve.data_path for curve in compat.fcurves_of(strip.id_data) if len(curve.keyframe_points)}
    return tuple(name for name in names if strip.path_from_id(BY_NAME[name].property_name) in paths)


def require_writable(strip: Any, names: Iterable[str]) -> None:
    """Check that keys of these controls can be written and then count.

    Raises:
        TalkingHeadError: INVALID_REQUEST that names the control and what is in the way.
    """
    scene = strip.id_data
    _require_own_action(scene)
    animation = scene.animation_data
    driven = {curve.data_path for curve in animation.drivers} if animation else set()
    for name in names:
        control = BY_NAME[name]
        if strip.path_from_id(control.property_name) in driven:
            raise _in_the_way(
                f"The slider {control.label} of '{strip.name}' has a Blender driver, which overrules keys.",
                "Right-click the slider and choose Delete Driver.",
            )
        curve = find(strip, name)
        if curve is not None:
            _require_plain(strip, control.label, curve)


def read(strip: Any, name: str) -> CurveKeys | None:
    """All keys of a control; None without any."""
    curve = find(strip, name)
    return None if curve is None or not len(curve.keyframe_points) else read_curve(curve)


def write(strip: Any, name: str, keys: CurveKeys, extrapolation: str | None = None) -> None:
    """Make these the only keys of a control; they are at least one.

    Args:
        extrapolation: "CONSTANT" or "LINEAR"; None leaves it as it is.

    Raises:
        TalkingHeadError: as ``require_writable``.
    """
    require_writable(strip, [name])
    curve = find(strip, name) or _new_curve(strip, name)
    if curve.group is None:
        curve.group = _group(strip)
    if extrapolation is not None:
        curve.extrapolation = extrapolation
    write_curve(curve, keys)


def replace(strip: Any, name: str, keys: Sequence[Key]) -> None:
    """Put Bezier keys into a curve; what it had between the first and the last of them goes, the rest stays.

    Args:
        keys: in the order of their frames, at least one.

    Raises:
        TalkingHeadError: as ``require_writable``.
    """
    new = CurveKeys.of(
        np.array([(key.frame, key.value) for key in keys]),
        np.array([key.left for key in keys]),
        np.array([key.right for key in keys]),
        [key.interpolation for key in keys],
        ALIGNED,
    )
    old = read(strip, name)
    write(strip, name, new if old is None else old.outside(keys[0].frame, keys[-1].frame).with_keys(new))


def insert(strip: Any, name: str, keys: Sequence[tuple[float, float, str]]) -> None:
    """Add keys to a curve, with automatic handles; a key that has the frame of a new one goes.

    Args:
        keys: (frame, value, "BEZIER", "LINEAR" or "CONSTANT"), at least one; the last one of a frame counts.

    Raises:
        TalkingHeadError: as ``require_writable``.
    """
    points = {float(frame): (float(value), interpolation) for frame, value, interpolation in keys}
    places = np.array([(frame, points[frame][0]) for frame in sorted(points)])
    # A third of a frame: Blender computes the length of automatic handles itself.
    third = np.array([1 / 3, 0.0])
    interpolations = [points[frame][1] for frame in sorted(points)]
    new = CurveKeys.of(places, places - third, places + third, interpolations, AUTO_CLAMPED)
    old = read(strip, name)
    write(strip, name, new if old is None else old.chosen(~np.isin(old.frames, new.frames)).with_keys(new))


def remove(strip: Any, name: str) -> None:
    """Take a control's curve away; the slider keeps the value it has.

    Raises:
        TalkingHeadError: as ``require_writable``.
    """
    curve = find(strip, name)
    if curve is not None:
        require_writable(strip, [name])
        compat.remove_fcurve(strip.id_data, curve)


def refresh(scene: Any) -> None:
    """Show the sliders as the curves now say."""
    scene.update_tag()
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)


def _require_own_action(scene: Any) -> None:
    if not scene.is_editable:
        raise _in_the_way(
            f"The scene '{scene.name}' is linked from another file, so that it cannot be animated here.",
            "Make it local in the Outliner, or open the other file.",
        )
    animation = scene.animation_data
    if animation is None:
        return
    if animation.use_tweak_mode:
        raise _in_the_way(
            f"A strip of the scene '{scene.name}' is being tweaked in the Nonlinear Animation editor.",
            "Leave tweak mode with Tab there.",
        )
    if animation.action is not None and not animation.action.is_editable:
        raise _in_the_way(
            f"The action '{animation.action.name}' is linked from another file.", "Make it local in the Outliner."
        )
    blended = animation.action_blend_type != "REPLACE" or animation.action_influence < 1
    if animation.use_nla and len(animation.nla_tracks) and blended:
        raise _in_the_way(
            f"The action of the scene '{scene.name}' is blended with its NLA tracks, which would change the keys.",
            "Set its blending to Replace and its influence to 1 in the Nonlinear Animation editor.",
        )
    if animation.use_nla and any(track.is_solo for track in animation.nla_tracks):
        raise _in_the_way(
            f"An NLA track of the scene '{scene.name}' plays solo, so that keys have no effect.",
            "Switch its star off in the Nonlinear Animation editor.",
        )


def _require_plain(strip: Any, label: str, curve: Any) -> None:
    if curve.lock or (curve.group is not None and curve.group.lock):
        problem, hint = "is locked", "Unlock it in the Graph Editor."
    elif curve.mute:
        problem, hint = "is muted, so that keys have no effect", "Unmute it in the Graph Editor."
    elif len(curve.modifiers):
        problem, hint = "has modifiers, which would change the keys", "Apply or remove them in the Graph Editor."
    elif len(curve.sampled_points):
        problem, hint = "was converted to samples", "Convert it to keyframes in the Graph Editor."
    else:
        return
    raise _in_the_way(f"The curve {label} of '{strip.name}' {problem}.", hint)


def _in_the_way(message: str, hint: str) -> TalkingHeadError:
    return TalkingHeadError(ErrorCode.INVALID_REQUEST, message, hint)


def _new_curve(strip: Any, name: str) -> Any:
    scene = strip.id_data
    animation = scene.animation_data_create()
    if animation.action is None:
        animation.action = bpy.data.actions.new(f"{scene.name}Action")
    return compat.new_fcurve(scene, strip.path_from_id(BY_NAME[name].property_name))


def group_name(strip: Any) -> str:
    """Name of the group that holds the curves of a strip's sliders."""
    # Blender cuts names off there.
    return (GROUP_PREFIX + strip.name).encode()[:_LONGEST_NAME].decode(errors="ignore")


def _group(strip: Any) -> Any:
    groups, name = compat.fcurve_groups(strip.id_data), group_name(strip)
    return groups.get(name) or groups.new(name)


def read_curve(curve: Any) -> CurveKeys:
    """All keys of an F-curve, which may have none."""
    points = curve.keyframe_points
    arrays: dict[str, np.ndarray] = {}
    for field in fields(CurveKeys):
        if field.name in _COORDINATES:
            flat = np.empty(2 * len(points), np.float32)
        else:
            flat = np.empty(len(points), np.float32 if field.name in _NUMBERS else np.int32)
        points.foreach_get(field.name, flat)
        arrays[field.name] = flat.reshape(-1, 2).astype(np.float64) if field.name in _COORDINATES else flat
    return CurveKeys(**arrays)


def write_curve(curve: Any, keys: CurveKeys) -> None:
    """Make these the only keys of an F-curve, which must be writable."""
    points = curve.keyframe_points
    points.clear()
    points.add(len(keys))
    # Types before handles: a handle is moved when its type changes.
    for name in sorted((field.name for field in fields(CurveKeys)), key=_COORDINATES.__contains__):
        values = getattr(keys, name)
        whole = name not in _COORDINATES and name not in _NUMBERS
        points.foreach_set(name, np.ascontiguousarray(values, np.int32 if whole else np.float32).ravel())
    curve.update()
    curve.id_data.update_tag()
