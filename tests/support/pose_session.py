# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh start for the tests of poses, and where poses and thumbnails are found."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
import talking


def start(monkeypatch: pytest.MonkeyPatch) -> None:
    """No own poses, no thumbnails, and a clipboard, which background Blender lacks."""
    talking.fresh_start()
    shutil.rmtree(talking.core("poses.pose_library").folder(), ignore_errors=True)
    talking.core("poses.pose_library").reread()
    shutil.rmtree(pictures_folder(), ignore_errors=True)
    talking.core("poses.pose_pictures")._forget()
    talking.core("poses.pose_gallery")._chosen.clear()
    board = {"text": ""}
    poses = talking.core("poses.poses")
    monkeypatch.setattr(poses, "read_clipboard", lambda: board["text"])
    monkeypatch.setattr(poses, "write_clipboard", lambda text: board.update(text=text))
    manager = bpy.context.window_manager
    bpy.context.preferences.edit.use_keyframe_insert_available = False
    manager.th_pose_set, manager.th_pose_blend, manager.th_pose_key = "EXPRESSIONS", 1.0, False


def pictures_folder() -> Path:
    """Where the thumbnails are."""
    return talking.core("worker.worker").places().user / "cache" / "poses"


def supplied(name: str) -> Any:
    """A pose that comes with the extension."""
    poses = talking.shared("motion.poses")
    return next(pose for pose in poses.SUPPLIED if pose.name == name)
