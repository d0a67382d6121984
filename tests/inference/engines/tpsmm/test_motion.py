# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion of key points: sizes, relative motion, likeness, moves in the plane."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.tpsmm.motion import InPlane, hull_size, relative, unlikeness

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.4]])
POINTS = np.random.default_rng(1).uniform(-0.6, 0.6, (50, 2))


def test_size_is_the_root_of_the_hull():
    assert hull_size(SQUARE * 3 + 7) == pytest.approx(3)
    assert hull_size(np.array([[0, 0], [1, 1], [2, 2]])) == 0


def test_relative_motion_is_in_the_sources_size():
    reference = POINTS * 2 + 0.3
    driving = reference + np.array([0.4, -0.2])
    assert np.allclose(relative(POINTS, driving, reference), POINTS + np.array([0.2, -0.1]), atol=1e-6)
    assert np.array_equal(relative(POINTS, reference, reference), POINTS)


def test_points_in_a_line_count_as_of_one_size():
    line = np.linspace(0, 1, 50)[:, None].repeat(2, axis=1)
    assert np.allclose(relative(POINTS, line + 0.1, line), POINTS + 0.1)


def test_likeness_knows_neither_place_nor_size():
    assert unlikeness(POINTS, POINTS * 3 - 2) < 1e-9
    bent = POINTS + 0.2 * np.sin(7 * POINTS[:, ::-1])
    assert unlikeness(POINTS, bent) > 0.1


@pytest.mark.parametrize(
    ("sliders", "wanted"),
    [
        ({"move_x": 0.25}, SQUARE + np.array([0.25, 0])),
        ({"move_y": 0.25}, SQUARE - np.array([0, 0.25])),
        ({"scale": 2.0}, (SQUARE - SQUARE.mean(axis=0)) * 2 + SQUARE.mean(axis=0)),
    ],
)
def test_moves_in_the_plane(sliders, wanted):
    moved = InPlane.of({f"tpsmm_{name}": value for name, value in sliders.items()})
    assert not moved.rests
    assert np.allclose(moved.applied(SQUARE, 1.0), wanted)


def test_a_turn_is_clockwise_and_keeps_shapes_of_stretched_pictures():
    turn = InPlane.of({"tpsmm_turn": 90.0})
    cross = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    # What points right points down afterwards.
    assert np.allclose(turn.applied(cross, 1.0)[0], [0, 0.5])
    # In a picture twice as high as wide, so many px to the right are half as much of its height.
    assert np.allclose(turn.applied(cross, 2.0)[0], [0, 0.25])


def test_at_rest_points_stay_the_same_object():
    assert InPlane.of({}).rests and InPlane.of({}).applied(POINTS, 1.3) is POINTS
