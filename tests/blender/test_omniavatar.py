# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar from end to end: a portrait that speaks what a sound strip says, over a background."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import neural_edit
import numpy as np
import pytest
import redraw_edit
import sequencer
import talking
import video_edit

ENGINE = "omniavatar"

pytestmark = pytest.mark.usefixtures("redraw_jobs")


@pytest.fixture(scope="module")
def checkpoints(addon, tmp_path_factory) -> Iterator[None]:
    """A worker that finds all models and serves all tests that need them."""
    import omniavatar_weights

    with redraw_edit.found_models(tmp_path_factory, omniavatar_weights.official_folder()):
        yield


def test_portrait_speaks_over_a_background(scene, saved_file, astronaut, checkpoints, tmp_path):
    quick = {"frames_at_once": 17, "overlap": "1", "audio_guidance": 1.0}
    speaker = video_edit.portrait(astronaut, ENGINE, 4, **quick, cut_out=True)
    assert "speaks what a sound says" in neural_edit.error_of_render().message
    redraw_edit.add_voice(speaker, tmp_path)
    assert redraw_edit.render() == "4 of 4 frames rendered"
    pictures = video_edit.drawn(speaker)
    assert all(picture.shape == talking.pixels(astronaut).shape for picture in pictures)
    seen, picture = video_edit.over_color(speaker, tmp_path / "seen.png", 2)
    clear = picture[..., 3] == 0
    assert clear.any() and np.all(seen[clear] == (0, 0, 255, 255))
    # The same place of the sound, wherever both lie, is the same film.
    voice = sequencer.all_strips()["Voice"]
    for strip in (speaker, voice):
        talking.core("compat").set_content_start(strip, talking.core("compat").content_start(strip) + 10)
    assert redraw_edit.render() == "All 4 frames were there already, none had to be rendered"


def test_preview_is_the_portrait(scene, saved_file, astronaut, checkpoints, tmp_path):
    speaker = video_edit.portrait(astronaut, ENGINE, 4)
    redraw_edit.add_voice(speaker, tmp_path)
    assert bpy.ops.talkinghead.read_drivers() == {"FINISHED"}
    assert bpy.ops.talkinghead.preview_frame() == {"FINISHED"}
    preview = talking.core("preview.preview")
    assert preview.error() is None
    shown = preview.picture_of(scene, speaker).pixels
    assert shown.shape[:2] <= talking.pixels(astronaut).shape[:2]
