# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouth and brows take their landmarks with them, softly, and leave the lids to the sliders."""

from __future__ import annotations

import numpy as np
import pytest
from puppets import tracker

from inference.capture.regions import RegionWeights
from inference.engines.puppet.rows import EYES, LOWER_LIP, OVAL, UPPER_LIP

LIPS = [number for row in (*UPPER_LIP, *LOWER_LIP) for number in row]
CHIN = [152, 148, 377, 175, 199, 200, 18]
BROWS = [105, 66, 107, 65, 52, 334, 296, 336, 295, 282]


@pytest.fixture(scope="module")
def weights() -> RegionWeights:
    return RegionWeights.of(tracker().mesh)


def test_lips_chin_and_brows_take_part_fully(weights):
    assert weights.mouth[LIPS].min() > 0.99
    assert weights.mouth[CHIN].min() > 0.99
    assert weights.brows[BROWS].min() > 0.85
    assert 0.2 < weights.brows[10] < weights.brows[9] == pytest.approx(1)


def test_lids_take_no_part(weights):
    lids = [number for eye in EYES for row in (*eye.upper[:2], *eye.lower) for number in row]
    assert weights.mouth[lids].max() == 0
    assert weights.brows[lids].max() < 0.05
    assert weights.brows[[n for eye in EYES for n in eye.upper[0]]].max() == 0


def test_no_landmark_belongs_to_both(weights):
    assert (weights.mouth * weights.brows).max() == 0
    assert min(weights.mouth.min(), weights.brows.min()) >= 0
    assert max(weights.mouth.max(), weights.brows.max()) <= 1


def test_weights_fade_from_landmark_to_landmark(weights):
    """No edge of the mesh, 0.1 U long at most, spans more than a part of the way."""
    points = tracker().mesh.image_vertices
    points = points / np.linalg.norm(points[33] - points[263])
    edges = np.concatenate([tracker().mesh.triangles[:, pair] for pair in ((0, 1), (1, 2), (2, 0))])
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    for region in (weights.mouth, weights.brows):
        steps = np.abs(region[edges[:, 0]] - region[edges[:, 1]])
        assert steps[length < 0.1].max() < 0.75


def test_both_sides_are_alike(weights):
    points = tracker().mesh.vertices
    mirrored = points * (-1, 1, 1)
    partner = np.linalg.norm(points[None] - mirrored[:, None], axis=2).argmin(axis=1)
    assert weights.mouth == pytest.approx(weights.mouth[partner], abs=0.02)
    assert weights.brows == pytest.approx(weights.brows[partner], abs=0.02)


def test_the_outline_beside_the_eyes_is_still(weights):
    sides = [n for n in OVAL if abs(tracker().mesh.vertices[n, 0]) > 7.5]
    assert len(sides) >= 4
    assert weights.mouth[sides].max() < 0.05
    assert weights.brows[sides].max() < 0.05


def test_strengths_scale_each_region_by_itself(weights):
    motion = np.random.default_rng(1).normal(size=(468, 3))
    mouth, brows = weights.weighted(motion, 1, 0), weights.weighted(motion, 0, 1)
    assert weights.weighted(motion, 2, 0.5) == pytest.approx(2 * mouth + 0.5 * brows)
    assert not weights.weighted(motion, 0, 0).any()
    assert brows[9] == pytest.approx(motion[9])


def test_the_mouth_is_measured_from_the_nose(weights):
    """A drift of all that is left of the head's pose moves no mouth."""
    assert np.abs(weights.weighted(np.full((468, 3), 0.03), 1, 0)).max() < 1e-12
