# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether the .blend file of a job is still the open one."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

_state = {"loads": 0}


def current() -> int:
    """A number that changes whenever a file is loaded, the same file included; undo does not change it."""
    return _state["loads"]


@persistent
def _count_load(*_arguments: Any) -> None:
    _state["loads"] += 1


def register() -> None:
    """Start counting."""
    if _count_load not in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.append(_count_load)


def unregister() -> None:
    """Stop counting."""
    if _count_load in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_count_load)
