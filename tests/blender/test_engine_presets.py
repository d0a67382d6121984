# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of engine settings, in Blender's own folder of presets and by its own menu."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
import recording_layout
import sequencer
import talking


@pytest.fixture
def source(addon, scene, astronaut, tmp_path, monkeypatch):
    talking.fresh_start()
    strip = sequencer.add_image(astronaut, length=2)
    strip.th_role = "SOURCE"
    yield strip
    for path in preset_files():
        path.unlink()


def preset_files(engine: str = "*") -> list[Path]:
    return sorted(Path(bpy.utils.user_resource("SCRIPTS")).glob(f"presets/talkinghead/{engine}/*.py"))


def draw() -> recording_layout.RecordingLayout:
    layout = recording_layout.RecordingLayout()
    panel = bpy.types.TALKINGHEAD_PT_engine_presets
    own = {name: getattr(panel, name) for name in ("preset_operator", "preset_add_operator", "bl_label")}
    stand_in = SimpleNamespace(layout=layout, preset_subdir=panel.preset_subdir.fget(None), **own)
    stand_in.path_menu = lambda *arguments, **options: panel.path_menu(stand_in, *arguments, **options)
    panel.draw(stand_in, bpy.context)
    return layout


def test_settings_come_back(source):
    source.th_puppet_background, source.th_puppet_cut_out = "hold", True
    assert bpy.ops.talkinghead.add_engine_preset(name="My Look") == {"FINISHED"}
    (path,) = preset_files("puppet")
    source.th_puppet_background, source.th_puppet_cut_out = "stretch", False
    assert bpy.ops.talkinghead.apply_engine_preset(filepath=str(path)) == {"FINISHED"}
    assert (source.th_puppet_background, source.th_puppet_cut_out) == ("hold", True)


def test_menu_lists_the_presets_of_the_engine_alone(source):
    assert "talkinghead.apply_engine_preset" not in draw().of("operator")
    bpy.ops.talkinghead.add_engine_preset(name="One")
    assert draw().of("operator").count("talkinghead.apply_engine_preset") == 1
    source.th_engine = "liveportrait"
    assert "talkinghead.apply_engine_preset" not in draw().of("operator")
    bpy.ops.talkinghead.add_engine_preset(name="Two")
    assert [path.stem for path in preset_files("liveportrait")] == ["Two"]


def test_preset_is_removed(source):
    bpy.ops.talkinghead.add_engine_preset(name="One")
    bpy.ops.talkinghead.add_engine_preset(name="One", remove_name=True)
    assert preset_files() == []


def test_files_of_one_edit_are_not_kept(source):
    source.th_engine = "liveportrait"
    names = talking.core("engine_presets").names_of(source)
    assert "th_liveportrait_sample" not in names and "th_liveportrait_model" in names


@pytest.mark.parametrize(
    "text",
    [
        "import os\n",
        "th_puppet_cut_out = print('x')\n",
        "th_puppet_cut_out = True\nth_puppet_background = 'nowhere'\n",
        "bpy.context.scene.frame_end = 3\n",
        "th_puppet_cut_out = \n",
    ],
)
def test_what_is_no_preset_runs_nothing_and_changes_nothing(source, tmp_path, text):
    source.th_puppet_cut_out = False
    path = tmp_path / "stranger.py"
    path.write_text(text)
    with pytest.raises(RuntimeError, match="is no preset of this engine"):
        bpy.ops.talkinghead.apply_engine_preset(filepath=str(path))
    assert not source.th_puppet_cut_out


def test_settings_of_another_engine_are_left_out(source, tmp_path):
    path = tmp_path / "other.py"
    path.write_text("th_liveportrait_model = 'animal'\nth_jaw_open = 1.0\nth_puppet_cut_out = True\n")
    bpy.ops.talkinghead.apply_engine_preset(filepath=str(path))
    assert (source.th_liveportrait_model, source.th_jaw_open, source.th_puppet_cut_out) == ("human", 0.0, True)
