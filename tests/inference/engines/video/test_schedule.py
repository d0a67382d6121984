# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Solvers of video models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch

from inference.engines.video.schedule import SOLVERS, sigmas_of, solver


def test_sigmas():
    assert np.allclose(sigmas_of(4, 1.0), [1, 0.75, 0.5, 0.25, 0])
    assert np.allclose(sigmas_of(2, 5.0), [1, 5 * 0.5 / 3, 0])


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 20])
def test_solvers_reach_the_picture(name, steps):
    """Where the direction from picture to noise is the true one at all steps, the picture comes out."""
    picture, noise = torch.full((1, 2, 2), 0.7), torch.randn(1, 2, 2, generator=torch.Generator().manual_seed(1))
    one = solver(name, steps, 5.0)
    assert len(one.timesteps) == steps and one.sigmas[-1] == 0
    sample = noise
    for timestep in one.timesteps:
        sample = one.step(noise - picture, timestep, sample, return_dict=False)[0]
    assert torch.allclose(sample, picture, atol=5e-3)


@pytest.mark.parametrize("name", SOLVERS)
def test_more_shift_has_more_noise(name):
    little, much = solver(name, 10, 1.0), solver(name, 10, 8.0)
    assert (much.sigmas[1:-1] > little.sigmas[1:-1]).all()


def test_timesteps_without_a_shift():
    assert solver("unipc", 3, 1.0).timesteps.tolist() == [999, 666, 333]


@pytest.mark.parametrize("name", SOLVERS)
def test_many_steps(name):
    """So many that some have the same timestep."""
    many = solver(name, 150, 12.0)
    sample = torch.ones(1, 2, 2)
    for timestep in many.timesteps:
        sample = many.step(torch.ones(1, 2, 2) * 0.3, timestep, sample, return_dict=False)[0]
    assert torch.allclose(sample, torch.full((1, 2, 2), 0.7), atol=5e-3)


def test_euler_begins_with_noise_alone():
    assert np.allclose(solver("euler", 4, 5.0).sigmas.numpy(), sigmas_of(4, 5.0), atol=1e-6)
