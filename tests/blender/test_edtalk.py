# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk from end to end: a portrait, a sound that it hears itself, keyed emotions, clips for head and expression."""

from __future__ import annotations

from pathlib import Path

import bpy
import driving
import neural_edit
import numbered
import numpy as np
import pytest
import sequencer
import talking

LENGTH = 3


@pytest.fixture(autouse=True)
def worker(addon):
    neural_edit.require()
    neural_edit.fresh_start()
    yield
    neural_edit.fresh_start()


@pytest.fixture
def checkpoints(monkeypatch, face_models):
    import edtalk_weights

    neural_edit.find_models_in(monkeypatch, face_models, edtalk_weights.official_folder())


@pytest.fixture
def portrait(scene, saved_file, astronaut):
    strip = talking.animated(astronaut, length=LENGTH)
    strip.th_engine = "edtalk"
    strip.th_edtalk_calibrate = False  # which draws many pictures first
    return strip


@pytest.fixture
def voice(portrait, tmp_path):
    """A sound strip that says "aaa" in all frames of the portrait; it moves nothing but the mouth."""
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender was built without sound")
    path = driving.write_vowels(tmp_path / "vowels.wav")
    strip = sequencer.strips().new_sound(name="Voice", filepath=str(path), channel=5, frame_start=-14)
    driving.speak(portrait, strip, strength_blinks=0.0, strength_sway=0.0)
    sequencer.select(portrait)
    return strip


def shown(portrait) -> list[np.ndarray]:
    return [talking.pixels(file) for file in talking.frame_files(portrait)]


def test_sound_and_keyed_emotion_are_rendered(portrait, voice, checkpoints, astronaut):
    for frame, strength, happy in ((1, 0.0, 0.0), (2, 1.0, 0.0), (3, 1.0, 1.0)):
        talking.key(portrait, "strength_mouth", frame, strength)
        talking.key(portrait, "edtalk_happy", frame, happy)
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert neural_edit.state_text() == f"{LENGTH} of {LENGTH} frames rendered"
    assert "EDTalk listens to the sound itself" in neural_edit.panel("speech").text
    first, second, third = shown(portrait)
    source = talking.pixels(astronaut)
    assert np.array_equal(first, source)  # nothing is heard, and the keys rest
    changed = [np.any(picture != source, axis=2) for picture in (second, third)]
    assert all(mask.mean() > 0.01 and not (mask[0, 0] or mask[-1, -1]) for mask in changed)
    assert not np.array_equal(second, third)
    files = talking.frame_files(portrait)
    talking.key(portrait, "edtalk_happy", 3, 0.5)
    bpy.ops.talkinghead.render_frames()
    assert neural_edit.state_text() == "1 of 3 frames rendered, 2 reused"
    voice.frame_start += 1
    bpy.ops.talkinghead.render_frames()
    assert neural_edit.state_text() == "2 of 3 frames rendered, 1 reused"
    assert talking.frame_files(portrait)[0] == files[0]


@pytest.fixture
def acting_pictures(scene, tmp_path) -> list[Path]:
    return neural_edit.acting_pictures(scene, tmp_path)


@pytest.fixture
def clips(scene, acting_pictures, portrait):
    """Strips of the same few pictures at other times: one for each part of the face."""
    for channel, (part, start) in enumerate((("acting", 1), ("acting_head", 0), ("acting_expression", -1)), 5):
        strip = numbered.add_sequence(scene, acting_pictures, part, channel=channel, start=start)
        setattr(portrait, f"th_{part}", strip.name)
    portrait.th_acting_on = portrait.th_acting_exact = True
    portrait.th_acting_neutral = 0
    sequencer.select(portrait)


def test_clips_give_head_and_expression(clips, portrait, checkpoints):
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    assert "EDTalk follows the clips themselves: head, eyes, brows and mouth." in neural_edit.panel("acting").text
    whole = shown(portrait)
    for frame, value in ((1, 1.0), (2, 0.0)):
        talking.key(portrait, "strength_head", frame, value)
    bpy.ops.talkinghead.render_frames()
    assert neural_edit.state_text() == "2 of 3 frames rendered, 1 reused"
    same = [np.array_equal(*pair) for pair in zip(whole, shown(portrait), strict=True)]
    assert same == [True, False, False]


def test_missing_models_are_told_with_the_button_that_gets_them(portrait, face_models):
    portrait.th_edtalk_happy = 0.5
    error = neural_edit.error_of_render()
    assert error.code.value == "WEIGHTS_MISSING"
    assert "EDTalk" in error.message and error.hint
    assert "talkinghead.get_models" in neural_edit.panel("queue").of("operator")
    assert "talkinghead.get_models" in neural_edit.panel("engine").of("operator")
