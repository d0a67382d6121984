# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of sliders that operators offer to work on."""

from __future__ import annotations

from ..blender_talkinghead import properties
from ..inference.controls import POSE_NAMES, Group, controls_in
from ..inference.motion.poses import GROUPS

ALL = "all"
ITEMS = tuple(
    (group.value, panel, f"The sliders of the panel {panel}")
    for group, panel in ((group, properties.panel_of(group)) for group in GROUPS)
)


def names_in(group: str) -> tuple[str, ...]:
    """The controls of a group, or of ``ALL``: every one but the strengths."""
    return POSE_NAMES if group == ALL else tuple(control.name for control in controls_in(Group(group)))
