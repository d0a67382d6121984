# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours over the Preview against what the sequencer renders of the same picture."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def nothing_made(addon):
    view_transform().forget_all()
    yield
    view_transform().forget_all()


def view_transform():
    return talking.core("preview.view_transform")


def made(scene, space="sRGB"):
    """The table of a scene's settings."""
    view_transform().refresh(scene, space)
    return view_transform().ready(scene)


def rendered(scene, path):
    """(H, W, 3) uint8, origin bottom left: frame 1 of the edit through the scene's view transform."""
    view = scene.view_settings
    chosen = view.view_transform, view.look
    sequencer.render_frame(path, 1)  # sets the output, and Standard
    view.view_transform, view.look = chosen
    bpy.ops.render.render(write_still=True)
    return talking.pixels(path)[..., :3]


def exposed(scene):
    scene.view_settings.exposure, scene.view_settings.gamma = 0.7, 1.2


def curved(scene):
    scene.view_settings.use_curve_mapping = True
    mapping = scene.view_settings.curve_mapping
    mapping.curves[3].points.new(0.3, 0.6)
    mapping.curves[0].points[1].location = (0.9, 1.0)
    mapping.update()


def of_view(name, look="None"):
    def choose(scene):
        scene.view_settings.view_transform, scene.view_settings.look = name, look

    choose.__name__ = f"{name} {look}"
    return choose


SETTINGS = [
    of_view("Standard"),
    of_view("AgX"),
    of_view("Filmic"),
    of_view("Raw"),
    of_view("AgX", "AgX - Punchy"),
    of_view("Filmic", "Very High Contrast"),
    exposed,
    curved,
]


def differences(scene, path, portrait):
    """Levels of 255, of every pixel, between the table's colours and the sequencer's."""
    expected = rendered(scene, path).astype(float)
    return np.abs(made(scene).apply(talking.pixels(portrait)[..., :3] / 255.0) * 255.0 - expected)


@pytest.mark.parametrize("choose", SETTINGS, ids=lambda choose: choose.__name__)
def test_table_gives_what_the_sequencer_renders(scene, tmp_path, astronaut, choose):
    """Within 2 levels, but for few values at the edge of what AgX shows and in raised shadows: 3.1 was seen."""
    sequencer.add_image(astronaut)
    choose(scene)
    off = differences(scene, tmp_path / "seen.png", astronaut)
    assert np.quantile(off, 0.99) <= 2.0 + 1e-6
    assert np.quantile(off, 0.999) <= 2.5
    assert off.max() <= 3.5


@pytest.mark.parametrize("name", ["Standard", "AgX", "Filmic"])
def test_sequencer_in_linear_light_shows_the_same(scene, tmp_path, astronaut, name):
    sequencer.add_image(astronaut)
    scene.sequencer_colorspace_settings.name = "Linear Rec.709"
    scene.view_settings.view_transform = name
    off = differences(scene, tmp_path / "seen.png", astronaut)
    assert np.quantile(off, 0.999) <= 2.0 + 1e-6


def test_pictures_in_another_space(scene, tmp_path, astronaut):
    strip = sequencer.add_image(astronaut)
    strip.colorspace_settings.name = "Filmic sRGB"
    scene.view_settings.view_transform = "AgX"
    expected = rendered(scene, tmp_path / "seen.png").astype(float)
    computed = made(scene, "Filmic sRGB").apply(talking.pixels(astronaut)[..., :3] / 255.0) * 255.0
    assert np.quantile(np.abs(computed - expected), 0.99) <= 3.0


def test_standard_needs_no_table(scene):
    assert view_transform().is_plain(scene, "sRGB")
    assert made(scene).table is None


def test_identity_that_is_computed_needs_no_table_either(scene):
    scene.view_settings.gamma = 1.0001
    assert not view_transform().is_plain(scene, "sRGB")
    assert made(scene).table is None


def test_file_keeps_no_trace(scene, saved_file):
    scene.view_settings.view_transform = "AgX"
    curved(scene)
    before = [len(bpy.data.images), len(bpy.data.scenes), scene.render.image_settings.file_format, bpy.data.is_dirty]
    assert made(scene).table is not None
    after = [len(bpy.data.images), len(bpy.data.scenes), scene.render.image_settings.file_format, bpy.data.is_dirty]
    assert after == before


def test_made_once_for_the_same_settings(scene, monkeypatch):
    scene.view_settings.view_transform = "AgX"
    agx = made(scene)
    scene.view_settings.view_transform = "Filmic"
    view_transform().refresh(scene, "sRGB")
    assert view_transform().ready(scene) is agx  # dragged settings first have to rest
    assert view_transform().refresh(scene, "sRGB")
    assert view_transform().ready(scene) is not agx
    monkeypatch.setattr(view_transform(), "_computed", None)
    scene.view_settings.view_transform = "AgX"
    assert view_transform().refresh(scene, "sRGB")
    assert view_transform().ready(scene) is agx
    assert not view_transform().refresh(scene, "sRGB")
