# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender-side core: strips, properties, curves, jobs, the worker's client and its environment."""

from __future__ import annotations

from types import ModuleType

from . import (
    command_line,
    faces,
    file_session,
    missing_frames,
    overlay,
    preferences,
    preview,
    properties,
    service,
    worker,
)

MODULES: tuple[ModuleType, ...] = (
    properties, file_session, missing_frames, preferences, worker, service, faces, preview, overlay, command_line
)  # fmt: skip
"""Sub-modules that have ``register`` and ``unregister``, in the order of registration."""


def register() -> None:
    """Register the sub-modules; if one fails, unregister those before it and let the error through."""
    registered: list[ModuleType] = []
    try:
        for module in MODULES:
            module.register()
            registered.append(module)
    except BaseException:
        for module in reversed(registered):
            module.unregister()
        raise


def unregister() -> None:
    """Unregister the sub-modules in reverse order."""
    for module in reversed(MODULES):
        module.unregister()
