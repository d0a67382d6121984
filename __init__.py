# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking Head: animates portraits in Blender's Video Sequencer. This file only registers the parts, in order."""

from . import blender_talkinghead, operators, panels
from .blender_talkinghead.registration import register_all, unregister_all

PARTS = (blender_talkinghead, operators, panels)


def register() -> None:
    """Register all parts, or none if one fails."""
    register_all(PARTS)


def unregister() -> None:
    """Unregister the parts in reverse order."""
    unregister_all(PARTS)
