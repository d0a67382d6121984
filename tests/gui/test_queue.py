# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two jobs by two presses of Render Frames: the second waits, both end."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow
from window_use import animate, rendered


def test_a_second_render_waits_in_the_queue(window: RealWindow, folder: Path):
    window.do("open_panels", ["queue", "head"])
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "astronaut.png", "Collins", length=160)
    animate(window, folder / "hopper.jpg", "Hopper", length=160, channel=3)
    for name in ("Collins", "Hopper"):
        window.call(steps.insert_keys, name, "head_yaw", [(1, -12.0), (160, 12.0)])
    window.call(steps.activate, "Collins")
    button = window.press("talkinghead.render_frames")
    window.call(steps.activate, "Hopper")
    window.do("click", button)
    assert window.call(steps.queue)[-2:] == [["running", "Collins"], ["waiting", "Hopper"]]
    window.wait(steps.job_has_come_to, 0.5)
    window.call(steps.show_faces, False)
    window.shot("queue", at_once=True)
    window.wait(steps.queue_ended)
    assert [state for state, _ in window.call(steps.queue)[-2:]] == ["done", "done"]
    assert len(set(rendered(window, "Collins"))) == len(set(rendered(window, "Hopper"))) == 160
