# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sliders: dragged, typed into, keyed with the pointer over them, undone."""

from __future__ import annotations

import pytest
import window_steps as steps
from real_window import RealWindow
from window_use import show_sequencer


def drag_slider(window: RealWindow, name: str, by_px: int) -> tuple[int, int]:
    """Drag a slider of the sidebar; where it is."""
    at = window.find(name)
    window.do("drag", at, (at[0] + by_px, at[1]))
    return at


def value(window: RealWindow, name: str) -> float:
    return window.call(steps.values, "Hopper", [name])[0]


def key_with_i(window: RealWindow, at: tuple[int, int]) -> None:
    window.do("move", at)
    window.do("key", "I", at)


def test_a_slider_is_keyed_by_hovering_and_pressing_i(hopper: RealWindow):
    show_sequencer(hopper, "FCURVES", 0.32)
    key_with_i(hopper, hopper.find("th_head_yaw"))
    hopper.call(steps.go_to, 12)
    at = drag_slider(hopper, "th_head_yaw", 40)
    dragged = value(hopper, "th_head_yaw")
    assert dragged > 1.0
    key_with_i(hopper, at)
    assert hopper.call(steps.keys) == {"th_head_yaw": [[1.0, 0.0], [12.0, pytest.approx(dragged)]]}
    hopper.call(steps.go_to, 6)
    assert 0.0 < value(hopper, "th_head_yaw") < dragged
    hopper.call(steps.go_to, 12)
    hopper.call(steps.view_curves)
    hopper.call(steps.show_faces, False)
    hopper.shot("keyed_slider")


def test_a_value_is_typed_into_a_slider(hopper: RealWindow):
    hopper.do("enter", "12.5", hopper.find("th_head_pitch"))
    assert value(hopper, "th_head_pitch") == pytest.approx(12.5)


def test_dragging_a_slider_is_one_step_of_undo(hopper: RealWindow):
    drag_slider(hopper, "th_mouth_smile", 60)
    assert value(hopper, "th_mouth_smile") > 0.1
    hopper.key("Z", ctrl=True)
    assert value(hopper, "th_mouth_smile") == 0.0
    assert len(hopper.call(steps.images)) == 2
