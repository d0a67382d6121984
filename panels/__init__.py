# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sidebar panels, thin; nothing is computed while drawing."""

from __future__ import annotations

from types import ModuleType

from . import sidebar

MODULES: tuple[ModuleType, ...] = (sidebar,)
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
