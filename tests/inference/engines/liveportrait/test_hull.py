# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from inference.engines.liveportrait.hull import hull_volume, motion_multiplier

CUBE = np.array(list(product((0.0, 1.0), repeat=3)))
INNER = np.random.default_rng(1).uniform(0.1, 0.9, (13, 3))


def test_a_cube_with_points_inside_on_faces_and_on_edges():
    on_faces = np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.0], [1.0, 0.3, 0.7]])
    assert hull_volume(np.concatenate([CUBE, INNER, on_faces])) == pytest.approx(1)


def test_an_octahedron_anywhere():
    octahedron = np.concatenate([np.eye(3), -np.eye(3)])
    assert hull_volume(octahedron * 0.01 + [5, -3, 2]) == pytest.approx(4 / 3 * 1e-6)


@pytest.mark.parametrize("points", [CUBE * [1, 1, 0], CUBE * [1, 0, 0], CUBE * 0, CUBE[:3], np.zeros((0, 3))])
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_flat_things_have_no_volume(points):
    assert hull_volume(points) == 0


def test_the_multiplier_is_the_root_of_the_ratio():
    points = np.concatenate([CUBE, INNER])
    assert motion_multiplier(points * 2, points) == pytest.approx(8**0.5)
    assert motion_multiplier(points, points * [1, 1, 0]) == 1
