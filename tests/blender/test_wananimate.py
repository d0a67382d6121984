# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate from end to end: keyed sliders, a clip, a shot whose person is replaced, helper strips and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import media
import neural_edit
import numpy as np
import pytest
import redraw_edit
import sequencer
import talking
import video_edit

ENGINE = "wananimate"

pytestmark = pytest.mark.usefixtures("redraw_jobs")


@pytest.fixture(scope="module")
def checkpoints(addon, tmp_path_factory) -> Iterator[None]:
    """A worker that finds all models and serves all tests that need them."""
    import wan_weights

    with redraw_edit.found_models(tmp_path_factory, wan_weights.official_folder()):
        yield


def test_interrupted_film_is_the_same_as_one_that_was_not(scene, saved_file, astronaut, checkpoints):
    figure = video_edit.portrait(astronaut, ENGINE, 9, tracking="light")
    talking.key(figure, "head_yaw", 1, 0.0)
    talking.key(figure, "head_yaw", 9, 25.0)
    assert bpy.ops.talkinghead.render_first_section() == {"FINISHED"}
    assert neural_edit.state_text() == "5 of 5 frames rendered"
    redraw_edit.interrupt(figure)
    assert redraw_edit.render() == "4 of 9 frames rendered, 5 reused"
    pictures = video_edit.drawn(figure)
    assert pictures[0].shape == talking.pixels(astronaut).shape
    resumed = redraw_edit.forget_film(figure, "chains")
    assert redraw_edit.render() == "9 of 9 frames rendered"
    assert {file.name: file.read_bytes() for file in talking.frame_files(figure)} == resumed


def test_clip_is_performed_and_cut_out_over_a_background(scene, saved_file, astronaut, checkpoints, tmp_path):
    figure = video_edit.portrait(astronaut, ENGINE, 3, cut_out=True)
    redraw_edit.add_clip(scene, figure, tmp_path)
    assert redraw_edit.render() == "3 of 3 frames rendered"
    assert "Wan-Animate performs the clip itself" in neural_edit.panel("acting").text
    alphas = [picture[..., 3] for picture in video_edit.drawn(figure)]
    assert figure.mute and all(alpha.min() == 0 for alpha in alphas)
    seen, picture = video_edit.over_color(figure, tmp_path / "seen.png", 2)
    clear = picture[..., 3] == 0
    assert clear.any() and np.all(seen[clear] == (0, 0, 255, 255))
    solid = picture[..., 3] == 255
    assert np.abs(seen[solid].astype(int) - picture[solid]).max(initial=0) <= 1


def test_person_in_a_shot_is_replaced(scene, saved_file, hopper, checkpoints, tmp_path):
    shot = video_edit.shot(media.carphone(), ENGINE, 3, mask_columns=8, mask_rows=8)
    scene.frame_set(1)
    assert bpy.ops.talkinghead.use_as_character(filepath=str(hopper)) == {"FINISHED"}
    assert bpy.ops.talkinghead.place_mask_points(position=(0.5, 0.5)) == {"FINISHED"}
    assert bpy.ops.talkinghead.place_mask_points(position=(0.02, 0.05), belongs=False) == {"FINISHED"}
    assert redraw_edit.render() == "3 of 3 frames rendered"
    result = talking.result_of(shot)
    assert result.channel > shot.channel and not result.mute
    pictures = video_edit.drawn(shot)
    assert pictures[0].shape == (144, 176, 4) and all(np.all(picture[..., 3] == 255) for picture in pictures)
    files = talking.frame_files(shot)
    kept = len(list(redraw_edit.kept_sections("chains").iterdir()))
    shot.th_wananimate_keep_background = False
    assert redraw_edit.render() == "3 of 3 frames rendered"
    assert not set(files) & set(talking.frame_files(shot))
    assert len(list(redraw_edit.kept_sections("chains").iterdir())) == kept  # nothing is drawn anew


def test_helper_strip_is_corrected_and_given_back(scene, saved_file, astronaut, checkpoints):
    figure = video_edit.portrait(astronaut, ENGINE, 5, tracking="light")
    figure.th_head_yaw = 15.0
    assert bpy.ops.talkinghead.add_helper_strip(stage="pose") == {"FINISHED"}
    helper = sequencer.all_strips()["Portrait Pose"]
    assert helper.mute and len(helper.elements) == 5
    # It lies over the source: 512 px, of which 128 are drawn.
    assert helper.transform.scale_x == pytest.approx(4 * figure.transform.scale_x)
    assert helper.transform.offset_x == figure.transform.offset_x
    assert redraw_edit.render() == "5 of 5 frames rendered"
    files, kept = talking.frame_files(figure), redraw_edit.kept_sections("chains")
    sections = len(list(kept.iterdir()))
    _paint_over(Path(bpy.path.abspath(helper.directory)) / helper.elements[2].filename)
    sequencer.select(helper, figure)
    assert bpy.ops.talkinghead.use_helper_strip(stage="pose") == {"FINISHED"}
    sequencer.select(figure)
    assert redraw_edit.render() == "5 of 5 frames rendered"
    assert not set(files) & set(talking.frame_files(figure)) and len(list(kept.iterdir())) == sections + 1
    assert bpy.ops.talkinghead.use_computed(stage="pose") == {"FINISHED"}
    assert redraw_edit.render() == "All 5 frames were there already, none had to be rendered"
    assert talking.frame_files(figure) == files


def _paint_over(path: Path) -> None:
    """Make a picture white."""
    image = bpy.data.images.load(str(path), check_existing=False)
    image.pixels.foreach_set(np.ones(image.size[0] * image.size[1] * 4, np.float32))
    image.save()
    bpy.data.images.remove(image)
