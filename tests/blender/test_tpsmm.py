# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin-Plate Spline from end to end: a picture without a face that moves as a movie strip does, and keys on top."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import driving
import media
import neural_edit
import numpy as np
import pytest
import sequencer
import talking

LENGTH = 3
STRENGTHS = ("strength_head", "strength_eyes", "strength_brows", "strength_mouth")


@pytest.fixture(autouse=True)
def worker(addon):
    neural_edit.require()
    neural_edit.fresh_start()
    yield
    neural_edit.fresh_start()


@pytest.fixture
def checkpoints(monkeypatch, face_models):
    import tpsmm_weights

    neural_edit.find_models_in(monkeypatch, face_models, tpsmm_weights.official_folder())


@pytest.fixture
def figure(scene, saved_file, tmp_path):
    """A picture without a face, for which the engine was chosen first."""
    path = Path(shutil.copy(media.coffee(), tmp_path / "coffee.png"))
    strip = sequencer.add_image(path, length=LENGTH)
    strip.th_engine, strip.th_tpsmm_model, strip.th_tpsmm_area = "tpsmm", "taichi", "whole"
    return strip


@pytest.fixture
def actor(figure, tmp_path):
    clip = Path(shutil.copy(media.carphone(), tmp_path / "carphone.mp4"))
    strip = sequencer.add_movie(clip, name="Actor", channel=5, start=-9)
    driving.act(figure, strip, acting_exact=True, acting_neutral=0)
    sequencer.select(figure)
    return strip


def test_a_whole_figure_moves_as_the_clip_does(figure, actor, checkpoints, tmp_path):
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    for name in STRENGTHS:
        for frame, value in ((1, 0.0), (2, 1.0)):
            talking.key(figure, name, frame, value)
    talking.key(figure, "tpsmm_turn", 2, 0.0)
    talking.key(figure, "tpsmm_turn", 3, 20.0)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert neural_edit.state_text() == f"{LENGTH} of {LENGTH} frames rendered"
    assert "moves all that it sees as the clip moves" in neural_edit.panel("acting").text
    assert "shown whole" in neural_edit.panel("acting").text
    files = talking.frame_files(figure)
    first, second, third = (talking.pixels(file) for file in files)
    source = talking.pixels(tmp_path / "coffee.png")
    assert np.array_equal(first, source)
    assert all(np.any(picture != source, axis=2).mean() > 0.01 for picture in (second, third))
    assert not np.array_equal(second, third)
    talking.key(figure, "tpsmm_turn", 3, 10.0)
    bpy.ops.talkinghead.render_frames()
    assert neural_edit.state_text() == "1 of 3 frames rendered, 2 reused"
    assert talking.frame_files(figure)[:2] == files[:2]


def test_a_face_is_moved_by_sliders(scene, saved_file, astronaut, checkpoints):
    portrait = talking.animated(astronaut, length=2)
    portrait.th_engine = "tpsmm"
    talking.key(portrait, "tpsmm_move_x", 1, 0.0)
    talking.key(portrait, "tpsmm_move_x", 2, 0.2)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    first, second = (talking.pixels(file) for file in talking.frame_files(portrait))
    source = talking.pixels(astronaut)
    assert np.array_equal(first, source)
    changed = np.any(second != source, axis=2)
    assert changed.mean() > 0.005 and not (changed[0, 0] or changed[-1, -1])


def test_missing_models_are_told_with_the_button_that_gets_them(scene, saved_file, astronaut, face_models):
    portrait = talking.animated(astronaut, length=2)
    portrait.th_engine, portrait.th_tpsmm_move_x = "tpsmm", 0.1
    error = neural_edit.error_of_render()
    assert error.code.value == "WEIGHTS_MISSING"
    assert "Thin-Plate Spline" in error.message and error.hint
    assert "talkinghead.get_models" in neural_edit.panel("queue").of("operator")
    assert "talkinghead.get_models" in neural_edit.panel("engine").of("operator")
