# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking Head: animates portraits in Blender's Video Sequencer. This file only registers the parts, in order."""

from . import blender_talkinghead, operators, panels

PARTS = (blender_talkinghead, operators, panels)


def register() -> None:
    """Register every part; if one fails, unregister those before it and let the error through."""
    registered = []
    try:
        for part in PARTS:
            part.register()
            registered.append(part)
    except BaseException:
        for part in reversed(registered):
            part.unregister()
        raise


def unregister() -> None:
    """Unregister the parts in reverse order."""
    for part in reversed(PARTS):
        part.unregister()
