# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first five minutes: the sidebar, Animate Portrait, a slider keyed with I, undo."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow


def test_the_sidebar_shows_what_to_do_first(window: RealWindow):
    assert "talkinghead.import_workflow" in window.do("scan")
    window.shot("sidebar_empty")


def test_animate_portrait_by_its_button(window: RealWindow, folder: Path):
    window.call(steps.add_portrait, str(folder / "hopper.jpg"), "Hopper")
    before = window.pixels()
    window.press("talkinghead.animate_portrait")
    assert window.wait(steps.job_ended)
    assert set(window.call(steps.strips)) == {"Hopper", "Hopper Talking Head"}
    window.shot("animate_portrait")
    assert (window.pixels() != before).any()
