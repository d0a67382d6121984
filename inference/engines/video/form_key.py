# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the form that was decided for networks shows in what they make. Pure."""

from __future__ import annotations

from .fit import Fit


def form_of(fit: Fit) -> str:
    """Equal for fits whose networks draw the same; how much of them is on the device at a time does not count."""
    held = ", ".join(f"{part} {form}" for part, form in sorted(fit.forms.items()))
    return f"{held}; {_computed(fit)}{', tiles' if fit.tiles else ''}"


def rows_key(digest: str, fit: Fit, part: str) -> str:
    """What names the rows that a text encoder makes of prompts.

    Args:
        digest: of its files.
        part: its name among the parts of the fit.
    """
    return f"{digest}-{fit.forms[part]}-{_computed(fit)}"


def _computed(fit: Fit) -> str:
    return "16 bit" if fit.half else "32 bit"
