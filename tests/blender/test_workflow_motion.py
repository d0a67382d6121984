# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing expressions and motion templates onto the active strip."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import bpy
import motion_pickles
import numpy as np
import pytest
import sequencer
from slider_keys import keys_of


@pytest.fixture
def core(addon) -> Any:
    return lambda name: importlib.import_module(f"{addon.__name__}.blender_talkinghead.{name}")


def loaded(path: Path, content: bytes, **options: object) -> set[str]:
    path.write_bytes(content)
    with sequencer.override():
        return bpy.ops.talkinghead.import_workflow(filepath=str(path), **options)


def test_an_expression_is_put_on_the_active_strip(core, scene, tmp_path, hopper):
    strip = sequencer.add_image(hopper, name="Hopper", start=7)
    offsets = np.zeros((1, 21, 3), np.float32)
    offsets[0, 19] = 0, 0.06, 0.006  # aaa = 60, which also lowers the pitch by 3
    offsets[0, 17] = 0, -0.006, 0
    content = motion_pickles.exp_file(offsets, np.array([-8, -5, 0], np.float32))
    assert loaded(tmp_path / "talk.exp", content) == {"FINISHED"}
    assert keys_of(core, strip) == {
        name: [(7, pytest.approx(value), "CONSTANT")]
        for name, value in {"head_pitch": 5, "head_yaw": 5, "jaw_open": 0.5}.items()
    }


def motion(angles: list[float], fps: int) -> bytes:
    frames = [motion_pickles.frame(motion_pickles.rotation(0, 0, roll), np.zeros((21, 3))) for roll in angles]
    return motion_pickles.template(frames, fps=fps)


@pytest.mark.parametrize(("keep_speed", "frames"), [(False, (11, 12, 13)), (True, (11, 11.8, 12.6))])
def test_a_motion_template_is_put_on_the_active_strip(core, scene, tmp_path, hopper, keep_speed, frames):
    strip = sequencer.add_image(hopper, name="Hopper", start=11)
    loaded(tmp_path / "turn.pkl", motion([0, 10, -20], 30), keep_speed=keep_speed)
    expected = [
        (pytest.approx(frame), pytest.approx(value), "LINEAR")
        for frame, value in zip(frames, (0, 10, -20), strict=True)
    ]
    assert keys_of(core, strip) == {"head_roll": expected}
    assert core("strips.sampling").scene_rate(scene) == 24


def test_a_motion_template_needs_a_strip(scene, tmp_path):
    with pytest.raises(RuntimeError, match=r"names no portrait\. Select the strip"):
        loaded(tmp_path / "turn.pkl", motion([0, 10], 30))


def test_a_file_that_wants_to_run_something_is_refused(scene, tmp_path, hopper):
    sequencer.add_image(hopper)
    marker = tmp_path / "made"
    content = b"\x80\x02cos\nmkdir\nX" + len(str(marker)).to_bytes(4, "little") + str(marker).encode() + b"\x85R."
    with pytest.raises(RuntimeError, match=r"it asks for 'os\.mkdir'"):
        loaded(tmp_path / "bad.pkl", content)
    assert not marker.exists()
