# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes that are linked from another file: their results are shown as they are, and belong to that file."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
import sequencer
import talking
from edit_renders import FRAMES, animation, render


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    talking.core("preferences").preferences().before_render = "UPDATE"
    yield
    talking.fresh_start()


@pytest.fixture
def film(scene, saved_file, astronaut, tmp_path) -> Any:
    """A scene in a file of another folder, with a strip of a linked scene in which a portrait is out of date."""
    scene.name, scene.frame_end = "Shot", FRAMES
    portrait = talking.animated(astronaut, "Bob", length=FRAMES)
    render(portrait)
    portrait.th_jaw_open = 1.0
    bpy.ops.wm.save_mainfile(relative_remap=True)
    (tmp_path / "film").mkdir()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    film = bpy.context.scene
    sequencer.make_editor(film)
    film.frame_end = FRAMES
    with bpy.data.libraries.load(str(saved_file), link=True) as (_, wanted):
        wanted.scenes = ["Shot"]
    strip = sequencer.strips(film).new_scene(name="Shot", scene=bpy.data.scenes["Shot"], channel=1, frame_start=1)
    strip.scene_input = "SEQUENCER"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "film" / "film.blend"))
    return film


def test_linked_results_are_rendered_as_they_are(film, tmp_path, capfd):
    shot = bpy.data.scenes["Shot"]
    before = talking.snapshot(shot)
    assert len(animation(film, tmp_path / "out")) == FRAMES
    assert talking.snapshot(shot) == before
    out, err = capfd.readouterr()
    assert "Talking Head" not in out + err
    watch = talking.core("jobs.stale_watch")
    watch.look()
    assert watch.note(talking.core("compat").strip_named(shot, "Bob")) == ""
    assert not (tmp_path / "film" / "talkinghead").exists()
