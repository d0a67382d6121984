# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking: the curves do what the drivers did, within the tolerance, and the artist can go on from there."""

from __future__ import annotations

from fractions import Fraction

import bpy
import driving
import known_drivers
import media
import numbered
import numpy as np
import pytest
import sequencer
import talking
from talking import core, shared

RATE = Fraction(30000, 1001)
ACTED = ("head_pitch", "head_yaw", "head_scale", "eye_open", "brow", "jaw_open", "mouth_smile")
LENGTH = 120
# The controls' values are rounded to four decimals, curves are 32 bit floats.
ROUNDING_PERCENT = 0.05


@pytest.fixture
def portrait(scene, astronaut):
    talking.fresh_start()
    strip = sequencer.add_image(astronaut, start=11, length=LENGTH)
    strip.th_role = "SOURCE"
    return strip


@pytest.fixture
def acted(portrait, tmp_path):
    values = known_drivers.motion(130, RATE, *ACTED)
    known_drivers.drive(portrait, "acting", values, RATE, tmp_path / "actor.mp4")
    return portrait


def live(strip, frames=None):
    frames = frames or range(11, 11 + LENGTH)
    return core("drivers.drivers").mixed(strip.id_data, strip, frames).values


def error_percent(values, expected):
    """(controls,) largest difference in percent of each soft range."""
    spans = [high - low for low, high in (control.soft_range for control in shared("controls").POSE_CONTROLS)]
    return 100 * np.abs(values - expected).max(axis=0) / spans


def bake(tolerance=1.0):
    assert bpy.ops.talkinghead.bake_performance(tolerance=tolerance) == {"FINISHED"}
    return core("jobs.service").runner.state


def curve_names(strip):
    return core("performance.curves").animated(strip, shared("controls").BY_NAME)


@pytest.mark.parametrize("tolerance", [0.2, 1.0, 5.0])
def test_baked_curves_do_what_the_driver_did(acted, tolerance):
    before = live(acted)
    assert np.ptp(before, axis=0).astype(bool).sum() == len(ACTED)
    state = bake(tolerance)
    assert (acted.th_acting_on, acted.th_speech_on) == (False, False)
    after = live(acted)
    assert error_percent(after, before).max() <= tolerance + ROUNDING_PERCENT
    assert set(curve_names(acted)) == set(ACTED)
    assert "7 curves" in state.text and f"from {LENGTH} frames" in state.text
    keys = sum(len(core("performance.curves").read(acted, name)) for name in ACTED)
    assert keys < {0.2: 0.7, 1.0: 0.45, 5.0: 0.3}[tolerance] * LENGTH * len(ACTED)
    assert f", {keys} keys" in state.text


def test_animated_strengths_and_sliders_are_baked_in(acted):
    talking.key(acted, "strength_head", 11, 0.0)
    talking.key(acted, "strength_head", 100, 2.0)
    talking.key(acted, "strength_mouth", 50, 0.3)
    talking.key(acted, "head_yaw", 20, -10.0)
    talking.key(acted, "head_yaw", 60, 15.0)
    acted.th_jaw_open = 0.2
    before = live(acted)
    bake()
    assert error_percent(live(acted), before).max() <= 1 + ROUNDING_PERCENT


def test_both_drivers(acted, tmp_path):
    known_drivers.drive(acted, "speech", known_drivers.motion(90, RATE, "jaw_open", seed=5), RATE, tmp_path / "v.wav")
    before = live(acted)
    bake()
    assert (acted.th_acting_on, acted.th_speech_on) == (False, False)
    assert error_percent(live(acted), before).max() <= 1 + ROUNDING_PERCENT


@pytest.mark.parametrize("first", [-500, 14_000, 100_000])
def test_anywhere_on_the_timeline(acted, first):
    core("compat").set_content_start(acted, first)
    core("compat").set_right(acted, first + LENGTH)
    core("compat").set_left(acted, first)
    frames = range(first, first + LENGTH)
    before = live(acted, frames)
    assert np.ptp(before, axis=0).astype(bool).sum() == len(ACTED)
    bake()
    # Frames of six digits have two decimals in 32 bit.
    assert error_percent(live(acted, frames), before).max() <= 1 + ROUNDING_PERCENT + (0.2 if first > 50_000 else 0)


