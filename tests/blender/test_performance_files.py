# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performances as files and as wholes: saved, loaded, mirrored, retimed, copied to other strips."""

from __future__ import annotations

import json
from fractions import Fraction

import bpy
import known_drivers
import numpy as np
import pytest
import sequencer
import talking
from talking import core, shared

RATE = Fraction(24)
LENGTH = 48
ROUNDING_PERCENT = 0.05


def as_source(strip):
    strip.th_role = "SOURCE"
    strip.th_id = strip.name
    return strip


@pytest.fixture
def portrait(scene, astronaut):
    talking.fresh_start()
    return as_source(sequencer.add_image(astronaut, start=11, length=LENGTH))


@pytest.fixture
def keyed(portrait):
    """Yaw with handles of its own, a wink of the left eye and a slider without keys."""
    for name, frame, value in (
        ("head_yaw", 11, -10), ("head_yaw", 30, 15), ("head_yaw", 50, 0), ("wink_l", 20, 0), ("wink_l", 24, 1),
        ("wink_l", 30, 0), ("head_pitch", 11, 1), ("head_pitch", 31, 5),
    ):  # fmt: skip
        talking.key(portrait, name, frame, value)
    point = core("performance.curves").find(portrait, "head_yaw").keyframe_points[1]
    point.handle_left_type = point.handle_right_type = "FREE"
    point.handle_left, point.handle_right = (24.0, 17.0), (33.0, 3.0)
    core("performance.curves").find(portrait, "head_yaw").update()
    portrait.th_brow_r = 0.5
    return portrait


@pytest.fixture
def other(portrait, hopper):
    strip = as_source(sequencer.add_image(hopper, name="Hopper", channel=3, start=101, length=30))
    sequencer.select(portrait)
    return strip


def test_saving_without_a_name_is_refused(keyed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="No file was given"):
        bpy.ops.talkinghead.save_performance(filepath="")
    assert not (tmp_path / ".json").exists()


def sampled(strip, frames=range(11, 11 + LENGTH)):
    return core("strips.sampling").sample(strip.id_data, strip, frames).values


def error_percent(values, expected):
    spans = [high - low for low, high in (control.soft_range for control in shared("controls").POSE_CONTROLS)]
    return (100 * np.abs(values - expected).max(axis=0) / spans).max()


def column(values, name):
    return values[:, shared("controls").POSE_NAMES.index(name)]


def frames_of(strip, name="head_yaw"):
    return core("performance.curves").read(strip, name).frames.tolist()


def save(path, **options):
    assert bpy.ops.talkinghead.save_performance(filepath=str(path), **options) == {"FINISHED"}
    return shared("performance").load(path)


def load(path, **options):
    assert bpy.ops.talkinghead.load_performance(filepath=str(path), **options) == {"FINISHED"}


def clear(strip):
    for control in shared("controls").POSE_CONTROLS:
        core("performance.curves").remove(strip, control.name)
        setattr(strip, control.property_name, control.rest)
    core("performance.curves").refresh(strip.id_data)


def test_saved_file_holds_what_the_sliders_do(keyed, tmp_path):
    performance = save(tmp_path / "nod.json")
    assert performance.rate == RATE
    np.testing.assert_array_equal(performance.values, sampled(keyed))
    assert set(json.loads((tmp_path / "nod.json").read_text())["controls"]) == {
        "head_yaw", "head_pitch", "wink_l", "brow_r"
    }  # fmt: skip
    assert f"{LENGTH} frames of 4 sliders saved in nod.json" in core("jobs.service").runner.state.text


def test_extension_is_added_and_groups_are_chosen(keyed, tmp_path):
    assert bpy.ops.talkinghead.save_performance(filepath=str(tmp_path / "eyes"), group="eyes") == {"FINISHED"}
    assert json.loads((tmp_path / "eyes.json").read_text())["controls"] == ["wink_l"]


def test_live_drivers_are_saved(keyed, tmp_path):
    values = known_drivers.motion(60, Fraction(25), "jaw_open")
    known_drivers.drive(keyed, "acting", values, Fraction(25), tmp_path / "actor.mp4")
    performance = save(tmp_path / "live.json")
    expected = core("drivers.drivers").mixed(keyed.id_data, keyed, range(11, 11 + LENGTH)).values
    np.testing.assert_array_equal(performance.values, expected)
    assert np.ptp(column(performance.values, "jaw_open")) > 0.3
    assert keyed.th_acting_on


