# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise levels and solver, compared with those of diffusers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
from diffusers import DPMSolverMultistepScheduler

from inference.engines.hellomeme.schedule import Solver, scheduled, steps_left


def of_diffusers(steps: int) -> DPMSolverMultistepScheduler:
    scheduler = DPMSolverMultistepScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", algorithm_type="sde-dpmsolver++"
    )
    scheduler.set_timesteps(steps)
    return scheduler


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 25, 50, 100])
def test_levels(steps):
    expected, found = of_diffusers(steps), scheduled(steps)
    assert found.timesteps.tolist() == expected.timesteps.tolist()
    np.testing.assert_allclose(found.levels, expected.sigmas.numpy(), rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 25])
def test_solver(steps):
    numbers = np.random.default_rng(steps)
    scheduler, schedule = of_diffusers(steps), scheduled(steps)
    solver = Solver(schedule)
    latents = numbers.standard_normal((2, 4, 3, 3)).astype(np.float32)
    expected = torch.tensor(latents)
    for step, timestep in enumerate(scheduler.timesteps):
        predicted, noise = numbers.standard_normal((2, *latents.shape)).astype(np.float32)
        latents = solver.step(step, latents, predicted, noise)
        expected = scheduler.step(
            torch.tensor(predicted), timestep, expected, variance_noise=torch.tensor(noise)
        ).prev_sample
        np.testing.assert_allclose(latents, expected.numpy(), rtol=1e-4, atol=1e-3)
    assert latents.dtype == np.float32


def test_strength_leaves_the_last_steps():
    whole, half = scheduled(10), scheduled(10, 0.5)
    assert half.timesteps.tolist() == whole.timesteps[5:].tolist()
    assert half.levels.tolist() == whole.levels[5:].tolist()


@pytest.mark.parametrize(
    ("steps", "strength", "left"), [(25, 1, 25), (25, 0.05, 1), (10, 0.01, 1), (3, 0.5, 1), (1, 1, 1)]
)
def test_at_least_one_step_is_left(steps, strength, left):
    assert steps_left(steps, strength) == left == len(scheduled(steps, strength))


def test_noise_of_a_level():
    schedule, latents, noise = scheduled(4), np.full((1, 4, 2, 2), 3, np.float32), np.ones((1, 4, 2, 2), np.float32)
    level = schedule.levels[1]
    np.testing.assert_allclose(schedule.noised(1, latents, noise), (3 + level) / np.hypot(1, level), rtol=1e-6)
    np.testing.assert_array_equal(schedule.noised(4, latents, noise), latents)
