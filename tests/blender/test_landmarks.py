# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks of found faces, and to which frame they belong."""

from __future__ import annotations

import bpy
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


def faces():
    return talking.core("preview.faces")


def test_landmarks_lie_in_the_box(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut)
    bpy.ops.talkinghead.find_faces()
    face = faces().of(strip).faces[0]
    left, top, right, bottom = face.box
    assert len(face.lines) == 10
    for x, y in (point for line in face.lines for point in line):
        assert left - 1e-3 <= x <= right + 1e-3
        assert top - 1e-3 <= y <= bottom + 1e-3


def test_face_of_a_still_belongs_to_every_frame(scene, saved_file, astronaut):
    strip = sequencer.add_image(astronaut)
    bpy.ops.talkinghead.find_faces()
    for frame in (1, 12, 24):
        scene.frame_set(frame)
        assert faces().frame_found(strip) is None


def test_face_of_moving_pictures_belongs_to_its_frame(scene, saved_file, astronaut, hopper):
    strip = sequencer.add_image(astronaut, start=5, length=6)
    strip.elements.append(hopper.name)
    for name in (astronaut.name, hopper.name, astronaut.name, hopper.name):
        strip.elements.append(name)
    scene.frame_set(6)
    bpy.ops.talkinghead.find_faces()
    assert faces().frame_found(strip) is None
    scene.frame_set(5)
    assert faces().frame_found(strip) == 6
    strip.frame_start += 10
    scene.frame_set(16)
    assert faces().frame_found(strip) is None


def test_showing_is_off_by_default_and_drawn_in_the_panel(scene, saved_file, astronaut):
    manager = bpy.context.window_manager
    assert manager.th_show_face
    assert not manager.th_show_landmarks
    assert manager.bl_rna.properties["th_show_landmarks"].name == "Show Landmarks"
