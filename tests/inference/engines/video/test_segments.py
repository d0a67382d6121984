# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many frames are drawn, and what fills up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.video.segments import drawn_frames, latent_frames, ping_pong


@pytest.mark.parametrize(("frames", "drawn"), [(1, 5), (5, 5), (6, 9), (8, 9), (9, 9), (10, 13), (77, 77)])
def test_drawn_frames(frames, drawn):
    assert drawn_frames(frames) == drawn


def test_latent_frames():
    assert [latent_frames(frames) for frames in (1, 5, 77)] == [1, 2, 20]


@pytest.mark.parametrize(
    ("count", "length", "expected"),
    [(1, 3, [0, 0, 0]), (2, 5, [0, 1, 0, 1, 0]), (4, 9, [0, 1, 2, 3, 2, 1, 0, 1, 2]), (4, 2, [0, 1])],
)
def test_ping_pong(count, length, expected):
    assert ping_pong(count, length) == expected


@given(count=st.integers(2, 30), length=st.integers(1, 100))
def test_ping_pong_never_jumps(count, length):
    steps = np.diff(ping_pong(count, length))
    assert (np.abs(steps) == 1).all()
