# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that become animated portraits in one step: behind drag and drop, and Add > Talking Head Portrait."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import bpy
import media
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


def drop(**options):
    with sequencer.override():
        return bpy.ops.talkinghead.drop_portrait(**options)


def sources():
    return [strip for strip in sequencer.all_strips() if strip.th_role == "SOURCE"]


def test_picture_becomes_a_strip_of_five_seconds_with_a_result(scene, saved_file, astronaut):
    assert drop(filepath=str(astronaut), frame=10) == {"FINISHED"}
    (source,) = sources()
    compat = talking.core("compat")
    assert (compat.left(source), compat.right(source)) == (10, 10 + 5 * 24)
    result = talking.result_of(source)
    assert result.channel > source.channel
    assert (compat.left(result), compat.right(result)) == (10, 130)


def test_without_a_frame_it_begins_at_the_current_one(scene, saved_file, astronaut):
    scene.frame_set(7)
    drop(filepath=str(astronaut))
    assert talking.core("compat").left(sources()[0]) == 7


def test_picture_fits_into_the_frame_and_the_scene_stays(scene, saved_file, astronaut):
    scene.render.resolution_x, scene.render.resolution_y = 256, 128
    drop(filepath=str(astronaut))
    assert sources()[0].transform.scale_x == pytest.approx(128 / 512)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (256, 128)
    assert scene.view_settings.view_transform == "Standard"


def test_several_files_become_a_strip_each_on_channels_that_are_free(scene, saved_file, astronaut, hopper):
    blocking = sequencer.add_image(astronaut, "Blocking", channel=1, start=1, length=200)
    files = [{"name": path.name} for path in (astronaut, hopper)]
    assert drop(directory=str(astronaut.parent), files=files, frame=1) == {"FINISHED"}
    assert sorted(strip.name for strip in sources()) == ["astronaut", "hopper"]
    channels = [strip.channel for strip in sequencer.all_strips()]
    assert len(set(channels)) == len(channels) == 5
    assert blocking.th_role == "NONE"


def test_movie_keeps_its_speed_and_the_scene_its_rate(scene, saved_file):
    assert drop(filepath=str(media.carphone()), frame=5) == {"FINISHED"}
    compat = talking.core("compat")
    (source,) = sources()
    assert source.type == "MOVIE" and compat.left(source) == 5
    assert compat.right(source) - compat.left(source) == 96  # 120 pictures at 29.97 are 4 s
    assert talking.result_of(source).channel > source.channel
    assert scene.render.fps == 24


def test_picture_without_a_face_stays_as_an_ordinary_strip(scene, saved_file, tmp_path):
    path = Path(shutil.copy(media.coffee(), tmp_path / "coffee.png"))
    with pytest.raises(RuntimeError, match="No face was found"):
        drop(filepath=str(path))
    (strip,) = sequencer.all_strips()
    assert strip.th_role == "NONE"


@pytest.mark.parametrize("name, text", [("notes.txt", "no picture or movie"), ("gone.png", "There is no file")])
def test_what_cannot_be_a_portrait_adds_nothing(scene, tmp_path, astronaut, name, text):
    (tmp_path / "notes.txt").write_text("x")
    files = [{"name": astronaut.name}, {"name": name}]
    with pytest.raises(RuntimeError, match=text):
        drop(directory=str(tmp_path), files=files)
    assert len(sequencer.all_strips()) == 0


def test_outside_of_the_sequencer_it_says_where_to_go(scene, astronaut):
    with pytest.raises(RuntimeError, match="Do this in a Video Sequencer"):
        bpy.ops.talkinghead.drop_portrait(filepath=str(astronaut))


def handler():
    return bpy.types.TALKINGHEAD_FH_portrait


def context_of(area: str, region: str):
    return SimpleNamespace(area=SimpleNamespace(type=area), region=SimpleNamespace(type=region))


def test_handler_takes_what_is_dropped_onto_the_sequencer():
    assert handler().bl_import_operator == "talkinghead.drop_portrait"
    assert {".png", ".jpg", ".mp4"} <= set(handler().bl_file_extensions.split(";"))
    assert handler().poll_drop(context_of("SEQUENCE_EDITOR", "WINDOW"))
    assert handler().poll_drop(context_of("SEQUENCE_EDITOR", "PREVIEW"))
    assert not handler().poll_drop(context_of("SEQUENCE_EDITOR", "UI"))
    assert not handler().poll_drop(context_of("VIEW_3D", "WINDOW"))


def test_handler_can_be_turned_off():
    preferences = talking.core("preferences").preferences()
    preferences.offer_on_drop = False
    try:
        assert not handler().poll_drop(context_of("SEQUENCE_EDITOR", "WINDOW"))
    finally:
        preferences.offer_on_drop = True