def test_driver_is_read_by_the_worker_first(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=90)
    source.th_acting_file, source.th_acting_on = str(media.carphone()), True
    with pytest.raises(shared("errors").TalkingHeadError, match="not been read"):
        live(source, range(1, 91))
    bake()
    baked = live(source, range(1, 91))
    assert not source.th_acting_on
    for name in curve_names(source):
        core("performance.curves").remove(source, name)
        setattr(source, f"th_{name}", shared("controls").BY_NAME[name].rest)
    source.th_acting_on = True
    acted = live(source, range(1, 91))
    assert np.ptp(acted[:, shared("controls").POSE_NAMES.index("head_yaw")]) > 5
    assert error_percent(baked, acted).max() <= 1 + ROUNDING_PERCENT


def test_a_scene_that_no_window_shows(acted):
    before = live(acted)
    other = bpy.data.scenes.new("Other")
    target = core("jobs.job_steps").Target(acted.id_data.name, acted.name, "STRIP")
    bpy.context.window.scene = other
    for _ in core("performance.bake").bake(target, 1.0, core("jobs.runner").JobControl()):
        pass
    assert error_percent(live(acted), before).max() <= 1 + ROUNDING_PERCENT


def test_speech_with_blinks_and_sway(portrait, tmp_path):
    values = known_drivers.motion(130, RATE, "jaw_open", "mouth_wide")
    known_drivers.drive(portrait, "speech", values, RATE, tmp_path / "voice.wav")
    before = live(portrait)
    assert np.ptp(before[:, shared("controls").POSE_NAMES.index("eye_open")]) > 0.5
    bake()
    assert not portrait.th_speech_on
    assert error_percent(live(portrait), before).max() <= 1 + ROUNDING_PERCENT
    assert {"jaw_open", "mouth_wide", "eye_open", "head_yaw"} <= set(curve_names(portrait))


def test_driver_can_be_switched_on_again(acted):
    file = acted.th_acting_file
    bake()
    assert acted.th_acting_file == file
    for name in ACTED:
        core("performance.curves").remove(acted, name)
    acted.th_acting_on = True
    assert np.ptp(live(acted), axis=0).astype(bool).sum() == len(ACTED)


def test_what_the_driver_does_not_move_stays(acted):
    for frame, value in ((11, 0.5), (40, -0.25), (41, 0.75)):
        talking.key(acted, "gaze_x", frame, value)
    before = core("performance.curves").read(acted, "gaze_x")
    bake()
    after = core("performance.curves").read(acted, "gaze_x")
    for name in before.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_keys_outside_of_the_strip_stay(acted):
    for frame in (1, 5, 30, 300):
        talking.key(acted, "head_yaw", frame, 7.0)
    bake()
    frames = core("performance.curves").read(acted, "head_yaw").frames
    assert frames[frames < 11].tolist() == [1, 5]
    assert frames[frames > 130].tolist() == [300]
    assert {11, 130} <= set(frames.tolist())


@pytest.mark.parametrize(
    "engine, told", [("puppet", "Mouth and brows followed"), ("liveportrait", "LivePortrait followed the clip itself")]
)
def test_exact_motion_is_baked_as_sliders(acted, engine, told):
    acted.th_engine, acted.th_acting_exact = engine, True
    assert core("drivers.drivers").performance_of(acted.id_data, acted, range(11, 20)).exact is not None
    state = bake()
    assert any(told in warning for warning in state.warnings)
    assert acted.th_acting_exact
    acted.th_acting_exact = False
    baked = live(acted)
    for name in ACTED:
        core("performance.curves").remove(acted, name)
        setattr(acted, f"th_{name}", shared("controls").BY_NAME[name].rest)
    acted.th_acting_on = True
    assert error_percent(baked, live(acted)).max() <= 1 + ROUNDING_PERCENT
    assert {"brow", "jaw_open", "mouth_smile"} <= set(ACTED)


