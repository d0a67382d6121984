# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another strip acts: here the result of the first portrait, which is an image strip as well."""

from __future__ import annotations

from pathlib import Path

import window_steps as steps
from real_window import RealWindow
from window_use import animate, finish, rendered, result_name

HEADER_SWITCH = 0.13  # part of the sidebar's width


def test_a_portrait_acts_after_another_strip(window: RealWindow, folder: Path):
    window.do("open_panels", ["queue", "acting", "strength"])
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "astronaut.png", "Collins")
    for control, values in (("head_yaw", (-12.0, 14.0)), ("jaw_open", (0.0, 0.9)), ("mouth_smile", (0.0, 0.6))):
        window.call(steps.insert_keys, "Collins", control, list(zip((1, 20), values, strict=True)))
    window.press("talkinghead.render_frames")
    finish(window)
    for name in ("Collins", result_name("Collins")):
        window.call(steps.place, name, 1.0, -320, 0)
    animate(window, folder / "hopper.jpg", "Hopper", channel=3)
    for name in ("Hopper", result_name("Hopper")):
        window.call(steps.place, name, 1.0, 320, 0)
    window.call(steps.set_values, "Hopper", {"th_acting": result_name("Collins")})
    window.press("th_acting_on", HEADER_SWITCH)
    assert window.call(steps.values, "Hopper", ["th_acting_on", "th_acting"]) == [True, result_name("Collins")]
    window.press("talkinghead.render_frames")
    finish(window)
    assert len(set(rendered(window, "Hopper"))) > 12
    window.call(steps.go_to, 20)
    window.call(steps.show_faces, False)
    window.shot("drivers")
