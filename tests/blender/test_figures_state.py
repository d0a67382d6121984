# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What puts films of whole figures out of date, and what does not."""

from __future__ import annotations

import shutil

import bpy
import media
import pytest
import recording_layout
import sequencer
import talking


@pytest.fixture
def figure(addon, scene, saved_file, astronaut):
    """A strip that is animated by Wan-Animate."""
    strip = sequencer.add_image(astronaut, length=20)
    strip.th_role, strip.th_id, strip.th_engine = "SOURCE", "3f", "wananimate"
    sequencer.select(strip)
    return strip


def pictures(folder, *names: str):
    folder.mkdir()
    return [shutil.copy(media.hopper(), folder / name) for name in names]


def state_of(source) -> dict[str, str]:
    return talking.core("strips.source_state").of(source)


def test_any_repainted_helper_picture_is_noticed(figure, tmp_path):
    files = pictures(tmp_path / "poses", *(f"{number:04d}.png" for number in range(1, 61)))
    figure.th_wananimate_pose_pictures = str(tmp_path / "poses")
    for file in (files[0], files[1], files[30], files[58]):
        before = state_of(figure)
        shutil.copy(media.astronaut(), file)
        assert {kind for kind, value in state_of(figure).items() if value != before[kind]} == {"engine"}


def test_helper_pictures_that_cannot_be_read_break_off_no_look(figure, tmp_path, monkeypatch):
    figure.th_wananimate_pose_pictures = str(tmp_path)
    there = state_of(figure)

    def refuse(*_arguments):
        raise PermissionError("Nobody may look into it.")

    monkeypatch.setattr(talking.core("strips.fingerprint").os, "scandir", refuse)
    lost = state_of(figure)
    assert {kind for kind in lost if lost[kind] != there[kind]} == {"engine"}


def changed(source, name: str, value: object) -> set[str]:
    """What is out of date when a property is set, before it is set back."""
    before, kept = state_of(source), getattr(source, name)
    setattr(source, name, value)
    found = {kind for kind, state in state_of(source).items() if state != before[kind]}
    setattr(source, name, kept)
    assert state_of(source) == before
    return found


def act(source, tmp_path) -> None:
    source.th_acting_file, source.th_acting_on = str(shutil.copy(media.carphone(), tmp_path / "actor.mp4")), True
    source.th_acting_exact = True


def test_sliders_that_bodies_do_not_heed(figure):
    assert changed(figure, "th_head_yaw", 5.0) == {"sliders"}
    figure.th_wananimate_faces = "body"
    assert changed(figure, "th_head_yaw", 5.0) == set()
    talking.key(figure, "jaw_open", 3, 0.5)
    keyed = state_of(figure)
    talking.key(figure, "jaw_open", 9, 0.9)
    assert state_of(figure) == keyed


def test_strengths_of_a_clip_that_is_shown_as_it_is(figure, tmp_path):
    act(figure, tmp_path)
    assert changed(figure, "th_strength_eyes", 0.5) == changed(figure, "th_strength_blinks", 0.5) == {"drivers"}
    figure.th_wananimate_faces = "body"
    for engine in ("wananimate", "wananimate2"):
        figure.th_engine = engine
        for name in ("head", "eyes", "brows", "mouth", "blinks", "sway"):
            assert changed(figure, f"th_strength_{name}", 0.5) == changed(figure, f"th_strength_{name}", 0.0) == set()
        for name in ("head", "eyes", "brows"):
            setattr(figure, f"th_strength_{name}", 0.0)
        # Now the mouth's is the last one: without it the clip is not shown.
        assert changed(figure, "th_strength_mouth", 0.5) == set()
        assert changed(figure, "th_strength_mouth", 0.0) == {"drivers"}
        for name in ("head", "eyes", "brows"):
            setattr(figure, f"th_strength_{name}", 1.0)
    keyed = state_of(figure)
    talking.key(figure, "strength_head", 3, 0.0)
    assert state_of(figure) != keyed  # keys may make all of them 0 somewhere


def test_strength_of_what_is_heard(figure, tmp_path):
    figure.th_engine = "omniavatar"
    figure.th_speech_file, figure.th_speech_on = str(shutil.copy(media.carphone(), tmp_path / "voice.mp4")), True
    assert changed(figure, "th_strength_mouth", 0.5) == {"drivers"}
    assert changed(figure, "th_strength_head", 0.5) == set()


def test_strengths_are_shown_where_they_change_something(figure, tmp_path):
    act(figure, tmp_path)
    strength = lambda: recording_layout.draw(bpy.types.TALKINGHEAD_PT_strength)  # noqa: E731
    assert len(strength().of("prop")) == 6
    figure.th_engine = "wananimate2"
    assert not strength().drawn
    figure.th_engine, figure.th_speech_on = "omniavatar", True
    assert strength().of("prop") == ["th_strength_mouth"]
