# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is cut from pictures: squares around faces and people, whole pictures as the reference reduces them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces import face, picture, tracker

from inference.engines.tpsmm.area import Area, box_of, cut_area, face_area, person_area, person_box


def test_a_whole_picture_of_the_networks_size_comes_back():
    pixels = cv2.resize(picture("astronaut"), (256, 256), interpolation=cv2.INTER_AREA)
    cut = cut_area(pixels, Area.whole((256, 256)), 256)
    assert cut.dtype == np.float32 and np.abs(cut - pixels[..., ::-1] / 255).max() < 1e-6


@pytest.mark.parametrize(("width", "height", "limit"), [(400, 300, 1e-4), (200, 300, 1e-4), (1400, 610, 0.03)])
def test_a_whole_picture_is_reduced_as_the_reference_does(width, height, limit):
    """But for the outermost pixels of enlarged pictures. Large ones are averaged first."""
    transform = pytest.importorskip("skimage.transform")
    pixels = cv2.resize(picture("astronaut"), (width, height), interpolation=cv2.INTER_AREA)
    wanted = transform.resize(pixels[..., ::-1], (256, 256), order=1, mode="reflect", anti_aliasing=True)
    difference = np.abs(cut_area(pixels, Area.whole((width, height)), 256) - wanted)[1:-1, 1:-1]
    print(f"{width} x {height}: largest difference {difference.max():.4f}, mean {difference.mean():.5f}")
    assert difference.max() < limit and difference.mean() < limit / 8


@pytest.mark.parametrize("factor", [1.0, 3.3, 9.7])
def test_what_is_cut_lies_at_its_place(factor):
    """A ramp tells the place of every pixel, also where whole pixels are averaged first."""
    ramp = np.tile(np.arange(2800, dtype=np.float64), (40, 1)) / 11
    pixels = np.rint(ramp).astype(np.uint8)[..., None].repeat(3, axis=2)
    side = 256 * factor
    area = Area(120.3, -side / 2, side, side)
    cut = cut_area(pixels, area, 256)[128, :, 0] * 255
    wanted = (120.3 + (np.arange(256) + 0.5) * factor) / 11
    assert np.abs(cut - wanted).max() < 0.6


def test_beyond_the_picture_its_edge_goes_on():
    pixels = np.full((50, 50, 3), (10, 20, 30), np.uint8)
    cut = cut_area(pixels, Area.around((0.0, 0.0), 100), 64)
    assert np.allclose(cut * 255, [30, 20, 10], atol=1e-4)
    far_off = cut_area(pixels, Area.around((-400.0, 900.0), 100), 64)
    assert np.allclose(far_off * 255, [30, 20, 10], atol=1e-4)


def test_a_face_is_framed_by_its_size():
    points = face("astronaut").landmarks[:, :2]
    small, large = face_area(points, 1.5), face_area(points, 3.0)
    assert large.width == pytest.approx(2 * small.width) and large.width == large.height
    low, high = points.min(axis=0), points.max(axis=0)
    assert small.left < low[0] and small.top < low[1]
    assert small.left + small.width > high[0] and small.top + small.height > high[1]


def test_scaling_and_moving_an_area_keeps_what_it_shows():
    pixels = cv2.GaussianBlur(picture("astronaut"), (0, 0), 4)
    area = Area(100.0, 60.0, 256.0, 200.0)
    part = pixels[30:400, 40:500]
    half = cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    whole = cut_area(pixels, area, 64)
    assert np.abs(whole - cut_area(part, area.moved(-40, -30), 64)).max() < 1e-6
    assert np.abs(whole - cut_area(half, area.moved(-40, -30).scaled(0.5), 64)).mean() < 0.005


def test_how_much_lies_outside_of_the_picture():
    assert Area.whole((40, 30)).share_outside((40, 30)) == pytest.approx(0)
    assert Area(-20.5, -0.5, 40, 30).share_outside((40, 30)) == pytest.approx(0.5)
    assert Area(100, 100, 10, 10).share_outside((40, 30)) == 1


def test_specks_are_no_person():
    matte = np.zeros((100, 200), np.float32)
    assert box_of(matte) is None
    matte[5, 5] = 1
    assert box_of(matte) is None
    matte[20:80, 50:90] = 0.9
    assert box_of(matte).tolist() == [49.5, 19.5, 89.5, 79.5]
    matte[30:70, 150:180] = 0.8
    assert box_of(matte).tolist() == [49.5, 19.5, 179.5, 79.5]


def test_a_person_is_framed_within_the_picture():
    boxes = [np.array([40.0, 20, 80, 120]), np.array([60.0, 30, 100, 120])]
    assert person_area(boxes, 1.8, (400, 300)) == Area(10.0, 10.0, 120.0, 120.0)
    # Beside the edge it is shifted; in a low picture it is no larger than the picture, or the person.
    assert person_area([np.array([-0.5, 20, 40, 120])], 1.8, (400, 300)).left == -0.5
    assert person_area([np.array([10.0, -0.5, 50, 99.5])], 1.8, (400, 100)) == Area(-0.5, -0.5, 100.0, 100.0)
    wide = person_area([np.array([10.0, 10, 210, 90])], 1.8, (400, 100))
    assert (wide.left, wide.width) == (10.0, 200.0) and wide.top <= -0.5 and wide.top + wide.height >= 99.5


def test_the_astronaut_is_found():
    left, top, right, bottom = person_box(picture("astronaut"), tracker())
    assert left < 120 and top < 40 and right > 360 and bottom == 511.5
