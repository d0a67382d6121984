# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user does again and again in a real window."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow


def show_sequencer(window: RealWindow, lower: str = "", part: float = 0.3) -> None:
    """Lay out the window; ``lower`` is an editor below the Sequencer that has this part of the height."""
    window.call(steps.lay_out, lower, part)
    window.wait(steps.sidebar_is_drawn)
    window.call(steps.choose_tab)


def animate(window: RealWindow, portrait: Path, name: str, length: int = 24, channel: int = 1) -> None:
    """Add a portrait and press Animate Portrait."""
    window.call(steps.add_portrait, str(portrait), name, length, channel)
    window.press("talkinghead.animate_portrait")
    finish(window)
    assert len(window.call(steps.images)[result_name(name)]) == length


def finish(window: RealWindow) -> str:
    """Wait for the job to end well; what it says."""
    window.wait(steps.job_ended)
    _, _, text, error = window.call(steps.job_state)
    assert not error, error
    return text


def result_name(name: str) -> str:
    """Name of a source's result strip."""
    return f"{name} Talking Head"


def rendered(window: RealWindow, name: str) -> list[str]:
    """Names of the frames of a source's result that were computed."""
    return [frame for frame in window.call(steps.images)[result_name(name)] if len(frame) == 36]
