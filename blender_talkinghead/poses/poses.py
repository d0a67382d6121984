# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses on strips: the gallery's entries, applying values to sliders with or without keys, the clipboard."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...inference.controls import BY_NAME, POSE_NAMES, Group
from ...inference.engines import description_of
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.motion.poses import EXPRESSIONS, GROUPS, MOUTH_SHAPES, Pose, blended, mirrored_pose
from .. import properties
from ..performance import curves
from . import pose_library

SET_EXPRESSIONS, SET_MOUTH, SET_MINE = "EXPRESSIONS", "MOUTH", "MINE"
SETS = (SET_EXPRESSIONS, SET_MOUTH, SET_MINE)
_SUPPLIED: Mapping[str, tuple[Pose, ...]] = {SET_EXPRESSIONS: EXPRESSIONS, SET_MOUTH: MOUTH_SHAPES}
# Sliders are stored in 32 bit: what differs by less is the same.
_SAME = 1e-6


@dataclass(frozen=True)
class Entry:
    """A pose of the gallery.

    Attributes:
        identifier: unique, and the same in every session.
        path: file of a pose of the user's, None for a supplied one.
    """

    identifier: str
    pose: Pose
    path: Path | None = None


def entries(set_name: str) -> tuple[Entry, ...]:
    """The poses of one set of the gallery."""
    if set_name == SET_MINE:
        stored = pose_library.library().poses
        return tuple(Entry(own_identifier(one.path), one.pose, one.path) for one in stored)
    return tuple(Entry(f"{set_name}:{pose.name}", pose) for pose in _SUPPLIED[set_name])


def own_identifier(path: Path) -> str:
    """Identifier of a pose of the user's."""
    return f"{SET_MINE}:{path.stem}"


def all_entries() -> tuple[Entry, ...]:
    """Every pose there is."""
    return tuple(entry for set_name in SETS for entry in entries(set_name))


def entry_named(text: str) -> Entry:
    """The pose with an identifier or a name, the user's own before supplied ones.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is none.
    """
    known = all_entries()
    own_first = sorted(known, key=lambda entry: entry.path is None)
    for entry in own_first:
        if text == entry.identifier or text.lower() == entry.pose.name.lower():
            return entry
    raise TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"There is no pose named '{text}'." if text else "No pose is selected.",
        "Select a pose in the gallery of the panel Poses.",
    )


def current_pose(strip: Any, name: str, groups: Collection[Group] = GROUPS) -> Pose:
    """The sliders of a strip that its engine knows, as they are now.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the groups hold no slider.
    """
    values = properties.controls_of(strip)
    known = description_of(strip.th_engine).controls
    chosen = {name: values[name] for name in POSE_NAMES if name in known and BY_NAME[name].group in groups}
    if not chosen:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "No group of sliders is chosen.", "Turn on Head, Eyes, Brows or Mouth."
        )
    return Pose(name, chosen)


def apply(strip: Any, values: Mapping[str, float], amount: float, groups: Collection[Group], *, key: bool) -> int:
    """Move the sliders that a pose sets toward it.

    Args:
        amount: 0 (as they are) to 1 (the pose).
        key: insert keyframes at the current frame; without it, Blender's auto-keying decides.

    Returns:
        How many sliders the pose sets.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the groups hold none of the pose's sliders, or with ``key`` when a curve
            cannot be written; nothing has moved then.
    """
    before = properties.controls_of(strip)
    after = blended(before, values, amount, groups)
    if not after:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "The pose sets no slider of the chosen groups.", "Turn on more groups."
        )
    changed = {name for name, value in after.items() if abs(value - before[name]) > _SAME}
    # What is animated is keyed as well, or its curve would carry it away from the pose.
    to_key = sorted(changed | set(curves.animated(strip, after)))
    if key:
        curves.require_writable(strip, to_key)
    for name, value in after.items():
        setattr(strip, BY_NAME[name].property_name, value)
    _insert_keys(strip, to_key, key)
    return len(after)


def mirror(strip: Any, groups: Collection[Group], *, key: bool) -> int:
    """Exchange left and right of the sliders as they are now; how many sliders were set."""
    pose = current_pose(strip, "Mirrored", groups)
    return apply(strip, mirrored_pose(pose.values), 1.0, groups, key=key)


def read_clipboard() -> str:
    """The text on the clipboard of the window system; "" in background, which has none."""
    return bpy.context.window_manager.clipboard


def write_clipboard(text: str) -> None:
    """Put text on the clipboard of the window system."""
    bpy.context.window_manager.clipboard = text


def pasted_pose() -> Pose:
    """The pose on the clipboard.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is something else, or nothing.
    """
    try:
        return Pose.from_text(read_clipboard())
    except TalkingHeadError as error:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The clipboard holds no usable pose.",
            f"Copy one with Copy Pose. {error.message}",
        ) from error


def _insert_keys(strip: Any, names: Collection[str], key: bool) -> None:
    scene, edit = strip.id_data, bpy.context.preferences.edit
    options: set[str] = set()
    if not key:  # what the user chose for auto-keying
        if not scene.tool_settings.use_keyframe_insert_auto:
            return
        if edit.use_keyframe_insert_available:
            names = curves.animated(strip, names)
        if edit.use_auto_keyframe_insert_needed:
            options.add("INSERTKEY_NEEDED")
        if scene.tool_settings.auto_keying_mode == "REPLACE_KEYS":
            options.add("INSERTKEY_REPLACE")
    where: dict[str, Any] = {"frame": scene.frame_current, "group": curves.group_name(strip), "options": options}
    for name in names:
        strip.keyframe_insert(BY_NAME[name].property_name, **where)
