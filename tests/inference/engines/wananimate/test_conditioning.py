# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a segment of Wan-Animate begins with."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

from inference.engines.wananimate.conditioning import folded, segment_mask, segment_pixels, small_mask

SIZE = (5, 16, 32)


def test_folded():
    """The first frame stands for a latent frame of its own, then four each."""
    mask = np.arange(5, dtype=np.float32)[:, None, None]
    assert folded(mask)[:, :, 0, 0].T.tolist() == [[0, 0, 0, 0], [1, 2, 3, 4]]


def test_everything_is_drawn():
    assert not segment_mask(SIZE, None, 0).any()
    assert not segment_pixels(SIZE, None, None).any()


def test_known_frames():
    known = np.full((1, 3, 16, 32), 0.5, np.float32)
    pixels, mask = segment_pixels(SIZE, None, known), segment_mask(SIZE, None, 1)
    assert (pixels[:, 0] == 0.5).all() and not pixels[:, 1:].any()
    assert mask[:, 0].all() and not mask[:, 1].any()


def test_mask():
    """1 where the background is kept; the pixel at the top left speaks for its block."""
    mask = np.zeros(SIZE, np.uint8)
    mask[:, :8, :9] = 1
    assert small_mask(mask)[0].tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]
    kept = segment_mask(SIZE, mask, 1)
    assert kept[:, 0].all()  # a known frame is kept as a whole
    assert kept[0, 1].tolist() == [[0, 0, 1, 1], [1, 1, 1, 1]]


def test_background():
    background = np.full((*SIZE, 3), 255, np.uint8)
    background[:, :8] = 0
    known = np.zeros((1, 3, 16, 32), np.float32)
    pixels = segment_pixels(SIZE, background, known)
    assert not pixels[:, 0].any()
    assert (pixels[:, 1:, :8] == -1).all() and (pixels[:, 1:, 8:] == 1).all()
