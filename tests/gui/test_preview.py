# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live preview, drawn over the strip while a slider is dragged."""

from __future__ import annotations

import numpy as np
import window_steps as steps
from real_window import RealWindow


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """How many of 1000 pixels differ clearly."""
    return 1000.0 * float((np.abs(one.astype(int) - other).max(axis=-1) > 40).mean())


def test_dragging_a_slider_moves_the_face_in_the_preview(hopper: RealWindow):
    hopper.press("talkinghead.preview_frame")
    hopper.wait(steps.preview_number, "Hopper")
    at = hopper.find("th_head_yaw")
    rest, number = hopper.region("PREVIEW"), hopper.call(steps.preview_number, "Hopper")
    hopper.do("drag", at, (at[0] + 80, at[1]), release=False)
    hopper.wait(steps.newer_preview, "Hopper", number)
    assert difference(hopper.region("PREVIEW"), rest) > 1.0
    hopper.shot("preview")
    hopper.do("release", (at[0] + 80, at[1]))
    hopper.key("Z", ctrl=True)
    assert hopper.call(steps.values, "Hopper", ["th_head_yaw"]) == [0.0]


def test_a_preview_at_rest_looks_like_the_strip(hopper: RealWindow):
    before = hopper.region("PREVIEW")
    hopper.press("talkinghead.preview_frame")
    hopper.wait(steps.preview_number, "Hopper")
    hopper.shot("preview_at_rest")
    shown = hopper.region("PREVIEW")
    # Scaled by other filters than Blender's, so edges differ a little; colors do not.
    assert difference(shown, before) < 10.0
    assert float(np.abs(shown.astype(int) - before).mean()) < 2.0


def test_preview_ends_by_its_button(hopper: RealWindow):
    before = hopper.region("PREVIEW")
    hopper.call(steps.set_values, "Hopper", {"th_jaw_open": 1.0})
    hopper.press("talkinghead.preview_frame")
    hopper.wait(steps.preview_number, "Hopper")
    assert difference(hopper.region("PREVIEW"), before) > 1.0
    hopper.press("talkinghead.stop_preview")
    assert difference(hopper.region("PREVIEW"), before) < 0.5
