# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel Poses remembers between clicks: the selected pose, how much of it, which sliders, keys."""

import zlib
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ...inference.controls import Group
from ...inference.motion.poses import GROUPS
from .. import properties
from . import pose_library, pose_pictures, poses

NOTHING = "NONE"
_PLAIN_ICON = "USER"
GROUP_ITEMS = tuple(
    (group.value, panel, f"The sliders of the panel {panel}", 1 << number)
    for number, (group, panel) in enumerate((group, properties.panel_of(group)) for group in GROUPS)
)
ALL_GROUPS = {group.value for group in GROUPS}
BLEND_TEXT = "How far the sliders go from where they are (0) to the pose (1)"
GROUPS_TEXT = "Which sliders take part"
KEY_TEXT = "Insert keyframes for what changes, at the current frame; when off, Blender's Auto Keying decides"
_SETS = (
    (poses.SET_EXPRESSIONS, "Expressions", "Faces: smile, surprise, sleep"),
    (poses.SET_MOUTH, "Mouth Shapes", "What the mouth does while it speaks"),
    (poses.SET_MINE, "My Poses", "Poses that you saved or imported"),
)
_NAMES = ("th_pose_set", "th_pose", "th_pose_blend", "th_pose_groups", "th_pose_key")
# Blender keeps no reference to the texts of items that are made while drawing.
_items: list[Any] = []
# The selected pose of each set, by identifier.
_chosen: dict[str, str] = {}


def selected() -> str:
    """Identifier of the pose that is selected in the gallery; "" for none."""
    chosen = bpy.context.window_manager.th_pose
    return "" if chosen == NOTHING else chosen


def select(identifier: str) -> None:
    """Show a pose in the gallery."""
    set_name = identifier.partition(":")[0]
    _chosen[set_name] = identifier
    bpy.context.window_manager.th_pose_set = set_name


def groups_of(names: set[str]) -> frozenset[Group]:
    """The groups of an enumeration property."""
    return frozenset(Group(name) for name in names)


def _gallery_items(manager: Any, context: Any) -> list[Any]:
    source = properties.source_of_active(context) if context else None
    found: list[Any] = []
    for entry in poses.entries(manager.th_pose_set):
        icon = pose_pictures.icon_of(source, entry.pose) if source else 0
        name = entry.pose.name
        found.append(
            (entry.identifier, name, f"Select the pose {name}", icon or _PLAIN_ICON, _number(entry.identifier))
        )
    _items[:] = found or [(NOTHING, "No Poses Yet", "Save Pose keeps the sliders as a pose", _PLAIN_ICON, 0)]
    return _items


def _number(identifier: str) -> int:
    """The enumeration's number of a pose, which must not depend on what else is in the list.

    The gallery's buttons carry it as a 32 bit float, which holds whole numbers of 24 bits.
    """
    return zlib.crc32(identifier.encode()) & 0xFFFFFF


def _get_pose(manager: Any) -> int:
    identifiers = [entry.identifier for entry in poses.entries(manager.th_pose_set)]
    chosen = _chosen.get(manager.th_pose_set, "")
    if chosen in identifiers:
        return _number(chosen)
    return _number(identifiers[0]) if identifiers else 0


def _set_pose(manager: Any, number: int) -> None:
    for entry in poses.entries(manager.th_pose_set):
        if _number(entry.identifier) == number:
            _chosen[manager.th_pose_set] = entry.identifier
    pose_pictures.draw_unasked(bpy.context)


def _on_set(manager: Any, context: Any) -> None:
    if manager.th_pose_set == poses.SET_MINE:
        pose_library.reread()
    pose_pictures.draw_unasked(context)


def register() -> None:
    """Add what the panel remembers."""
    manager: Any = bpy.types.WindowManager
    manager.th_pose_set = EnumProperty(
        name="Set", description="Which poses the gallery shows", items=_SETS, update=_on_set
    )
    manager.th_pose = EnumProperty(
        name="Pose", description="The selected pose", items=_gallery_items, get=_get_pose, set=_set_pose
    )
    manager.th_pose_blend = FloatProperty(
        name="Blend", description=BLEND_TEXT, default=1.0, min=0.0, max=1.0, subtype="FACTOR"
    )
    manager.th_pose_groups = EnumProperty(
        name="Sliders", description=GROUPS_TEXT, items=GROUP_ITEMS, default=ALL_GROUPS, options={"ENUM_FLAG"}
    )
    manager.th_pose_key = BoolProperty(name="Key", description=KEY_TEXT)


def unregister() -> None:
    """Remove it."""
    for name in _NAMES:
        delattr(bpy.types.WindowManager, name)
    _items.clear()
    _chosen.clear()
