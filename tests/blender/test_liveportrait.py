# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait from end to end: portrait, keys, a clip that acts, the seeded weights as a checkpoint folder, frames."""

from __future__ import annotations

import itertools
from pathlib import Path

import bpy
import driving
import neural_edit
import numbered
import numpy as np
import pytest
import sequencer
import talking
import worker_without

LENGTH = 3
STRENGTHS = ("strength_head", "strength_eyes", "strength_brows", "strength_mouth")


@pytest.fixture(autouse=True)
def worker(addon):
    neural_edit.require()
    neural_edit.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def checkpoints(monkeypatch, face_models) -> Path:
    """The seeded weights in the layout of the official files, named to the worker as a folder of models."""
    import liveportrait_weights

    folder = liveportrait_weights.official_folder()
    neural_edit.find_models_in(monkeypatch, face_models, folder)
    return folder


@pytest.fixture
def portrait(scene, saved_file, astronaut):
    strip = talking.animated(astronaut, length=LENGTH)
    strip.th_engine = "liveportrait"
    strip.th_liveportrait_colour_match = False  # a frame costs a decoding less
    return strip


def test_keyed_sliders_are_rendered_and_seen_in_the_edit(scene, portrait, checkpoints, astronaut, tmp_path):
    for name, value in (("head_yaw", 12.0), ("liveportrait_purse", 0.8)):
        talking.key(portrait, name, 1, 0.0)
        talking.key(portrait, name, LENGTH, value)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert neural_edit.state_text() == f"{LENGTH} of {LENGTH} frames rendered"
    shown = [talking.pixels(file) for file in talking.frame_files(portrait)]
    source = talking.pixels(astronaut)
    assert np.array_equal(shown[0], source)  # the keys rest there
    changed = [np.any(picture != source, axis=2) for picture in shown[1:]]
    assert all(mask.mean() > 0.01 for mask in changed)
    assert not np.array_equal(shown[1], shown[2])
    assert not any(mask[0, 0] or mask[-1, -1] for mask in changed)  # nothing but the face is redrawn
    for frame, picture in enumerate(shown, 1):
        rendered = talking.pixels(sequencer.render_frame(tmp_path / f"edit-{frame}.png", frame))
        assert np.array_equal(rendered[..., :3], picture[..., :3])
    bpy.ops.talkinghead.render_frames()
    assert "none had to be rendered" in neural_edit.state_text()


@pytest.fixture
def acting_pictures(scene, tmp_path) -> list[Path]:
    return neural_edit.acting_pictures(scene, tmp_path)


@pytest.fixture
def actor(scene, acting_pictures, portrait):
    strip = numbered.add_sequence(scene, acting_pictures, "Actor", channel=5)
    driving.act(portrait, strip, acting_exact=True, acting_neutral=0)
    sequencer.select(portrait)
    return strip


def test_clip_acts_itself_with_exact(actor, portrait, checkpoints, astronaut):
    for name in STRENGTHS:
        for frame, value in ((1, 0.0), (2, 1.0), (3, 1.0)):
            talking.key(portrait, name, frame, value)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert "LivePortrait follows the clip itself" in neural_edit.panel("acting").text
    files = talking.frame_files(portrait)
    shown, source = [talking.pixels(file) for file in files], talking.pixels(astronaut)
    assert np.array_equal(shown[0], source)
    assert not any(np.array_equal(*pair) for pair in itertools.combinations(shown, 2))
    talking.key(portrait, "strength_mouth", 3, 0.2)
    bpy.ops.talkinghead.render_frames()
    assert neural_edit.state_text() == "1 of 3 frames rendered, 2 reused"
    assert talking.frame_files(portrait)[:2] == files[:2]


def test_cancel_is_heard_within_a_frame(portrait, checkpoints):
    for frame in (1, LENGTH):
        talking.key(portrait, "head_roll", frame, 2.0 * frame)
    runner = talking.start_render(portrait)
    talking.step_until(runner, lambda state: state.text == "Rendering", limit=50_000)
    runner.cancel()
    assert talking.step_to_end(runner, limit=50_000).phase.value == "cancelled"
    assert len(talking.rendered_frames(talking.frame_files(portrait)[0].parent)) <= 1


def test_preview_shows_what_is_rendered(scene, portrait, checkpoints):
    portrait.th_mouth_smile = 1.0
    assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
    shown = talking.core("preview.preview").picture_of(scene, portrait)
    assert shown.size == (512, 512)
    assert not np.array_equal(shown.pixels[::-1], talking.pixels(talking.frame_files(portrait)[0]))


def test_command_line_takes_the_engine(scene, portrait, checkpoints, capsys):
    portrait.th_engine = "puppet"
    command_line = talking.core("jobs.command_line")
    assert command_line.main(["render", "--engine", "liveportrait", "--strip", "Portrait", "--i-have-the-rights"]) == 0
    assert "3 of 3 frames rendered" in capsys.readouterr().out


def test_missing_models_are_told_with_the_button_that_gets_them(scene, portrait, face_models):
    portrait.th_head_yaw = 5.0
    error = neural_edit.error_of_render()
    assert error.code.value == "WEIGHTS_MISSING"
    assert "LivePortrait" in error.message and error.hint
    assert "talkinghead.get_models" in neural_edit.panel("queue").of("operator")


def test_missing_packages_are_told_with_the_button_that_installs_them(
    scene, portrait, checkpoints, tmp_path, monkeypatch
):
    named = worker_without.python_without(tmp_path / "base", "torch", "functorch")
    monkeypatch.setenv("TALKINGHEAD_PYTHON", str(named))
    talking.fresh_start()
    portrait.th_head_yaw = 5.0
    error = neural_edit.error_of_render()
    assert error.code.value == "PACKAGE_MISSING"
    assert "talkinghead.install_neural" in neural_edit.panel("queue").of("operator")
