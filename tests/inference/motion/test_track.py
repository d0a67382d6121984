# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracks as messages and in caches."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from inference.controls import POSE_NAMES, RIG_NAMES
from inference.motion.track import ACTIVITY, REST, Track


def a_track(spoken: bool) -> Track:
    values = REST + np.linspace(0, 0.5, 3 * len(POSE_NAMES)).reshape(3, -1)
    return Track(Fraction(100), values, activity=np.array([0.0, 0.5, 1.0]) if spoken else None)


@pytest.mark.parametrize("spoken", [False, True])
def test_a_message_brings_the_track_back(spoken):
    track = a_track(spoken)
    again = Track.from_message(track.fields(), track.array())
    np.testing.assert_allclose(again.values, track.values, atol=1e-6)
    assert (again.activity is not None) is spoken
    np.testing.assert_allclose(again.activity_at([0, 1, 2]), track.activity_at([0, 1, 2]))


@pytest.mark.parametrize("spoken", [False, True])
def test_a_track_that_was_kept_before_an_engine_brought_controls(spoken):
    track = a_track(spoken)
    columns = [*RIG_NAMES, *([ACTIVITY] if spoken else [])]
    all_columns = track.fields()["columns"]
    array = track.array()[:, [all_columns.index(name) for name in columns]]
    again = Track.from_message({**track.fields(), "columns": columns}, array)
    known = len(RIG_NAMES)
    np.testing.assert_allclose(again.values[:, :known], track.values[:, :known], atol=1e-6)
    np.testing.assert_array_equal(again.values[:, known:], np.tile(REST[known:], (3, 1)))
    np.testing.assert_allclose(again.activity_at([1]), track.activity_at([1]))


def test_columns_that_do_not_fit_the_array_are_refused():
    track = a_track(False)
    with pytest.raises(ValueError, match="zip"):
        Track.from_message(track.fields(), track.array()[:, 1:])
