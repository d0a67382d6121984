# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from inference.engines.edtalk.smoothing import KERNEL, smoothed


def test_a_single_peak_spreads_to_its_neighbours():
    weights = np.zeros((5, 2))
    weights[2] = 1, -2
    found = smoothed(weights, even_ends=True)
    assert found.dtype == np.float32
    assert found[1:4, 0] == pytest.approx(KERNEL)
    assert found[1:4, 1] == pytest.approx([-2 * part for part in KERNEL])
    assert found[[0, 4]].tolist() == [[0, 0], [0, 0]]


def test_ends_stay_even_or_fade():
    constant = np.full((4, 20), 3.0)
    assert smoothed(constant, even_ends=True) == pytest.approx(constant, abs=1e-5)
    faded = smoothed(constant, even_ends=False)
    assert faded[1:3] == pytest.approx(constant[1:3], abs=1e-5)
    assert faded[[0, 3]] == pytest.approx(constant[[0, 3]] * (1 - KERNEL[0]), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1])
def test_short_tracks(count):
    assert smoothed(np.ones((count, 20)), even_ends=True) == pytest.approx(np.ones((count, 20)), abs=1e-6)
    assert smoothed(np.ones((count, 20)), even_ends=False).shape == (count, 20)


def test_kernel_sums_to_one():
    assert sum(KERNEL) == pytest.approx(1, abs=1e-7)
