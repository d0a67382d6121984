# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar panels, thin; nothing is computed while drawing."""

from __future__ import annotations

from types import ModuleType

from ..blender_talkinghead.registration import register_all, unregister_all
from . import drivers, edtalk, engine, liveportrait, performance, poses, queue, sidebar, stages, tpsmm

MODULES: tuple[ModuleType, ...] = (
    sidebar, queue, drivers, poses, performance, liveportrait, tpsmm, edtalk, engine, stages,
)  # fmt: skip
"""Sub-modules that have ``register`` and ``unregister``, in the order of registration."""


def register() -> None:
    """Register all parts, or none if one fails."""
    register_all(MODULES)


def unregister() -> None:
    """Unregister the parts in reverse order."""
    unregister_all(MODULES)
