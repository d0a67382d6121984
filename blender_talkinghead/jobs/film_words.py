# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing a film will take, in words for people. No bpy here."""

from __future__ import annotations

from collections.abc import Mapping

from ...inference.estimate import Estimate
from .runner import duration_text, frames_text

# Films that take longer are asked about before they begin.
LONG_S = 300.0


def is_long(estimate: Estimate) -> bool:
    """Whether the user is asked first: it takes long, or nobody knows."""
    return estimate.seconds is None or estimate.seconds > LONG_S


def work_line(estimate: Estimate) -> str:
    """How much is drawn, such as "100 frames in 3 sections"."""
    sections = "1 section" if estimate.sections == 1 else f"{estimate.sections} sections"
    return f"{frames_text(estimate.frames)} in {sections}"


def time_line(estimate: Estimate) -> str:
    """How long that takes on this computer."""
    if estimate.seconds is None:
        return "How long that takes here is known once something was drawn"
    return f"About {duration_text(estimate.seconds)} on this computer"


def memory_line(estimate: Estimate) -> str:
    """What it needs of the graphics card's memory, or of the computer's."""
    return f"Needs about {estimate.memory_mb / 1000:.1f} GB of memory"


def told_by_worker(fields: object) -> str:
    """What a ``plan`` message says that is still to be drawn; "" where it says nothing, or nothing is drawn."""
    if not isinstance(fields, Mapping) or not fields.get("passes"):
        return ""
    seconds = fields.get("seconds")
    estimate = Estimate(
        frames=int(fields["frames"]),
        sections=int(fields["sections"]),
        passes=int(fields["passes"]),
        memory_mb=int(fields["memory_mb"]),
        seconds=None if seconds is None else float(seconds),
    )
    long = "" if estimate.seconds is None else f", about {duration_text(estimate.seconds)}"
    return f"To be drawn: {work_line(estimate)}{long}"


def question(estimate: Estimate) -> tuple[str, ...]:
    """What is said before a long film is drawn."""
    return (
        f"At most {work_line(estimate)}; what was drawn before is not drawn again.",
        f"{time_line(estimate)}.",
        f"{memory_line(estimate)}.",
        "Finished sections are kept, so that it can be canceled and go on later.",
        "Render First Section shows a part of it first.",
    )
