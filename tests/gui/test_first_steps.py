# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first five minutes: the sidebar, Animate Portrait, undo."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow
from window_use import animate, result_name


def test_the_sidebar_shows_what_to_do_first(window: RealWindow, folder: Path):
    assert "talkinghead.import_workflow" in window.do("scan")
    window.shot("sidebar_empty")
    window.call(steps.add_portrait, str(folder / "astronaut.png"), "Collins")
    assert "talkinghead.animate_portrait" in window.do("scan")
    window.shot("start")


def test_animate_portrait_by_its_button(window: RealWindow, folder: Path):
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "hopper.jpg", "Hopper")
    assert set(window.call(steps.images)) == {"Hopper", result_name("Hopper")}
    assert {"talkinghead.render_frames", "th_head_pitch", "th_head_yaw", "th_eye_open"} <= set(window.do("scan"))
    window.shot("animate_portrait")


def test_undo_takes_the_result_back_in_one_step_and_redo_brings_it(hopper: RealWindow):
    both = set(hopper.call(steps.images))
    hopper.key("Z", ctrl=True)
    assert set(hopper.call(steps.images)) == {"Hopper"}
    hopper.shot("undo")
    hopper.key("Z", ctrl=True, shift=True)
    assert set(hopper.call(steps.images)) == both
