# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import faces
import numpy as np
import pytest

from inference.engines.liveportrait.ratios import ratios_of
from inference.face.features import measure

RIGHT_LIDS, LEFT_LIDS, LIPS = (159, 145), (386, 374), (13, 14)


def landmarks():
    return faces.face("astronaut").landmarks.copy()


def met(points, pair):
    """Landmarks whose two points lie on each other."""
    points[list(pair)] = points[list(pair)].mean(axis=0)
    return points


def test_a_real_face_has_its_eyes_open():
    """Much as the eye aspect ratio, which averages three pairs of lids."""
    found = ratios_of(landmarks()[None])
    features = measure(landmarks(), faces.tracker().mesh)
    assert found.eyes[0] == pytest.approx([features.eye_right, features.eye_left], rel=0.25)
    assert 0 <= found.lips[0] < 0.5


def test_lids_and_lips_that_meet_are_closed():
    closed = ratios_of(met(landmarks(), RIGHT_LIDS)[None])
    assert closed.eyes[0, 0] == 0 and closed.eyes[0, 1] > 0.1
    assert ratios_of(met(landmarks(), LEFT_LIDS)[None]).eyes[0, 1] == 0
    assert ratios_of(met(landmarks(), LIPS)[None]).lips[0] == 0


def test_the_first_eye_is_the_one_at_the_images_left():
    points = landmarks()
    assert points[RIGHT_LIDS[0], 0] < points[LEFT_LIDS[0], 0]


@pytest.mark.parametrize("count", [203, 478])
def test_place_size_and_roll_do_not_matter(count):
    points = np.random.default_rng(4).uniform(0, 100, (3, count, 2))
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    one, other = ratios_of(points), ratios_of(points @ turn * 3.7 + [40, -9])
    assert other.eyes == pytest.approx(one.eyes) and other.lips == pytest.approx(one.lips)


def test_no_width_gives_a_number():
    found = ratios_of(np.zeros((2, 203, 2)))
    assert not found.eyes.any() and not found.lips.any() and len(found) == 2


def test_other_counts_are_refused():
    with pytest.raises(ValueError, match="68 landmarks"):
        ratios_of(np.zeros((1, 68, 2)))
