# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sampling of a section: Euler's steps, guided by words and sound, with known frames put in at each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .model import Model

TRAINED_STEPS = 1000


@dataclass(frozen=True)
class SectionAsk:
    """All that a section is drawn from.

    Attributes:
        image: (16, 1, h, w) float32 latents of the portrait.
        known: (16, k, h, w) float32 latents that the section begins with: the portrait's, or of carried frames.
        audio: (n, width) float32 features of each frame, n = 4 (T - 1) + 1.
        text, negative: (rows, width) float32 of the prompts; ``negative`` counts with a guidance other than 1.
        steps, guidance, audio_guidance, shift: the settings.
        noise: (16, T, h, w) float32.
    """

    image: np.ndarray
    known: np.ndarray
    audio: np.ndarray
    text: np.ndarray
    negative: np.ndarray
    steps: int
    guidance: float
    audio_guidance: float
    shift: float
    noise: np.ndarray


def sigmas(steps: int, shift: float) -> np.ndarray:
    """(steps,) float32 noise levels, falling from 1; after the last one comes 0. Timesteps are 1000 times as much.

    With s from 1 to 0 in ``steps`` + 1 points, the last one left out: shift * s / (1 + (shift - 1) * s).
    """
    even = np.linspace(1, 0, steps + 1, dtype=np.float32)[:-1]
    return shift * even / (1 + (shift - 1) * even)


def stepped(latents: Tensor, velocity: Tensor, levels: np.ndarray, step: int) -> Tensor:
    """The latents after a step of Euler's method."""
    after = float(levels[step + 1]) if step + 1 < len(levels) else 0.0
    return latents + velocity * (after - float(levels[step]))


def image_input(image: Tensor, known: int, frames: int) -> Tensor:
    """(17, T, h, w): the portrait's latents, (16, 1, h, w), in all frames, and a mask: 0 where frames are known."""
    mask = torch.ones_like(image[:1]).repeat(1, frames, 1, 1)
    mask[:, :known] = 0
    return torch.cat([image.expand(-1, frames, -1, -1), mask])


def passes(guidance: float, audio_guidance: float) -> int:
    """How often the network is run at each step."""
    if guidance == 1:
        return 1
    return 2 if audio_guidance == guidance else 3


def draw_section(model: Model, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
    """(16, T, h, w) float32 latents of a section.

    Args:
        told: called with the number of steps done, often with the same one; may raise to cancel.

    Raises:
        TalkingHeadError: as ``Hold.using``; whatever ``told`` raises.
    """
    latents, known = model.tensor(ask.noise), model.tensor(ask.known)
    given = known.shape[1]
    guided = _Guided(model, ask, image_input(model.tensor(ask.image), given, latents.shape[1]))
    levels = sigmas(ask.steps, ask.shift)
    done = 0
    with model.drawing(lambda: told(done)):
        for step, level in enumerate(levels):
            latents = torch.cat([known, latents[:, given:]], dim=1)
            latents = stepped(latents, guided.velocity(latents, float(level) * TRAINED_STEPS), levels, step)
            done = step + 1
            told(done)
    return torch.cat([known, latents[:, given:]], dim=1).cpu().numpy()


class _Guided:
    """The network with one section's words and sound."""

    def __init__(self, model: Model, ask: SectionAsk, image: Tensor) -> None:
        self._model, self._image = model, image
        self._guidance, self._audio_guidance = ask.guidance, ask.audio_guidance
        self._text, self._negative = model.tensor(ask.text), model.tensor(ask.negative)
        self._sound, self._silence = model.heard(ask.audio), model.heard(np.zeros_like(ask.audio))

    def velocity(self, latents: Tensor, timestep: float) -> Tensor:
        """Where the latents go: away from what neither words nor sound ask for."""

        def run(text: Tensor, heard: Tensor) -> Tensor:
            return self._model.velocity(latents, self._image, timestep, text, heard)

        number = passes(self._guidance, self._audio_guidance)
        both = run(self._text, self._sound)
        if number == 1:
            return both
        neither = run(self._negative, self._silence)
        if number == 2:
            return neither + self._guidance * (both - neither)
        words = run(self._text, self._silence)
        return neither + self._guidance * (words - neither) + self._audio_guidance * (both - words)
