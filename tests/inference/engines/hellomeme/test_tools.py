# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry around HelloMeme's networks, beside the recorded numbers."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.hellomeme import tools


def landmarks() -> np.ndarray:
    return np.random.default_rng(3).uniform(100, 200, (222, 2))


def test_a_similarity_is_found_again():
    points = landmarks()
    matrix = np.array([[0.8, -0.6, 12], [0.6, 0.8, -7], [0, 0, 1]])
    np.testing.assert_allclose(tools.similarity(points, tools.transformed(points, matrix)), matrix, atol=1e-9)


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="one place"):
        tools.similarity(np.ones((5, 2)), np.zeros((5, 2)))


@pytest.mark.parametrize("angle_deg", [0, 30, -75])
def test_an_upright_crop_holds_the_points_in_its_middle(angle_deg):
    found = tools.transformed(landmarks(), tools.upright_crop(landmarks(), 100, 0.2, angle_deg))
    low, high = found.min(axis=0), found.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, [50, 50], atol=1e-9)
    assert (high - low).max() == pytest.approx(80)


def test_a_film_box_stays_in_the_picture():
    for place in ((0, 0), (540, 0), (0, 380), (540, 380)):
        points = landmarks()[None] * 0.6 - 60 + place
        left, top, right, bottom = tools.film_box(points, 640, 480)
        assert 0 <= left < right <= 640 and 0 <= top < bottom <= 480
        assert right - left == bottom - top


def test_a_head_that_turns_left_shows_its_square_turned():
    straight = tools.head_square(np.zeros(3), np.array([0, 0, -5.0]))
    # 0.05 units at 5 * 0.05 units away, seen with 4828.6 * 0.05 px.
    half = 0.05 / 0.25 * tools.FOCAL_PX * 0.05
    np.testing.assert_allclose(np.abs(straight - 256), half)
    turned = tools.head_square(np.array([0, 0.5, 0]), np.array([0, 0, -5.0]))
    assert np.ptp(turned[:, 0]) < np.ptp(straight[:, 0])


def test_smaller_pictures_show_the_same():
    pose = np.array([[0.1, 0.3, -0.1]]), np.array([[0, 0, -5.0]])
    large, small = tools.head_pictures(*pose), tools.head_pictures(*pose, 256)
    assert large.shape == (1, 512, 512, 3) and small.shape == (1, 256, 256, 3)
    middles = large.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    assert np.abs(small[0] - middles).max() <= 1


def test_a_head_that_keeps_its_place_has_the_portraits():
    reference, driving = np.array([0.1, 0.2, -5]), np.array([[0, 0, -5], [1, 1, -6.0]])
    np.testing.assert_allclose(tools.moved(reference, driving, 0), [reference, reference])
    np.testing.assert_allclose(tools.moved(reference, driving, 1), [reference, [1.1, 1.2, -6]])


def test_a_resting_face_stays_and_a_quick_one_is_followed():
    smoother, points = tools.Smoother(100), landmarks()
    np.testing.assert_array_equal(smoother.smooth(points), points)
    np.testing.assert_array_equal(smoother.smooth(points), points)
    trembling = np.abs(smoother.smooth(points + 0.1) - points).max()
    assert trembling < 0.02
    quick = tools.Smoother(100)
    quick.smooth(points)
    assert np.abs(quick.smooth(points + 20) - points).min() > 10
