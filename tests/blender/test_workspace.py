# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workspace Talking Head, as far as a headless Blender can show it: the window's part is among the GUI tests."""

from __future__ import annotations

import bpy
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def copied(addon, monkeypatch):
    """A copy of the present workspace stands for Video Editing: with that one, the headless module hangs at its end."""
    bpy.ops.wm.read_homefile(use_empty=False, use_factory_startup=True)
    workspace = talking.core("workspace")
    monkeypatch.setattr(workspace, "_append", _copy)
    return workspace


def _copy():
    known = set(bpy.data.workspaces)
    bpy.ops.workspace.duplicate()
    return next(workspace for workspace in bpy.data.workspaces if workspace not in known)


def test_workspace_is_added_once():
    before = len(bpy.data.workspaces)
    for _ in range(2):
        assert bpy.ops.talkinghead.add_workspace() == {"FINISHED"}
        assert "Talking Head" in bpy.data.workspaces
        assert len(bpy.data.workspaces) == before + 1


def test_workspace_edits_the_scene_that_was_edited():
    scene = bpy.data.scenes.new("Edit")
    sequencer.make_editor(scene)
    bpy.ops.talkinghead.add_workspace()
    workspace = bpy.data.workspaces["Talking Head"]
    if hasattr(workspace, "sequencer_scene"):
        assert workspace.sequencer_scene == scene


def test_menu_window_offers_it_in_every_workspace():
    names = {function.__module__.rpartition(".")[2] for function in bpy.types.TOPBAR_MT_window._dyn_ui_initialize()}
    assert "workspace" in names


def test_blender_without_its_template_says_so(copied, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(bpy.utils, "app_template_paths", lambda: iter(()))
    with pytest.raises(RuntimeError, match="without its template Video Editing"):
        bpy.ops.talkinghead.add_workspace()
