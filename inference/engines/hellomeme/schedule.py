# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise levels, and the solver that goes from one to the next: SDE-DPM-Solver++(2M).

A latent of level s is ``x = a (x0 + s noise)`` with ``a = 1 / sqrt(1 + s^2)``; formulas are those of Lu et al.,
"DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models" (2022), for predictions of x0. The
levels are those of Stable Diffusion 1.5 at evenly spread training steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TRAINING_STEPS = 1000
_FIRST_BETA, _LAST_BETA = 0.00085, 0.012


def training_levels() -> np.ndarray:
    """(1000,) float64: the level s after each training step."""
    betas = np.linspace(_FIRST_BETA**0.5, _LAST_BETA**0.5, TRAINING_STEPS) ** 2
    kept = np.cumprod(1 - betas)
    return np.sqrt((1 - kept) / kept)


@dataclass(frozen=True)
class Schedule:
    """The steps of a drawing.

    Attributes:
        timesteps: (n,) int64, training step that the network is told at each step.
        levels: (n + 1,) float64, level before each step, and 0 in the end.
    """

    timesteps: np.ndarray
    levels: np.ndarray

    def __len__(self) -> int:
        return len(self.timesteps)

    def noised(self, step: int, latents: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Clean latents at the level before a step; behind the last one they are what they were."""
        scale = _scale(self.levels[step])
        return (scale * latents + scale * self.levels[step] * noise).astype(np.float32)


def scheduled(steps: int, strength: float = 1.0) -> Schedule:
    """The schedule.

    Args:
        steps: how many there are from pure noise.
        strength: 1 for all of them; less begins behind the first ones. At least one step is left.
    """
    spread = np.linspace(0, TRAINING_STEPS - 1, steps + 1).round()[:0:-1].astype(np.int64)
    timesteps = spread[-steps_left(steps, strength) :]
    return Schedule(timesteps, np.append(training_levels()[timesteps], 0.0))


def steps_left(steps: int, strength: float) -> int:
    """How many steps a strength leaves."""
    return min(max(int(steps * strength), 1), steps)


class Solver:
    """Goes through a schedule once.

    Args:
        schedule: its first and last step are of first order, those between of second.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._before: np.ndarray | None = None

    def step(self, step: int, latents: np.ndarray, predicted: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Latents at the next level.

        Args:
            latents: (n, 4, h, w) float32 at the level of this step.
            predicted: the noise that the network sees in them.
            noise: new noise.
        """
        here, there = self.schedule.levels[step], self.schedule.levels[step + 1]
        clean = latents / np.float32(_scale(here)) - np.float32(here) * predicted
        before, self._before = self._before, clean
        if there == 0:
            return clean
        # With h the difference of the levels' logarithms, exp(-h) is their quotient.
        quotient = there / here
        wanted = clean
        if before is not None:
            ratio = np.log(self.schedule.levels[step - 1] / here) / -np.log(quotient)
            wanted = clean + np.float32(0.5 / ratio) * (clean - before)
        lost = 1 - quotient**2
        scale = _scale(there)
        kept = np.float32(scale / _scale(here) * quotient**2)
        return kept * latents + np.float32(scale * lost) * wanted + np.float32(scale * there * lost**0.5) * noise


def _scale(level: float) -> float:
    return float(1 / np.sqrt(1 + level**2))
