# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much noise a picture has at each step, and how a step is computed."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor

SOLVERS = ("unipc", "dpm++", "euler")
_LEVELS = 1000


class Solver(Protocol):
    """A scheduler of diffusers, for one run.

    Attributes:
        timesteps: (steps,) what the network is told at each step.
        sigmas: (steps + 1,) how much of the picture is noise, 1 to 0.
    """

    timesteps: Tensor
    sigmas: Tensor

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, *, return_dict: bool) -> tuple[Tensor]:
        """The sample at the next step."""
        ...


def sigmas_of(steps: int, shift: float, most: float = 1.0) -> np.ndarray:
    """(steps + 1,) float64: evenly from the most noise to none, then shifted: s x / (1 + (s - 1) x)."""
    even = np.linspace(most, 0.0, steps + 1)
    return shift * even / (1 + (shift - 1) * even)


def solver(name: str, steps: int, shift: float, published: bool = True) -> Solver:
    """A solver at its start.

    Args:
        name: one of ``SOLVERS``.
        published: the steps as Wan's own program takes them; else as diffusers' pipelines do, which differ by a
            thousandth.
    """
    made = _made(name, steps, shift)
    if published and name != "euler":
        # Wan's UniPC begins at the last of 1000 levels, in 32 bit, its DPM++ at noise alone.
        sigmas = sigmas_of(steps, shift, float(np.float32(1 - 1 / _LEVELS)) if name == "unipc" else 1.0)
        made.sigmas = torch.from_numpy(sigmas.astype(np.float32))
        made.timesteps = torch.from_numpy((sigmas[:-1] * _LEVELS).astype(np.int64))
    return made


def _made(name: str, steps: int, shift: float) -> Any:
    assert name in SOLVERS, name
    if name == "euler":
        made = FlowMatchEulerDiscreteScheduler(num_train_timesteps=_LEVELS, shift=shift)
        made.set_timesteps(sigmas=np.linspace(1.0, 0.0, steps + 1)[:-1].tolist())
        return made
    kind = UniPCMultistepScheduler if name == "unipc" else DPMSolverMultistepScheduler
    made = kind(num_train_timesteps=_LEVELS, prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift)
    made.set_timesteps(steps)
    # Of many steps the first may have the same whole timestep; looked up, it would be taken for the second.
    made.set_begin_index(0)
    return made
