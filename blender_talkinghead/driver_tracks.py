# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracks of drivers, kept in memory by everything that decides them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .driver_strips import Part


@dataclass(frozen=True)
class Wanted:
    """A track that a strip needs. ``key``: everything that decides it."""

    part: Part
    key: tuple[object, ...]


def pending(scene: Any, strip: Any) -> tuple[Wanted, ...]:
    """The tracks that a strip needs and that are not in memory."""
    return ()
