# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Preview, drawn into memory (Blender 5.2 on, where background has a GPU context)."""

from __future__ import annotations

import ctypes.util

import bpy
import gpu
import numpy as np
import pytest
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


def test_preview_follows_the_transform(scene, saved_file, astronaut):
    source = talking.animated(astronaut, length=2)
    source.transform.scale_x = source.transform.scale_y = 0.5
    source.transform.offset_x = 100
    bpy.ops.talkinghead.preview_frame()
    columns = np.nonzero(drawn(talking.core("preview.overlay")._draw_picture).any(axis=(0, 2)))[0]
    assert (columns.min(), columns.max()) == pytest.approx((228, 483), abs=2)


def test_nothing_is_drawn_without_a_preview(scene, saved_file, astronaut):
    talking.animated(astronaut, length=2)
    assert not drawn(talking.core("preview.overlay")._draw_picture).any()


def test_points_and_lines_are_drawn_where_they_are():
    overlay = talking.core("preview.overlay")
    color = (1.0, 0.0, 0.0, 1.0)
    disc = drawn(lambda: overlay._draw_disc((100, -50), 6.0, color))[..., 0] > 127
    rows, columns = np.nonzero(disc)
    assert (columns.mean(), rows.mean()) == pytest.approx((355.5, 205.5), abs=1)
    assert disc.sum() == pytest.approx(np.pi * 36, rel=0.15)
    line = drawn(lambda: overlay._draw_line([(-100, 0), (100, 0)], color, 2.0))[..., 0] > 127
    assert np.nonzero(line)[1].min() == pytest.approx(156, abs=2)
