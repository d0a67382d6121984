# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers parts in order, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType


def register_all(parts: Sequence[ModuleType]) -> None:
    """Call ``register`` of each; if one fails, unregister those before it and let the error through."""
    registered: list[ModuleType] = []
    try:
        for part in parts:
            part.register()
            registered.append(part)
    except BaseException:
        unregister_all(registered)
        raise


def unregister_all(parts: Sequence[ModuleType]) -> None:
    """Call ``unregister`` of each, the last one first."""
    for part in reversed(parts):
        part.unregister()
