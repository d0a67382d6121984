# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading controls over time, as Blender evaluates them."""

from __future__ import annotations

from fractions import Fraction

import bpy
import numpy as np
import pytest
import sequencer
from rendered_jobs import core, shared

FRAMES = range(10, 30)


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut, start=10, length=20)


def column(performance, name="head_yaw"):
    return performance.values[:, shared("controls").POSE_NAMES.index(name)]


def key_linear(scene, strip, name="th_head_yaw"):
    """Keys a value that equals the frame."""
    for frame in (0, 40):
        setattr(strip, name, frame)
        strip.keyframe_insert(name, frame=frame)
    for curve in core("compat").fcurves_of(scene):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"


def sample(scene, strip, frames=FRAMES):
    return core("strips.sampling").sample(scene, strip, frames)


def test_every_rate_that_blender_takes_is_one(scene):
    for fps, fps_base, rate in ((24, 1.001, Fraction(24000, 1001)), (1, 1e-5, 100_000), (1, 50.0, Fraction(1, 50))):
        scene.render.fps, scene.render.fps_base = fps, fps_base
        assert float(core("strips.sampling").scene_rate(scene)) == pytest.approx(float(rate), rel=1e-6)


def test_without_animation_the_values_are_those_of_the_sliders(scene, portrait):
    portrait.th_head_yaw, portrait.th_mouth_smile = 12.5, -0.25
    performance = sample(scene, portrait)
    assert len(performance) == 20
    names = shared("controls").POSE_NAMES
    expected = [getattr(portrait, "th_" + name) for name in names]
    np.testing.assert_array_equal(performance.values, np.tile(np.round(expected, 4), (20, 1)))


def test_keys(scene, portrait):
    key_linear(scene, portrait)
    np.testing.assert_allclose(column(sample(scene, portrait)), list(FRAMES), atol=1e-4)


def test_driver_that_follows_a_scene_property(scene, portrait):
    driver = portrait.driver_add("th_head_yaw").driver
    driver.type = "SCRIPTED"
    driver.expression = "frame * 0.5 - 1"
    np.testing.assert_allclose(column(sample(scene, portrait)), [f * 0.5 - 1 for f in FRAMES], atol=1e-4)


def test_curve_modifier(scene, portrait):
    key_linear(scene, portrait)
    (curve,) = core("compat").fcurves_of(scene)
    modifier = curve.modifiers.new("STEPPED")
    modifier.frame_step = 5
    assert len(set(column(sample(scene, portrait)))) == 4


def test_muted_curve_is_ignored(scene, portrait):
    key_linear(scene, portrait)
    portrait.th_head_yaw = 3.0
    (curve,) = core("compat").fcurves_of(scene)
    curve.mute = True
    np.testing.assert_allclose(column(sample(scene, portrait)), 3.0)


def test_nla_strip(scene, portrait):
    key_linear(scene, portrait)
    animation = scene.animation_data
    action = animation.action
    track = animation.nla_tracks.new()
    track.strips.new("Performance", 0, action)
    animation.action = None
    np.testing.assert_allclose(column(sample(scene, portrait)), list(FRAMES), atol=1e-4)


def test_scene_that_no_window_shows(scene, portrait):
    key_linear(scene, portrait)
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    np.testing.assert_allclose(column(sample(scene, portrait)), list(FRAMES), atol=1e-4)


def test_strip_in_a_meta_strip(scene, portrait):
    key_linear(scene, portrait)
    sequencer.select(portrait)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
    np.testing.assert_allclose(column(sample(scene, portrait)), list(FRAMES), atol=1e-4)


def test_frame_and_subframe_are_put_back(scene, portrait):
    scene.frame_set(7, subframe=0.25)
    sample(scene, portrait)
    assert (scene.frame_current, scene.frame_subframe) == (7, 0.25)


def test_frame_is_put_back_when_reading_fails(scene, portrait):
    scene.frame_set(7)
    with pytest.raises(TypeError):
        sample(scene, portrait, [12, None])
    assert scene.frame_current == 7


def test_driven_values_stay_in_range(scene, portrait):
    portrait.driver_add("th_jaw_open").driver.expression = "frame"
    assert set(column(sample(scene, portrait), "jaw_open")) == {1.0}


@pytest.mark.parametrize(
    "fps, fps_base, rate",
    [(24, 1.0, Fraction(24)), (30, 1.001, Fraction(30000, 1001)), (24, 1.001, Fraction(24000, 1001)),
     (60, 1.001, Fraction(60000, 1001)), (25, 2.0, Fraction(25, 2))],
)  # fmt: skip
def test_rate_is_exact(scene, portrait, fps, fps_base, rate):
    scene.render.fps, scene.render.fps_base = fps, fps_base
    assert sample(scene, portrait, [10]).rate == rate