def test_file_that_cannot_be_written(keyed, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.talkinghead.save_performance(filepath=str(tmp_path / "file" / "nod.json"))


@pytest.mark.parametrize("tolerance", [0.5, 3.0])
def test_loaded_file_does_what_was_saved(keyed, tmp_path, tolerance):
    performance = save(tmp_path / "nod.json")
    clear(keyed)
    load(tmp_path / "nod.json", tolerance=tolerance)
    assert error_percent(sampled(keyed), performance.values) <= tolerance + ROUNDING_PERCENT


def test_loaded_at_the_strips_start_or_the_current_frame(keyed, other, tmp_path):
    expected = column(save(tmp_path / "nod.json").values, "head_yaw")
    sequencer.select(other)
    load(tmp_path / "nod.json")
    loaded = column(sampled(other, range(101, 101 + LENGTH)), "head_yaw")
    np.testing.assert_allclose(loaded, expected, atol=0.45)
    clear(other)
    other.id_data.frame_set(201)
    load(tmp_path / "nod.json", place="CURSOR")
    np.testing.assert_allclose(column(sampled(other, range(201, 201 + LENGTH)), "head_yaw"), expected, atol=0.45)


def test_another_frame_rate_keeps_the_time(scene, keyed, tmp_path):
    expected = column(save(tmp_path / "nod.json").values, "head_yaw")
    clear(keyed)
    scene.render.fps, scene.render.fps_base = 60, 1.001
    load(tmp_path / "nod.json")
    ratio = float(Fraction(60000, 1001) / RATE)
    loaded = column(sampled(keyed, range(11, 11 + 120)), "head_yaw")
    times = np.minimum(np.arange(120) / ratio, LENGTH - 1)
    np.testing.assert_allclose(loaded, np.interp(times, np.arange(LENGTH), expected), atol=0.45)


def test_replacing_leaves_other_sliders_and_frames(keyed, tmp_path):
    performance = shared("performance").Performance.from_poses(RATE, [{"head_yaw": 5.0}] * 4)
    shared("performance").save(performance, tmp_path / "short.json")
    pitch = core("performance.curves").read(keyed, "head_pitch")
    load(tmp_path / "short.json")
    assert frames_of(keyed) == [11, 14, 30, 50]
    np.testing.assert_array_equal(core("performance.curves").read(keyed, "head_pitch").co, pitch.co)


def test_adding_counts_from_rest(keyed, tmp_path):
    before = sampled(keyed)
    poses = [{"head_yaw": 5.0, "head_scale": 1.1, "jaw_open": 0.5}] * LENGTH
    shared("performance").save(shared("performance").Performance.from_poses(RATE, poses), tmp_path / "more.json")
    load(tmp_path / "more.json", mode="ADD", group="head")
    after = sampled(keyed)
    np.testing.assert_allclose(column(after - before, "head_yaw"), 5.0, atol=0.41)
    np.testing.assert_allclose(column(after, "head_scale"), 1.1, atol=0.004)
    assert not column(after, "jaw_open").any()


def test_file_that_is_none_is_refused(keyed, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(RuntimeError, match="not a Talking Head performance"):
        bpy.ops.talkinghead.load_performance(filepath=str(tmp_path / "x.json"))
    with pytest.raises(RuntimeError, match="There is no file"):
        bpy.ops.talkinghead.load_performance(filepath=str(tmp_path / "y.json"))
    save(tmp_path / "nod.json")
    with pytest.raises(RuntimeError, match="moves none of the chosen sliders"):
        bpy.ops.talkinghead.load_performance(filepath=str(tmp_path / "nod.json"), group="mouth")


def test_mirrored_curves(keyed):
    before = sampled(keyed)
    keys = core("performance.curves").read(keyed, "head_yaw")
    assert bpy.ops.talkinghead.mirror_performance() == {"FINISHED"}
    mirrored = shared("motion.edits").mirrored(shared("performance").Performance(RATE, before))
    np.testing.assert_allclose(sampled(keyed), mirrored.values, atol=2e-4)
    after = core("performance.curves").read(keyed, "head_yaw")
    np.testing.assert_array_equal(after.handle_right, keys.handle_right * [1, -1])
    assert core("performance.curves").find(keyed, "wink_l") is None
    assert frames_of(keyed, "wink_r") == [20, 24, 30]
    assert (keyed.th_brow_l, keyed.th_brow_r) == (0.5, 0.0)


def test_mirrored_twice_is_the_same(keyed):
    names = ("head_yaw", "head_pitch", "wink_l")
    before = {name: core("performance.curves").read(keyed, name) for name in names}
    for _ in range(2):
        bpy.ops.talkinghead.mirror_performance()
    for name, keys in before.items():
        again = core("performance.curves").read(keyed, name)
        for field in keys.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(again, field), getattr(keys, field))
    assert core("performance.curves").animated(keyed, shared("controls").POSE_NAMES) == (
        "head_pitch",
        "head_yaw",
        "wink_l",
    )
    assert keyed.th_brow_r == 0.5


def test_one_group_is_mirrored(keyed):
    bpy.ops.talkinghead.mirror_performance(group="eyes")
    assert core("performance.curves").read(keyed, "head_yaw").co[0, 1] == -10
    assert frames_of(keyed, "wink_r") == [20, 24, 30]


def test_locked_curve_stops_the_whole_mirror(keyed):
    core("performance.curves").find(keyed, "wink_l").lock = True
    with pytest.raises(RuntimeError, match="is locked"):
        bpy.ops.talkinghead.mirror_performance()
    assert core("performance.curves").read(keyed, "head_yaw").co[0, 1] == -10


def test_retimed_by_speed(keyed):
    before = sampled(keyed, range(11, 51))
    handles = core("performance.curves").read(keyed, "head_yaw").handle_right
    assert bpy.ops.talkinghead.retime_performance(mode="SPEED", speed=0.5) == {"FINISHED"}
    assert frames_of(keyed) == [11, 49, 89]
    assert frames_of(keyed, "wink_l") == [29, 37, 49]
    np.testing.assert_allclose(
        core("performance.curves").read(keyed, "head_yaw").handle_right[:, 0], handles[:, 0] * 2 - 11
    )
    np.testing.assert_allclose(sampled(keyed, range(11, 91, 2)), before, atol=1e-3)


def test_retimed_to_a_length_on_whole_frames(keyed):
    assert bpy.ops.talkinghead.retime_performance(mode="LENGTH", length=14, whole_frames=True) == {"FINISHED"}
    assert frames_of(keyed) == [11, 17, 24]
    assert frames_of(keyed, "wink_l") == [14, 15, 17]


def test_one_group_is_retimed_about_its_own_first_key(keyed):
    bpy.ops.talkinghead.retime_performance(speed=2.0, group="eyes")
    assert frames_of(keyed, "wink_l") == [20, 22, 25]
    assert frames_of(keyed) == [11, 30, 50]


def test_retiming_needs_keys(portrait):
    with pytest.raises(RuntimeError, match="have no keyframes"):
        bpy.ops.talkinghead.retime_performance(speed=2.0)
    talking.key(portrait, "head_yaw", 11, 1)
    with pytest.raises(RuntimeError, match="Add a second keyframe"):
        bpy.ops.talkinghead.retime_performance(mode="LENGTH", length=10)
    with pytest.raises(RuntimeError, match="have no keyframes"):
        bpy.ops.talkinghead.retime_performance(speed=2.0, group="eyes")


def test_copied_to_the_start_of_another_strip(keyed, other):
    core("performance.curves").find(keyed, "head_yaw").extrapolation = "LINEAR"
    talking.key(other, "jaw_open", 105, 0.5)
    sequencer.select(keyed, other)
    assert bpy.ops.talkinghead.copy_performance() == {"FINISHED"}
    np.testing.assert_allclose(sampled(other, range(101, 160)), sampled(keyed, range(11, 70)), atol=1e-3)
    assert core("performance.curves").find(other, "head_yaw").extrapolation == "LINEAR"
    assert core("performance.curves").find(other, "head_yaw").group.name == "Talking Head: Hopper"
    assert core("performance.curves").find(other, "jaw_open") is None
    assert other.th_brow_r == 0.5


def test_copied_at_the_same_frames_and_one_group(keyed, other):
    talking.key(other, "jaw_open", 105, 0.5)
    sequencer.select(keyed, other)
    assert bpy.ops.talkinghead.copy_performance(keep_time=True, group="eyes") == {"FINISHED"}
    assert frames_of(other, "wink_l") == [20, 24, 30]
    assert core("performance.curves").animated(other, shared("controls").POSE_NAMES) == ("wink_l", "jaw_open")


def test_copying_needs_another_portrait(keyed, other, hopper):
    plain = sequencer.add_image(hopper, name="Plain", channel=5)
    sequencer.select(keyed, plain)
    with pytest.raises(RuntimeError, match="Select other animated portraits"):
        bpy.ops.talkinghead.copy_performance()


def test_a_strip_that_cannot_be_written_stops_the_whole_copy(keyed, other, hopper):
    third = as_source(sequencer.add_image(hopper, name="Third", channel=5))
    third.driver_add("th_wink_l")
    sequencer.select(keyed, other, third)
    with pytest.raises(RuntimeError, match="has a Blender driver"):
        bpy.ops.talkinghead.copy_performance()
    assert core("performance.curves").animated(other, shared("controls").POSE_NAMES) == ()


def test_a_slider_with_a_blender_driver_is_not_mirrored_by_halves(keyed):
    keyed.driver_add("th_gaze_x")
    with pytest.raises(RuntimeError, match="has a Blender driver"):
        bpy.ops.talkinghead.mirror_performance()
    assert core("performance.curves").read(keyed, "head_yaw").co[0, 1] == -10
    bpy.ops.talkinghead.mirror_performance(group="head")
    assert core("performance.curves").read(keyed, "head_yaw").co[0, 1] == 10
