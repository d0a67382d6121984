# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that show a face."""

from __future__ import annotations

import numpy as np
import pytest

from inference.face.face import LANDMARKS
from inference.face.outlines import outlines


def test_rings_are_closed_and_made_of_the_landmarks():
    landmarks = np.random.default_rng(0).uniform(0, 100, (LANDMARKS, 3))
    lines = outlines(landmarks)
    known = {tuple(point) for point in landmarks[:, :2]}
    for name, line in lines.items():
        assert name == "nose" or np.array_equal(line[0], line[-1]) or "iris" in name
        assert "iris" in name or {tuple(point) for point in line} <= known
    assert {"outline", "left_eye", "right_eye", "left_brow", "right_brow", "outer_lips", "inner_lips"} <= set(lines)


def test_iris_is_an_ellipse_through_its_rim():
    landmarks = np.zeros((LANDMARKS, 3))
    landmarks[469:473, :2] = (14, 20), (10, 17), (6, 20), (10, 23)  # 4 px wide, 3 px high, about (10, 20)
    ring = outlines(landmarks)["right_iris"]
    part = (ring - (10, 20)) / (4, 3)
    assert np.hypot(*part.T) == pytest.approx(1.0)
    assert np.ptp(np.unwrap(np.arctan2(part[:, 1], part[:, 0]))) == pytest.approx(2 * np.pi)
