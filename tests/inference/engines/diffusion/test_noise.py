# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise by seed, frame and purpose."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.diffusion.noise import film_noise, frame_noise  # noqa: E402

SHAPE = (4, 8, 8)
RECORDED = [-0.41812560, -0.08153598, 1.14274478, 2.03350019]


def test_the_numbers_never_change():
    """These were written down: films that were begun with an earlier version go on with the same noise."""
    found = frame_noise(7, 12, (4,), "start")
    assert found.dtype is torch.float32
    assert found.tolist() == pytest.approx(RECORDED, abs=1e-7)


def test_it_is_normal():
    noise = film_noise(0, range(16), SHAPE, "start").flatten()
    assert abs(float(noise.mean())) < 0.05
    assert float(noise.std()) == pytest.approx(1, abs=0.05)
    assert float((noise.abs() < 1).float().mean()) == pytest.approx(0.683, abs=0.02)


def test_seed_frame_and_purpose_each_give_other_numbers():
    noise = frame_noise(1, 2, SHAPE, "start")
    assert torch.equal(noise, frame_noise(1, 2, SHAPE, "start"))
    for other in (frame_noise(2, 2, SHAPE, "start"), frame_noise(1, 3, SHAPE, "start"), frame_noise(1, 2, SHAPE, "x")):
        assert float((noise * other).mean()) == pytest.approx(0, abs=0.25)


def test_a_frame_has_the_same_noise_in_whatever_section_it_is_drawn():
    assert torch.equal(film_noise(3, range(4, 9), SHAPE, "a")[2:4], film_noise(3, range(6, 8), SHAPE, "a"))
    assert torch.equal(film_noise(3, range(6, 7), SHAPE, "a")[0], frame_noise(3, 6, SHAPE, "a"))