def test_one_key_can_be_edited_afterwards(acted):
    bake()
    points = core("performance.curves").find(acted, "head_yaw").keyframe_points
    point = points[len(points) // 2]
    frame = round(point.co.x)
    before = live(acted)[frame - 11]
    point.co_ui.y += 3.0
    core("performance.curves").find(acted, "head_yaw").update()
    yaw = shared("controls").POSE_NAMES.index("head_yaw")
    difference = live(acted)[frame - 11] - before
    assert difference[yaw] == pytest.approx(3.0, abs=1e-3)
    assert np.count_nonzero(np.abs(difference) > 1e-6) == 1


def test_baked_keys_follow_a_strip_that_is_moved(acted):
    bake()
    before = live(acted)
    core("compat").set_content_start(acted, 31)
    assert error_percent(live(acted, range(31, 31 + LENGTH)), before).max() <= ROUNDING_PERCENT


def test_refused_while_a_slider_has_a_driver_and_nothing_is_changed(acted):
    acted.driver_add("th_head_yaw")
    with pytest.raises(RuntimeError, match="Head Yaw of 'Portrait' has a Blender driver"):
        bpy.ops.talkinghead.bake_performance()
    assert acted.th_acting_on
    assert curve_names(acted) == ()


def test_refused_without_a_driver(portrait):
    with pytest.raises(RuntimeError, match="No driver is on"):
        bpy.ops.talkinghead.bake_performance()


@pytest.mark.parametrize("how", ["strength", "time"])
def test_refused_when_the_driver_moves_nothing(portrait, actor, how):
    sequencer.select(portrait)
    if how == "strength":
        portrait.th_strength_head = 0.0
    else:
        core("compat").set_content_start(actor, 500)
    with pytest.raises(RuntimeError, match="move nothing"):
        bpy.ops.talkinghead.bake_performance()
    assert portrait.th_acting_on


@pytest.fixture
def actor(portrait, tmp_path):
    strip = sequencer.add_movie(numbered.movie(tmp_path / "clip.mp4", 40, 24, 1.0), name="Actor", channel=4, start=21)
    driving.act(portrait, strip)
    driving.remember(portrait, "acting", driving.ramp("head_yaw", 0.25, 40))
    return strip


def test_driver_elsewhere_in_time_is_told(portrait, actor, tmp_path):
    sequencer.select(portrait)
    core("compat").set_content_start(actor, 500)
    known_drivers.drive(portrait, "speech", known_drivers.motion(90, RATE, "jaw_open"), RATE, tmp_path / "v.wav")
    assert any("same time" in warning for warning in bake().warnings)


def test_portrait_that_is_renamed_meanwhile_is_baked(acted):
    acted.th_id = "pair"
    steps = bake_steps(acted)
    next(steps)
    acted.name = "Another"
    assert list(steps)[-1].phase.value == "done"
    assert set(curve_names(acted)) == set(ACTED)


def test_refused_without_consent_when_a_driver_must_be_watched(acted, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)
    core("drivers.driver_tracks").forget_all()
    talking.fresh_start(consent=False)
    with pytest.raises(RuntimeError, match="right to animate"):
        bpy.ops.talkinghead.bake_performance()
    talking.fresh_start()
    assert acted.th_acting_on


def test_missing_driver_is_told(acted, tmp_path):
    (tmp_path / "actor.mp4").unlink()
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.talkinghead.bake_performance()
    assert acted.th_acting_on


def test_baking_twice_gives_the_same_keys(acted):
    bake()
    first = {name: core("performance.curves").read(acted, name) for name in ACTED}
    for name in ACTED:
        core("performance.curves").remove(acted, name)
        setattr(acted, f"th_{name}", shared("controls").BY_NAME[name].rest)
    acted.th_acting_on = True
    bake()
    for name, keys in first.items():
        np.testing.assert_array_equal(core("performance.curves").read(acted, name).co, keys.co)


def bake_steps(strip, control=None):
    target = core("jobs.job_steps").Target(strip.id_data.name, strip.name, "STRIP")
    return core("performance.bake").bake(target, 1.0, control or core("jobs.runner").JobControl())


def test_canceled_bake_changes_nothing(acted):
    control = core("jobs.runner").JobControl()
    steps = bake_steps(acted, control)
    with pytest.raises(shared("errors").TalkingHeadError, match="Canceled"):
        for state in steps:
            control.cancelled = state.fraction > 0
    assert acted.th_acting_on
    assert curve_names(acted) == ()


def test_one_undo_step(acted, monkeypatch):
    steps = []
    monkeypatch.setattr(core("jobs.service"), "push_undo", steps.append)
    bake()
    assert steps == ["Bake Performance"]
