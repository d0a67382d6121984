# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders that LivePortrait alone has, in panels, poses, edits and samples."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import recording_layout
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=4)
    source.th_engine = "liveportrait"
    return source


def own_controls():
    table = talking.shared("controls")
    return table.controls_in(table.Group.LIVEPORTRAIT)


def draw(name: str = "liveportrait") -> recording_layout.RecordingLayout:
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))


def test_panel_shows_every_own_slider_once_and_the_sample_picture(portrait):
    drawn = draw()
    wanted = [control.property_name for control in own_controls()]
    assert [name for name in drawn.of("prop") if name != "th_liveportrait_sample"] == wanted
    assert drawn.of("prop").count("th_liveportrait_sample") == 1
    assert drawn.of("operator") == ["talkinghead.reset_controls"]


def test_panel_is_there_with_liveportrait_only(portrait):
    portrait.th_engine = "puppet"
    assert not draw().drawn


def test_poses_offer_the_group_with_liveportrait_only(portrait):
    assert "th_pose_groups:liveportrait" in draw("poses").of("prop_enum")
    portrait.th_engine = "puppet"
    assert "th_pose_groups:liveportrait" not in draw("poses").of("prop_enum")


def test_reset_puts_only_this_group_back(portrait):
    portrait.th_liveportrait_pout, portrait.th_liveportrait_source_ratio, portrait.th_jaw_open = 0.5, 0.2, 0.3
    bpy.ops.talkinghead.reset_controls(group="liveportrait")
    assert (portrait.th_liveportrait_pout, portrait.th_liveportrait_source_ratio) == (0.0, 1.0)
    assert portrait.th_jaw_open == pytest.approx(0.3)
    portrait.th_liveportrait_grin = 0.5
    bpy.ops.talkinghead.reset_controls(group="all")
    assert portrait.th_liveportrait_grin == 0.0


def test_own_sliders_are_keyed_and_sampled(portrait, scene):
    talking.key(portrait, "liveportrait_pout", 1, -1.0)
    talking.key(portrait, "liveportrait_pout", 3, 1.0)
    performance = talking.core("strips.sampling").sample(scene, portrait, [1, 2, 3])
    assert [performance.pose(i)["liveportrait_pout"] for i in range(3)] == pytest.approx([-1.0, 0.0, 1.0], abs=1e-3)
    rest = [control.rest for control in own_controls()[1:]]
    assert [performance.pose(1)[control.name] for control in own_controls()[1:]] == rest


def test_a_pose_holds_own_sliders_of_the_strips_engine(portrait):
    poses = talking.core("poses.poses")
    portrait.th_liveportrait_purse = 0.5
    assert poses.current_pose(portrait, "Purse").values["liveportrait_purse"] == 0.5
    portrait.th_engine = "puppet"
    assert not any(name.startswith("liveportrait") for name in poses.current_pose(portrait, "Purse").values)


def test_neutral_and_expressions_let_go_of_the_mouth(portrait):
    portrait.th_liveportrait_grin, portrait.th_liveportrait_source_ratio = 0.5, 0.4
    bpy.ops.talkinghead.apply_pose(pose="Smile")
    assert portrait.th_liveportrait_grin == 0.0
    assert portrait.th_liveportrait_source_ratio == pytest.approx(0.4), "what the face is made from is no expression"
    bpy.ops.talkinghead.apply_pose(pose="Neutral")
    assert portrait.th_liveportrait_source_ratio == 1.0


def test_mirroring_changes_the_side_of_the_pout_alone(portrait, scene):
    for name, value in (("liveportrait_pout", 0.5), ("liveportrait_purse", 0.4)):
        talking.key(portrait, name, 1, value)
    bpy.ops.talkinghead.mirror_performance()
    performance = talking.core("strips.sampling").sample(scene, portrait, [1])
    pose = performance.pose(0)
    np.testing.assert_allclose([pose["liveportrait_pout"], pose["liveportrait_purse"]], [-0.5, 0.4], atol=1e-4)


def test_settings_and_sliders_share_no_name():
    names = [control.property_name for control in talking.shared("controls").CONTROLS]
    engines = talking.shared("engines").ENGINES.values()
    names += [f"th_{engine.name}_{setting.name}" for engine in engines for setting in engine.settings]
    assert len(set(names)) == len(names)
