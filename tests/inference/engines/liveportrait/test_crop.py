# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from inference.engines.liveportrait.crop import (
    NETWORK_PX,
    Square,
    cut_square,
    driving_box,
    face_square,
    for_network,
    sample_square,
)

# Right eye, left eye, nose, mouth corners of an upright face.
FIVE = np.array([[100.0, 100], [160, 100], [130, 130], [110, 170], [150, 170]])
# Animal: two points of each eye, nose, two of the mouth, two ears.
NINE = np.array(
    [[95.0, 100], [105, 100], [155, 100], [165, 100], [130, 130], [110, 170], [150, 170], [80, 60], [180, 60]]
)


def turned(points, angle, centre=(130.0, 130.0), scale=1.0, shift=(0.0, 0.0)):
    c, s = math.cos(angle) * scale, math.sin(angle) * scale
    return (points - centre) @ np.array([[c, s], [-s, c]]) + centre + shift


def picture(width, height):
    """Smooth colours, so that sampling hardly changes them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / 40 + y / 70), np.cos(x / 60 - y / 50), np.sin((x + y) / 90)]
    return np.rint(np.stack(waves, axis=2) * 100 + 128).astype(np.uint8)


def test_an_upright_face_gives_an_upright_square_of_its_own_size():
    square = face_square(FIVE, scale=2.0, shift_y=0.0)
    assert square.angle == pytest.approx(0)
    assert square.side == pytest.approx(140)
    assert square.centre == pytest.approx((130, 135))
    assert square.box() == pytest.approx([60, 65, 200, 205])


def test_the_square_turns_grows_and_moves_with_the_face():
    square, other = face_square(FIVE), face_square(turned(FIVE, 0.4, scale=1.5, shift=(20, -7)))
    assert other.angle == pytest.approx(0.4)
    assert other.side == pytest.approx(1.5 * square.side)
    assert other.centre == pytest.approx(turned(np.array([square.centre]), 0.4, scale=1.5, shift=(20, -7))[0])


def test_shifts_go_along_the_squares_own_axes():
    leaning = turned(FIVE, math.pi / 2)
    base = np.array(face_square(leaning, shift_y=0.0).centre)
    moved = face_square(leaning, shift_x=0.1, shift_y=0.2)
    assert np.array(moved.centre) - base == pytest.approx([-0.2 * moved.side, 0.1 * moved.side])


def test_nine_points_of_an_animal():
    square = face_square(NINE, scale=1.0, shift_y=0.0)
    assert square.angle == pytest.approx(0)
    assert square.centre == pytest.approx((130, 115))
    assert square.side == pytest.approx(110)


def test_an_unknown_count_takes_the_first_101_or_is_refused():
    rng = np.random.default_rng(0)
    many = rng.uniform(0, 100, (130, 2))
    assert face_square(many).angle == face_square(np.concatenate([many[:101], many[:29]])).angle
    with pytest.raises(ValueError, match="7 landmarks"):
        face_square(many[:7])


def test_points_in_one_place_do_not_divide_by_zero():
    square = face_square(np.full((5, 2), 40.0))
    assert square.angle == 0 and square.side > 0
    assert np.isfinite(square.to_crop()).all() and np.isfinite(square.to_picture()).all()
    assert not np.isnan(cut_square(picture(60, 50), square).astype(float)).any()


def test_both_matrices_are_inverse():
    square = face_square(turned(FIVE, -2.8))
    product = square.to_picture() @ np.vstack([square.to_crop(), [0, 0, 1]])
    assert product == pytest.approx(np.eye(3), abs=1e-9)


def test_the_driving_box_is_the_mean():
    squares = [face_square(turned(FIVE, 0.0, shift=(shift, 0))) for shift in (0, 30)]
    assert driving_box(squares) == pytest.approx(squares[0].box() + np.array([15, 0, 15, 0]))


def test_large_squares_are_averaged_at_the_same_place():
    """Averaging first must not move anything: smooth colours come out as by sampling."""
    large = picture(2600, 2300)
    square = Square((1301.3, 1147.9), 1600.0, 0.3)
    assert np.abs(cut_square(large, square).astype(int) - sample_square(large, square)).max() <= 3


def test_large_squares_do_not_alias():
    checks = (np.indices((2048, 2048)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    square = Square((1023.5, 1023.5), 1990.0, 0.0)
    assert sample_square(checks, square).std() > 40
    assert cut_square(checks, square).std() < 15


def test_small_squares_are_sampled():
    small = picture(300, 200)
    square = Square((150.0, 100.0), 120.0, 0.2)
    assert np.array_equal(cut_square(small, square), sample_square(small, square))


@pytest.mark.parametrize("centre", [(-5000.0, 0.0), (100.0, 9000.0)])
def test_a_square_beside_the_picture_is_black(centre):
    assert not cut_square(picture(300, 200), Square(centre, 2000.0, 0.1)).any()


def test_the_network_gets_areas():
    crop = picture(512, 512)
    assert for_network(crop).shape == (NETWORK_PX, NETWORK_PX, 3)
    assert np.abs(for_network(crop).astype(float) - cv2.blur(crop, (2, 2), anchor=(0, 0))[::2, ::2]).max() <= 1
