# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that are gone when a file is opened: no element may name a missing file, which can crash Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numbered
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, number_of


@pytest.fixture
def rendered(scene, saved_file, tmp_path) -> Any:
    """The name of a result strip on frames 1 to 6, saved."""
    path = numbered.write_png(tmp_path / "portrait.png", numbered.picture(7))
    strip = sequencer.add_image(path, start=1, length=6)
    done = rendered_jobs.render(scene, strip)
    bpy.ops.wm.save_mainfile()
    return done


def paths_of(strip) -> list[Path]:
    return [Path(bpy.path.abspath(strip.directory)) / element.filename for element in strip.elements]


def reopen(saved_file: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))


def test_whole_results_are_left_alone(rendered, saved_file):
    reopen(saved_file)
    strip = sequencer.all_strips()[rendered.result]
    assert [path.name for path in paths_of(strip)] == rendered.files
    assert core("strips.missing_frames").notices() == ()


def test_some_missing_frames_show_another_and_come_back(rendered, saved_file, tmp_path):
    for name in rendered.files[2:4]:
        (rendered.prepared.folder / name).unlink()
    reopen(saved_file)
    strip = sequencer.all_strips()[rendered.result]
    assert all(path.is_file() for path in paths_of(strip))
    assert core("strips.missing_frames").notices()[0].startswith("2 frames of 'Portrait Talking Head' are missing")
    rendered_jobs.render(bpy.context.scene, sequencer.all_strips()["Portrait"])
    shown = numbered.shown_numbers(bpy.context.scene, range(1, 7), tmp_path)
    assert shown == [number_of(content) for content in range(6)]


def test_without_any_frame_the_strip_is_muted_until_it_is_rendered(rendered, saved_file):
    for path in rendered.prepared.folder.glob("*.png"):
        path.unlink()
    reopen(saved_file)
    strip = sequencer.all_strips()[rendered.result]
    assert strip.mute
    assert "muted" in core("strips.missing_frames").notices()[0]
    done = rendered_jobs.render(bpy.context.scene, sequencer.all_strips()["Portrait"])
    assert done.result == rendered.result
    assert not sequencer.all_strips()[rendered.result].mute


def test_a_result_comes_back_with_its_frames(rendered, saved_file):
    away = rendered.prepared.folder.with_name("away")
    rendered.prepared.folder.rename(away)
    reopen(saved_file)
    assert sequencer.all_strips()[rendered.result].mute
    bpy.ops.wm.save_mainfile()
    away.rename(rendered.prepared.folder)
    reopen(saved_file)
    assert not sequencer.all_strips()[rendered.result].mute
    assert core("strips.missing_frames").notices() == ()
