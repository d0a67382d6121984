# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render Frames by its button, with its progress, and ESC."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow
from window_use import animate, finish, rendered


def test_render_frames_shows_its_progress_and_all_frames_at_its_end(window: RealWindow, folder: Path):
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "hopper.jpg", "Hopper", length=96)
    window.call(steps.insert_keys, "Hopper", "head_yaw", [(1, -15.0), (96, 15.0)])
    window.press("talkinghead.render_frames")
    window.wait(steps.job_has_come_to, 0.25)
    window.shot("render_progress", at_once=True)
    finish(window)
    frames = rendered(window, "Hopper")
    assert len(set(frames)) == 96
    assert set(frames) <= {path.name for path in folder.rglob("*.png")}
    window.call(steps.go_to, 96)
    window.shot("render_done")


def test_escape_cancels_and_keeps_the_finished_frames(window: RealWindow, folder: Path):
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "hopper.jpg", "Hopper", length=240)
    window.call(steps.insert_keys, "Hopper", "head_yaw", [(1, -15.0), (240, 15.0)])
    window.press("talkinghead.render_frames")
    window.wait(steps.job_has_come_to, 0.05)
    window.key("ESC")
    assert "ancel" in window.wait(steps.job_ended)
    assert 0 < len(set(rendered(window, "Hopper"))) < 240
    assert set(rendered(window, "Hopper")) <= {path.name for path in folder.rglob("*.png")}
    window.shot("render_canceled")
