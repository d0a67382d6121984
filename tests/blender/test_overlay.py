# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Preview, drawn into memory (Blender 5.2 on, where background has a GPU context)."""

from __future__ import annotations

import ctypes.util

import bpy
import gpu
import numpy as np
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def graphics(addon):
    if not hasattr(gpu, "init") or not ctypes.util.find_library("EGL"):
        pytest.skip("this Blender has no GPU context in background")
    try:
        gpu.init()
    except (SystemError, RuntimeError) as error:
        pytest.skip(f"no GPU context: {error}")
    talking.fresh_start()
    yield
    talking.fresh_start()


def drawn(draw) -> np.ndarray:
    """(512, 512, 3) uint8, origin bottom left, of what a function draws in view coordinates over black."""
    from mathutils import Matrix

    offscreen = gpu.types.GPUOffScreen(512, 512)
    with offscreen.bind(), gpu.matrix.push_pop():
        buffer = gpu.state.active_framebuffer_get()
        buffer.clear(color=(0.0, 0.0, 0.0, 1.0))
        gpu.matrix.load_matrix(Matrix.Identity(4))
        gpu.matrix.load_projection_matrix(Matrix.Diagonal((2 / 512, 2 / 512, -1.0, 1.0)))
        draw()
        pixels = np.array(buffer.read_color(0, 0, 512, 512, 4, 0, "UBYTE").to_list(), np.uint8)
    offscreen.free()
    return pixels[..., :3]


def test_preview_is_drawn_pixel_for_pixel_over_its_strip(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    source.th_jaw_open = 0.6
    bpy.ops.talkinghead.preview_frame()
    picture = talking.core("preview.preview").picture_of(scene, source)
    assert np.array_equal(drawn(talking.core("preview.overlay")._draw_picture), picture.pixels[::-1, :, :3])


def seen(scene, path) -> np.ndarray:
    """(512, 512, 3) uint8, origin bottom left: frame 1 of the edit as it is rendered, over black."""
    view = scene.view_settings.view_transform
    sequencer.render_frame(path, 1)
    scene.view_settings.view_transform = view
    scene.render.film_transparent = False
    scene.render.image_settings.color_mode = "RGB"
    bpy.ops.render.render(write_still=True)
    return talking.pixels(path)[..., :3]


def differences(scene, source, path) -> np.ndarray:
    """Levels of 255 by which what is drawn differs from the edit without the source itself."""
    overlay = talking.core("preview.overlay")
    bpy.ops.talkinghead.preview_frame()
    overlay.watch()
    drawn_pixels = drawn(overlay._draw_picture).astype(int)
    source.mute = True
    return np.abs(drawn_pixels - seen(scene, path))


def transformed(strip):
    transform, crop = strip.transform, strip.crop
    transform.scale_x, transform.scale_y, transform.rotation = 0.7, 0.6, 0.4
    transform.offset_x, transform.offset_y, transform.origin = 40.0, -30.0, (0.3, 0.8)
    crop.min_x, crop.max_x, crop.min_y, crop.max_y = 60, 20, 30, 10


def mirrored(strip):
    transformed(strip)
    strip.use_flip_x = strip.use_flip_y = True


def colored(strip):
    strip.color_saturation, strip.color_multiply = 1.6, 0.8


def faded(strip):
    strip.blend_type, strip.blend_alpha = "ALPHA_OVER", 0.4


def darkened(strip):
    strip.blend_type, strip.blend_alpha = "REPLACE", 0.4


def fainter(strip):
    strip.blend_type, strip.color_multiply, strip.multiply_alpha = "ALPHA_OVER", 0.5, True


LOOKS = [transformed, mirrored, colored, faded, darkened, fainter]


@pytest.mark.parametrize("change", LOOKS)
def test_preview_looks_as_its_result_renders(scene, saved_file, astronaut, tmp_path, change):
    source = talking.animated(astronaut, length=2)
    change(talking.result_of(source))
    off = differences(scene, source, tmp_path / "seen.png")
    assert np.quantile(off, 0.98) <= 3  # edges are placed to within a pixel
    assert off.mean() <= 1.5  # Blender cuts fractions off where it multiplies


@pytest.mark.parametrize("name", ["AgX", "Filmic"])
def test_preview_goes_through_the_view_transform(scene, saved_file, astronaut, tmp_path, name):
    source = talking.animated(astronaut, length=2)
    scene.view_settings.view_transform = name
    off = differences(scene, source, tmp_path / "seen.png")
    assert np.quantile(off, 0.999) <= 2
    assert off.max() <= 4


def test_cropped_away_draws_nothing(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    talking.result_of(source).crop.min_x = 512
    bpy.ops.talkinghead.preview_frame()
    assert not drawn(talking.core("preview.overlay")._draw_picture).any()


def test_nothing_is_drawn_without_a_preview(scene, saved_file, astronaut):
    talking.animated(astronaut, length=2)
    assert not drawn(talking.core("preview.overlay")._draw_picture).any()


def test_packed_pixels_are_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    packed = talking.core("preview.picture_drawing").packed(pixels)
    color = packed[..., 0].astype(np.uint32)
    assert np.array_equal(np.stack((color & 255, color >> 8 & 255, color >> 16), axis=-1), pixels[..., :3])
    assert np.array_equal(packed[..., 1], pixels[..., 3])


def test_points_and_lines_are_drawn_where_they_are():
    lines = talking.core("preview.line_drawing")
    color = (1.0, 0.0, 0.0, 1.0)
    disc = drawn(lambda: lines.draw_disc((100, -50), 6.0, color))[..., 0] > 127
    rows, columns = np.nonzero(disc)
    assert (columns.mean(), rows.mean()) == pytest.approx((355.5, 205.5), abs=1)
    assert disc.sum() == pytest.approx(np.pi * 36, rel=0.15)
    line = drawn(lambda: lines.draw_line([(-100, 0), (100, 0)], color, 2.0))[..., 0] > 127
    assert np.nonzero(line)[1].min() == pytest.approx(156, abs=2)
