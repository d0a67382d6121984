# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait from end to end: keyed sliders, a clip, a sound. Interrupted films: test_hellomeme."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import neural_edit
import numpy as np
import pytest
import redraw_edit
import talking

ENGINE = "xportrait"

pytestmark = pytest.mark.usefixtures("redraw_jobs")


@pytest.fixture(scope="module")
def checkpoints(addon, tmp_path_factory) -> Iterator[None]:
    """A worker that finds all models and serves all tests that need them."""
    import xportrait_weights

    with redraw_edit.found_models(tmp_path_factory, xportrait_weights.official_folder()):
        yield


def test_missing_models_are_told_with_the_button_that_gets_them(scene, saved_file, astronaut, face_models):
    redraw_edit.portrait(astronaut, ENGINE)
    error = neural_edit.error_of_render()
    assert error.code.value == "WEIGHTS_MISSING"
    assert "X-Portrait" in error.message and error.hint
    assert "talkinghead.get_models" in neural_edit.panel("queue").of("operator")
    assert "talkinghead.get_models" in neural_edit.panel("engine").of("operator")


def test_preview_needs_no_models(scene, saved_file, astronaut, face_models):
    portrait = redraw_edit.portrait(astronaut, ENGINE)
    portrait.th_head_yaw = 20.0
    assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
    preview = talking.core("preview.preview")
    assert preview.error() is None and preview.picture_of(scene, portrait) is not None
    assert "performance that will be redrawn" in neural_edit.panel("main").text


def test_keyed_sliders_are_redrawn(scene, saved_file, astronaut, checkpoints):
    portrait = redraw_edit.portrait(astronaut, ENGINE, length=2)
    talking.key(portrait, "head_yaw", 1, 0.0)
    talking.key(portrait, "head_yaw", 2, 25.0)
    assert bpy.ops.talkinghead.render_first_section() == {"FINISHED"}
    assert neural_edit.state_text() == "2 of 2 frames rendered"
    pictures = redraw_edit.shown(portrait)
    redraw_edit.check_redrawn(pictures, talking.pixels(astronaut))
    assert not np.array_equal(pictures[0], pictures[1])
    assert redraw_edit.render() == "All 2 frames were there already, none had to be rendered"


def test_clip_is_redrawn(scene, saved_file, astronaut, checkpoints, tmp_path):
    portrait = redraw_edit.portrait(astronaut, ENGINE, length=2)
    redraw_edit.add_clip(scene, portrait, tmp_path)
    assert redraw_edit.render() == "2 of 2 frames rendered"
    assert "X-Portrait redraws the clip itself" in neural_edit.panel("acting").text
    pictures = redraw_edit.shown(portrait)
    redraw_edit.check_redrawn(pictures, talking.pixels(astronaut))
    files = talking.frame_files(portrait)
    # What is done to the drawing afterwards needs no other drawing; neighbors that are drawn together change together.
    setattr(portrait, f"th_{ENGINE}_feather", 0.3)
    drawn = len(list(redraw_edit.kept_sections().iterdir()))
    assert redraw_edit.render() == "2 of 2 frames rendered"
    assert len(list(redraw_edit.kept_sections().iterdir())) == drawn
    assert not set(talking.frame_files(portrait)) & set(files)
    assert redraw_edit.render() == "All 2 frames were there already, none had to be rendered"


def test_sound_is_spoken(scene, saved_file, astronaut, checkpoints, tmp_path):
    portrait = redraw_edit.portrait(astronaut, ENGINE, length=2)
    redraw_edit.add_voice(portrait, tmp_path)
    assert redraw_edit.render() == "2 of 2 frames rendered"
    redraw_edit.check_redrawn(redraw_edit.shown(portrait), talking.pixels(astronaut))
    assert redraw_edit.performed(portrait, "jaw_open").max() > 0.2
