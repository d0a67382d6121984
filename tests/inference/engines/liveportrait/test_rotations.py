# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from inference.engines.liveportrait.rotations import angles_deg, orthonormal, power, rotation_matrix, slerp

ANGLES = np.random.default_rng(3).uniform(-60, 60, (20, 3))


def turns():
    return rotation_matrix(*ANGLES.T)


def test_row_vectors_turn_as_the_angles_say():
    """Rows: x right, y down, z away. A yaw of 90 degrees takes x to -z, a roll of 90 degrees x to y."""
    x = np.array([1.0, 0, 0])
    assert x @ rotation_matrix(np.array(0.0), np.array(0.0), np.array(90.0)) == pytest.approx([0, 1, 0])
    assert x @ rotation_matrix(np.array(0.0), np.array(90.0), np.array(0.0)) == pytest.approx([0, 0, -1])
    y = np.array([0, 1.0, 0])
    assert y @ rotation_matrix(np.array(90.0), np.array(0.0), np.array(0.0)) == pytest.approx([0, 0, 1])


def test_angles_come_back():
    assert angles_deg(turns()) == pytest.approx(ANGLES)


def test_scalars_give_one_matrix():
    assert rotation_matrix(np.asarray(1.0), np.asarray(2.0), np.asarray(3.0)).shape == (3, 3)


def test_a_way_between_rotations_is_even_and_shortest():
    first, second = turns()[0], turns()[1]
    steps = [slerp(first, second, part) for part in np.linspace(0, 1, 5)]
    angles = [np.arccos((np.trace(b @ a.T) - 1) / 2) for a, b in pairwise(steps)]
    assert angles == pytest.approx([angles[0]] * 4)
    assert steps[0] == pytest.approx(first) and steps[-1] == pytest.approx(second)


def test_no_and_full_and_double_turn():
    assert np.array_equal(power(turns(), 0.0), np.broadcast_to(np.eye(3), (20, 3, 3)))
    assert power(turns(), 1.0) == pytest.approx(turns())
    assert power(turns(), 2.0) == pytest.approx(turns() @ turns())


@pytest.mark.parametrize("angle_deg", [0.0, 1e-7, 1e-3, 179.999])
def test_tiny_and_half_turns_have_no_gap(angle_deg):
    turn = rotation_matrix(np.array(0.0), np.array(0.0), np.array(angle_deg))
    half = power(turn, 0.5)
    assert half == pytest.approx(rotation_matrix(np.array(0.0), np.array(0.0), np.array(angle_deg / 2)), abs=1e-8)


def test_averaged_matrices_become_rotations():
    mixed = turns()[::2] * 0.3 + turns()[1::2] * 0.7
    nearest = orthonormal(mixed)
    assert nearest @ np.swapaxes(nearest, 1, 2) == pytest.approx(np.broadcast_to(np.eye(3), nearest.shape), abs=1e-12)
    assert np.linalg.det(nearest) == pytest.approx(np.ones(10))
    mirrored = orthonormal(np.diag([1.0, 1.0, -0.01]))
    assert np.linalg.det(mirrored) == pytest.approx(1)
