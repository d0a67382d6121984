# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut Out: the person over a background, seen in the Preview."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import window_steps as steps
from real_window import RealWindow
from window_use import animate, finish, result_name


def wall() -> np.ndarray:
    """(720, 1280, 3) uint8, BGR: a wall with a lamp beside the person."""
    y, x = np.mgrid[0:1:720j, 0:1:1280j]
    light = np.exp(-(((x - 0.2) / 0.35) ** 2) - ((y - 0.3) / 0.5) ** 2)[..., None]
    return np.rint(np.array([52, 36, 24]) + light * np.array([90, 120, 140])).astype(np.uint8)


def part_seen(background: np.ndarray, pixels: np.ndarray) -> float:
    """Which part of the Preview shows the background."""
    return float((np.abs(pixels.astype(int) - background).max(axis=-1) < 6).mean())


def test_cut_out_shows_the_background_around_the_person(window: RealWindow, folder: Path):
    window.do("open_panels", ["queue", "head", "engine"])
    cv2.imwrite(str(folder / "wall.png"), wall())
    window.call(steps.save, str(folder / "edit.blend"))
    window.call(steps.add_portrait, str(folder / "wall.png"), "Wall")
    background = window.region("PREVIEW")
    animate(window, folder / "hopper.jpg", "Hopper", channel=2)
    window.call(steps.show_faces, False)
    opaque = part_seen(background, window.region("PREVIEW"))
    window.press("th_puppet_cut_out")
    assert window.call(steps.values, "Hopper", ["th_puppet_cut_out"]) == [True]
    window.call(steps.insert_keys, "Hopper", "head_yaw", [(1, 0.0), (24, 12.0)])
    window.press("talkinghead.render_frames")
    finish(window)
    assert window.call(steps.values, "Hopper", ["mute"]) == [True]
    assert window.call(steps.values, result_name("Hopper"), ["mute"]) == [False]
    window.call(steps.go_to, 12)
    window.shot("cut_out")
    assert part_seen(background, window.region("PREVIEW")) > opaque + 0.05
