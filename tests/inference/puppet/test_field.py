# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coarse fields: sampling, maps, composition and inversion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.engines.puppet import field
from inference.engines.puppet.field import CoarseField, compose, identity, invert


def bumpy(seed: int, rows: int = 40, columns: int = 50, left: int = -7, step: int = 6) -> CoarseField:
    """A smooth random field that is 0 at its edge."""
    noise = np.random.default_rng(seed).uniform(-40, 40, (rows, columns, 2)).astype(np.float32)
    grid = cv2.GaussianBlur(noise, (0, 0), 3)
    window = np.minimum(np.arange(rows), np.arange(rows)[::-1])[:, None] * np.minimum(
        np.arange(columns), np.arange(columns)[::-1]
    )
    return CoarseField(grid * np.clip(window / 100, 0, 1)[..., None].astype(np.float32), left, 3, step)


def test_values_hold_at_cell_centres():
    field = bumpy(1)
    np.testing.assert_allclose(field.at(field.centres()), field.grid, atol=1e-4)


def test_between_centres_the_field_is_bilinear():
    grid = np.zeros((2, 2, 2), np.float32)
    grid[..., 0] = [[0, 4], [8, 12]]
    field = CoarseField(grid, 0, 0, 4)
    np.testing.assert_allclose(field.at(np.array([[3.5, 1.5], [1.5, 3.5], [3.5, 3.5]]))[:, 0], [2, 4, 6], atol=1e-5)


def test_beyond_the_grid_the_field_is_constant():
    field = CoarseField(np.full((3, 4, 2), 5, np.float32), 10, 20, 8)
    np.testing.assert_allclose(field.at(np.array([[-50.0, 0.0], [500.0, 90.0]])), 5)
    np.testing.assert_allclose(field.displacement(-20, -20, 100, 100), 5, atol=1e-5)


@pytest.mark.parametrize("box", [(-20, -10, 400, 300), (0, 0, 1, 1), (30, 41, 97, 83), (500, 400, 510, 420)])
@pytest.mark.parametrize("step", [1, 2, 6, 7])
def test_full_resolution_map_agrees_with_point_samples(box: tuple[int, int, int, int], step: int):
    field = bumpy(2, step=step)
    positions = identity(*box)
    np.testing.assert_allclose(field.map(*box) - positions, field.at(positions), atol=1e-3)


def test_a_part_of_a_map_is_the_map_of_the_part():
    field = bumpy(3)
    whole = field.map(-20, -10, 300, 200)
    np.testing.assert_allclose(field.map(31, 47, 99, 150), whole[57:160, 51:119], atol=1e-4)


def test_moving_box_holds_all_that_moves_and_nothing_moves_outside():
    field = bumpy(4)
    x0, y0, x1, y1 = field.moving_box(0.01)  # type: ignore[misc]
    whole = field.displacement(-20, -20, 320, 280)
    whole[y0 + 20 : y1 + 20, x0 + 20 : x1 + 20] = 0
    assert np.abs(whole).max() <= 0.0101
    assert CoarseField(np.zeros((4, 4, 2), np.float32), 0, 0, 2).moving_box() is None


@pytest.mark.parametrize("seed", range(5))
def test_inverse_takes_back_the_field(seed: int):
    field = bumpy(seed)
    steepest = max(np.abs(np.diff(field.grid, axis=axis)).max() for axis in (0, 1)) / field.step
    assert 0.1 < steepest < 0.8, "the test wants a strong field without folds"
    assert np.abs(compose(invert(field), field).grid).max() < 0.02 * field.step


def test_composition_goes_through_both_fields():
    first, second = bumpy(6), bumpy(7, rows=30, columns=80, left=11, step=5)
    points = np.random.default_rng(0).uniform(20, 200, (100, 2)).astype(np.float32)
    there = first.at(points)
    expected = there + second.at(points + there)
    fine = CoarseField(np.zeros((260, 300, 2), np.float32), 0, 0, 1)
    np.testing.assert_allclose(compose(first, second, over=fine).at(points), expected, atol=0.05)


def test_parts_beyond_the_edge_repeat_it():
    random = np.random.default_rng(0)
    for _ in range(500):
        grid = random.random((*random.integers(1, 9, 2), 2)).astype(np.float32)
        (top, bottom), (left, right) = (sorted(random.choice(np.arange(-12, 20), 2, replace=False)) for _ in range(2))
        rows = np.clip(np.arange(top, bottom), 0, grid.shape[0] - 1)
        columns = np.clip(np.arange(left, right), 0, grid.shape[1] - 1)
        assert np.array_equal(field._part(grid, (top, bottom), (left, right)), grid[rows[:, None], columns])


def test_shifted_points_are_the_same_in_every_shape():
    points = np.random.default_rng(1).random((7, 5, 2)).astype(np.float32) * 500
    expected = points - np.array([37.5, -91.0], np.float32)
    assert np.array_equal(field.shifted(points, 37.5, -91.0), expected)
    assert np.array_equal(field.shifted(points[0], 37.5, -91.0), expected[0])
    assert field.shifted(points.astype(np.float64), 37.5, -91.0) == pytest.approx(expected, abs=1e-4)
