# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn on, and the way back from it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wananimate_stand_in import standing

from inference.engines.wananimate.canvas import DrawnCanvas
from inference.engines.wananimate.finishing import mixed, opaque
from inference.media.picture import Alpha, Picture


def smooth(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    channels = (40 + 150 * rows / height, 60 + 120 * columns / width, np.full((height, width), 90))
    return np.stack(channels, axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "canvas"), [((1280, 720), (464, 832)), ((720, 1280), (832, 464)), ((512, 512), (624, 624))]
)
def test_sides_are_multiples_of_16_in_the_sources_proportions(size, canvas):
    made = DrawnCanvas.of(size, 632)
    assert (made.height, made.width) == canvas
    assert made.height % 16 == made.width % 16 == 0


@pytest.mark.parametrize("size", [(300, 170), (101, 307), (64, 64), (900, 500)])
def test_what_was_letterboxed_comes_back(size):
    canvas = DrawnCanvas.of(size, 256)
    source = smooth(size[1], size[0])
    drawn = canvas.letterboxed(source).astype(np.float32)
    back = canvas.taken(drawn, size)
    assert back.shape == source.shape and np.abs(back - source).max() < 8


def test_masks_and_points_lie_where_the_picture_does():
    canvas, size = DrawnCanvas.of((300, 170), 128), (300, 170)
    mask = np.zeros((170, 300), np.uint8)
    mask[100:130, 200:260] = 1
    on_canvas = canvas.mask(mask)
    y, x = np.nonzero(on_canvas)
    (point,) = canvas.points([(230 / 300, 115 / 170)], size)
    assert np.allclose(point * (canvas.width, canvas.height), [x.mean() + 0.5, y.mean() + 0.5], atol=0.7)
    assert np.abs(canvas.taken(on_canvas.astype(np.float32), size) - mask).mean() < 0.01
    body = standing()
    assert np.allclose(canvas.body(body, size).body[:, :2], canvas.points(body.body[:, :2].tolist(), size))


def test_mixing_keeps_what_is_not_drawn_over():
    alpha = np.zeros((8, 8, 1), np.uint8)
    alpha[:, :4] = 255
    source = Picture(np.concatenate([np.full((8, 8, 3), 40, np.uint8), alpha], axis=2), Alpha.STRAIGHT)
    share = np.zeros((8, 8), np.float32)
    share[2:6, 2:6] = 1
    share[6, 6] = 0.5
    drawn = opaque(source, np.full((8, 8, 3), 200 / 255, np.float32))
    made = mixed(source, drawn, share)
    assert np.array_equal(made.pixels[share == 0], source.pixels[share == 0])
    assert (made.pixels[share == 1] == [200, 200, 200, 255]).all()
    # Half of it over what is clear: its own color, half seen.
    assert made.pixels[6, 6].tolist() == [200, 200, 200, 128]


def test_drawn_colors_keep_their_look_in_linear_pictures():
    source = Picture(np.zeros((4, 4, 4), np.float32), Alpha.PREMULTIPLIED)
    made = opaque(source, np.full((4, 4, 3), 0.5, np.float32))
    assert made.pixels[0, 0].tolist() == pytest.approx([0.2140, 0.2140, 0.2140, 1.0], abs=1e-3)
    assert cv2.countNonZero(made.pixels[..., 3]) == 16
