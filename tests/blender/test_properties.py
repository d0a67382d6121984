# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sliders as Blender properties: ranges, keys, drivers, and that curves follow their strip."""

from __future__ import annotations

import bpy
import installed_extension
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, shared


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut, start=10, length=20)


def rna(name):
    return sequencer.strip_type().bl_rna.properties[name]


def curves(scene) -> dict[str, list[tuple[float, float]]]:
    found = core("compat").fcurves_of(scene)
    return {curve.data_path: [tuple(key.co) for key in curve.keyframe_points] for curve in found}


def key(strip, name="th_head_yaw", **frames):
    for frame, value in (frames or {"f10": 0.0, "f29": 19.0}).items():
        setattr(strip, name, value)
        assert strip.keyframe_insert(name, frame=int(frame[1:]), group="Talking Head")


def test_every_control_is_an_animatable_slider(addon, portrait):
    for control in shared("controls").CONTROLS:
        prop = rna(control.property_name)
        assert prop.is_animatable
        assert prop.default == pytest.approx(control.rest)
        assert (prop.hard_min, prop.hard_max) == pytest.approx((control.minimum, control.maximum))
        assert (prop.soft_min, prop.soft_max) == pytest.approx(control.soft_range)
        assert prop.name == control.label
        assert getattr(portrait, control.property_name) == pytest.approx(control.rest)


def test_every_property_has_a_description_without_a_final_period(addon):
    owners = (sequencer.strip_type(), bpy.types.Scene)
    ours = [prop for owner in owners for prop in owner.bl_rna.properties if prop.identifier.startswith("th_")]
    assert len(ours) > 30
    for prop in ours:
        assert prop.description and not prop.description.endswith("."), prop.identifier
        assert prop.name, prop.identifier


def test_degrees_are_plain_numbers(addon, scene, portrait):
    key(portrait, f10=15.0)
    assert list(curves(scene).values()) == [[(10.0, 15.0)]]
    assert rna("th_head_yaw").subtype == "NONE"
    assert rna("th_jaw_open").subtype == "FACTOR"


def test_values_outside_the_range_are_clamped(portrait):
    portrait.th_head_yaw = 400.0
    portrait.th_eye_open = -3.0
    assert (portrait.th_head_yaw, portrait.th_eye_open) == (45.0, 0.0)


def test_engine_settings_are_not_animatable_and_have_their_defaults(portrait):
    for engine in shared("engines").ENGINES.values():
        for setting in engine.settings:
            name = core("properties").setting_property(engine.name, setting.name)
            assert not rna(name).is_animatable
            number = setting.kind.value == "number"
            assert getattr(portrait, name) == (pytest.approx(setting.default) if number else setting.default)
        portrait.th_engine = engine.name
        assert core("properties").settings_of(portrait) == {s.name: s.default for s in engine.settings}


def test_numbers_of_settings_are_what_was_typed(portrait):
    portrait.th_engine = "liveportrait"
    for typed in (3.2, 1.5, 2.345):  # the limits too: a 32 bit 3.2 is more than 3.2
        portrait.th_liveportrait_crop_scale = typed
        assert core("properties").settings_of(portrait)["crop_scale"] == typed


def test_paths_of_settings_are_absolute(portrait, saved_file):
    portrait.th_engine = "liveportrait"
    portrait.th_liveportrait_sample = "//media/sample.png"
    assert rna("th_liveportrait_sample").subtype == "FILE_PATH"
    assert core("properties").settings_of(portrait)["sample"] == str(saved_file.parent / "media" / "sample.png")
    portrait.th_liveportrait_sample = ""
    assert core("properties").settings_of(portrait)["sample"] == ""


def test_resetting_all_sliders_leaves_the_strengths(portrait):
    portrait.th_head_yaw, portrait.th_strength_head = 20.0, 0.5
    bpy.ops.talkinghead.reset_controls(group="all")
    assert (portrait.th_head_yaw, portrait.th_strength_head) == (0.0, 0.5)
    bpy.ops.talkinghead.reset_controls(group="strength")
    assert portrait.th_strength_head == 1.0


def test_controls_of_reads_every_slider(portrait):
    portrait.th_mouth_smile = 0.5
    values = core("properties").controls_of(portrait)
    assert values["mouth_smile"] == 0.5
    assert set(values) == {control.name for control in shared("controls").CONTROLS}


def test_points_are_pairs_and_empty_until_used(portrait):
    points_of = core("properties").points_of
    assert points_of(portrait) == ()
    portrait.th_manual = True
    portrait.th_points = [i / 32 for i in range(28)]
    points = points_of(portrait)
    assert len(points) == len(shared("source").MANUAL_POINTS)
    assert points[:2] == ((0.0, 1 / 32), (2 / 32, 3 / 32))


def test_source_of_active(scene, saved_file, portrait):
    source_of_active = core("properties").source_of_active
    assert source_of_active(bpy.context) == portrait
    result = rendered_jobs.render(scene, portrait).strip
    sequencer.select(result)
    assert source_of_active(bpy.context) == portrait
    sequencer.select()
    assert source_of_active(bpy.context) is None


def test_curves_follow_a_renamed_strip(scene, portrait):
    key(portrait)
    before = list(curves(scene).values())
    portrait.name = 'A "new" name'
    assert list(curves(scene)) == [portrait.path_from_id("th_head_yaw")]
    assert list(curves(scene).values()) == before


def test_curves_follow_a_moved_strip(scene, portrait):
    key(portrait)
    portrait.frame_start += 100
    assert list(curves(scene).values()) == [[(110.0, 0.0), (129.0, 19.0)]]


def test_curves_are_copied_with_a_split_strip(scene, portrait):
    key(portrait)
    right = portrait.split(frame=20, split_method="SOFT")
    assert set(curves(scene)) == {strip.path_from_id("th_head_yaw") for strip in (portrait, right)}


def test_curves_are_copied_with_a_duplicate(scene, portrait):
    key(portrait)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    copies = [strip for strip in sequencer.all_strips() if strip != portrait]
    assert len(copies) == 1
    assert copies[0].path_from_id("th_head_yaw") in curves(scene)


def test_curves_go_with_a_deleted_strip(scene, portrait):
    key(portrait)
    sequencer.strips().remove(portrait)
    assert curves(scene) == {}


def test_values_and_curves_survive_saving(scene, portrait, saved_file):
    key(portrait)
    portrait.th_brow = 0.25
    portrait.th_points = [i / 28 for i in range(28)]
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    strip = sequencer.all_strips()["Portrait"]
    assert strip.th_brow == 0.25
    assert strip.th_points[27] == pytest.approx(27 / 28)
    assert list(curves(bpy.context.scene).values()) == [[(10.0, 0.0), (29.0, 19.0)]]


def test_values_and_curves_survive_disabling_the_extension(scene, portrait):
    key(portrait)
    portrait.th_brow = 0.25
    installed_extension.disable()
    assert not hasattr(portrait, "th_brow")
    installed_extension.enable()
    assert portrait.th_brow == 0.25
    scene.frame_set(29)
    assert portrait.th_head_yaw == pytest.approx(19.0)


def test_driver_on_a_slider(scene, portrait):
    driver = portrait.driver_add("th_head_yaw").driver
    driver.expression = "frame / 10"
    scene.frame_set(15)
    assert portrait.th_head_yaw == pytest.approx(1.5)
