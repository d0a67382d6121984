# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The 14 points of the manual rig, dragged in the Preview."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import window_steps as steps
from real_window import RealWindow
from window_use import animate

NOSE = 4
BY_PX = (40, -24)


def points(window: RealWindow) -> np.ndarray:
    """(14, 2) in parts of the picture."""
    return np.array(window.call(steps.values, "Hopper", ["th_points"])[0]).reshape(-1, 2)


@pytest.fixture
def hopper(window: RealWindow, folder: Path) -> RealWindow:
    """As elsewhere, with the panel Face open."""
    window.do("open_panels", ["queue", "face"])
    window.call(steps.save, str(folder / "edit.blend"))
    animate(window, folder / "hopper.jpg", "Hopper")
    return window


def test_a_point_is_dragged_in_the_preview(hopper: RealWindow):
    hopper.press("talkinghead.place_points")
    assert hopper.call(steps.values, "Hopper", ["th_manual"]) == [True]
    before, start = points(hopper), hopper.call(steps.point_in_window, "Hopper", NOSE)
    end = [round(start[0]) + BY_PX[0], round(start[1]) + BY_PX[1]]
    hopper.do("drag", [round(start[0]), round(start[1])], end)
    hopper.shot("points")
    assert hopper.call(steps.point_in_window, "Hopper", NOSE) == pytest.approx(end, abs=1.5)
    hopper.key("RET", "PREVIEW")
    moved = np.abs(points(hopper) - before).max(axis=1) > 1e-6
    assert moved.nonzero()[0].tolist() == [NOSE]


def test_escape_puts_the_points_back(hopper: RealWindow):
    before = hopper.call(steps.values, "Hopper", ["th_manual", "th_points"])
    hopper.press("talkinghead.place_points")
    start = [round(value) for value in hopper.call(steps.point_in_window, "Hopper", NOSE)]
    hopper.do("drag", start, [start[0] + 30, start[1]])
    hopper.key("ESC", "PREVIEW")
    assert hopper.call(steps.values, "Hopper", ["th_manual", "th_points"]) == before
