# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a film of any length with networks that see 12 frames at a time.

A film is cut into windows that share their border frames. The borders are drawn first, as a shorter film of their own
(whose borders may come from a still shorter one), and are shown to the networks as key frames around each window. So
the film is drawn *level* by level, the shortest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from .hooks import States
from .levels import WINDOW, levels, windows
from .model import Condition, Model
from .networks.control import Controls
from .schedule import Schedule, Solver, scheduled


class NoiseSource(Protocol):
    """Where a drawing takes its noise from: float32, standard normal."""

    def base(self, count: int) -> np.ndarray:
        """(count, 4, h, w): what the first frames of every level begin with."""
        ...

    def step(self, level: int, step: int, count: int) -> np.ndarray:
        """(count, 4, h, w): what a step adds to the frames of a level.

        Args:
            level: 0 for the shortest film, which is drawn first.
            step: 0 for the first one that is done.
        """
        ...


@dataclass(frozen=True)
class FilmAsk:
    """A film to draw. Latents are (4, h, w) float32, scaled; S is 8 h.

    Attributes:
        reference_latent: of the portrait.
        negative, positive: (77, width) prompts for what draws.
        negative_ref, positive_ref: the same for what reads the portrait.
        conditions: (n, S, S, 3) uint8 RGB, or float32 in -1..1: pictures of the head's pose.
        emotions: (n, 548) float32, see ``Model.emotions``.
        steps: from pure noise.
        guidance: how much the prompt, the portrait and the performance count; 1 leaves out the negative condition.
        noise: where noise comes from.
        strength: 1 begins with noise; less with that part of the steps left, from ``start``.
        start: (n, 4, h, w), what less than 1 begins with.
        known: latents by place in the film that others have to fit to.
        window: frames that see each other; what the networks were trained with.
    """

    reference_latent: np.ndarray
    negative: np.ndarray
    positive: np.ndarray
    negative_ref: np.ndarray
    positive_ref: np.ndarray
    conditions: np.ndarray
    emotions: np.ndarray
    steps: int
    guidance: float
    noise: NoiseSource
    strength: float = 1.0
    start: np.ndarray | None = None
    known: Mapping[int, np.ndarray] = field(default_factory=dict)
    window: int = WINDOW


def draw_film(model: Model, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
    """Draw a film. The same call gives the same bits on the CPU.

    Args:
        told: called with the number of steps done, also between steps that take long; may raise to cancel.

    Returns:
        (n, 4, h, w) float32.

    Raises:
        TalkingHeadError: OUT_OF_MEMORY; INTERNAL where the networks give numbers that are not finite, also in 32 bit.
    """
    assert ask.start is not None or ask.strength >= 1, "less than 1 needs something to begin with"
    latents = model.placing.attempt(lambda: _Drawing(model, ask, told).film())
    if not np.isfinite(latents).all():
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            "HelloMeme's networks gave numbers that are no picture.",
            "Try another seed or less guidance; if that does not help, get the models again or use another checkpoint.",
        )
    return latents


class _Drawing:
    """One call of ``draw_film``."""

    def __init__(self, model: Model, ask: FilmAsk, told: Callable[[int], None]) -> None:
        self._model, self._ask, self._told = model, ask, told
        self._schedule: Schedule = scheduled(ask.steps, ask.strength)
        self._done = 0
        self._nothing = np.zeros_like(ask.reference_latent, np.float32)
        self._guided = ask.guidance > 1
        self._positive = model.condition(ask.reference_latent, ask.positive, ask.positive_ref)
        self._negative: Condition | None = None
        self._empty: Controls | None = None
        self._empty_key: States | None = None
        if self._guided:
            self._prepare_negative()
        self._controls = model.controls(ask.conditions, ask.emotions, self._tell)

    def film(self) -> np.ndarray:
        """All levels, and what the last one gives."""
        latents, keys = self._nothing[None], dict[int, States]()
        below: Sequence[int] = ()
        for number, frames in enumerate(levels(len(self._ask.conditions), self._ask.window)):
            if below:
                keys = dict(zip(below, map(self._key, latents), strict=True))
            latents, below = self._level(number, frames, keys), frames
            if not np.isfinite(latents).all():
                return np.full((len(self._ask.conditions), *latents.shape[1:]), np.nan, np.float32)
        return latents

    def _prepare_negative(self) -> None:
        model, ask = self._model, self._ask
        self._negative = model.condition(self._nothing, ask.negative, ask.negative_ref)
        black, rest = np.zeros(ask.conditions.shape[1:], np.uint8), np.zeros_like(ask.emotions[0])
        (self._empty,) = model.controls(black[None], rest[None], self._tell)
        if len(ask.conditions) > ask.window:
            self._empty_key = model.key_states(self._nothing, ask.negative)

    def _tell(self) -> None:
        """Nothing new is done, but the caller may cancel."""
        self._told(self._done)

    def _key(self, latent: np.ndarray) -> States:
        self._tell()
        return self._model.key_states(latent, self._ask.positive)

    def _level(self, number: int, frames: Sequence[int], keys: Mapping[int, States]) -> np.ndarray:
        noise = np.asarray(self._ask.noise.base(len(frames)), np.float32)
        latents = self._pinned(0, self._begun(frames, noise), frames, noise)
        solver = Solver(self._schedule)
        with self._model.drawing(min(len(frames), self._ask.window), latents.shape[2:]):
            for step, timestep in enumerate(self._schedule.timesteps.tolist()):
                predicted = self._predicted(latents, timestep, frames, keys)
                added = np.asarray(self._ask.noise.step(number, step, len(frames)), np.float32)
                latents = solver.step(step, latents, predicted, added)
                latents = self._pinned(step + 1, latents, frames, noise)
        return latents

    def _begun(self, frames: Sequence[int], noise: np.ndarray) -> np.ndarray:
        if self._ask.start is None or self._ask.strength >= 1:
            return noise
        return self._schedule.noised(0, self._ask.start[list(frames)], noise)

    def _pinned(self, step: int, latents: np.ndarray, frames: Sequence[int], noise: np.ndarray) -> np.ndarray:
        """Latents before a step, with known frames as they would be there."""
        places = [place for place, frame in enumerate(frames) if frame in self._ask.known]
        if not places:
            return latents
        latents = latents.copy()
        known = np.stack([self._ask.known[frames[place]] for place in places])
        latents[places] = self._schedule.noised(step, known, noise[places])
        return latents

    def _predicted(
        self, latents: np.ndarray, timestep: int, frames: Sequence[int], keys: Mapping[int, States]
    ) -> np.ndarray:
        """The noise in all frames of a level; frames in two windows get the mean of both."""
        total, times = np.zeros_like(latents), np.zeros((len(latents), 1, 1, 1), np.float32)
        for window in windows(len(frames), self._ask.window):
            places = slice(window.start, window.stop)
            total[places] += self._window(latents[places], timestep, frames[places], keys)
            times[places] += 1
            self._done += 1
            self._tell()
        return total / times

    def _window(
        self, latents: np.ndarray, timestep: int, frames: Sequence[int], keys: Mapping[int, States]
    ) -> np.ndarray:
        ends = (keys[frames[0]], keys[frames[-1]]) if keys else None
        controls = [self._controls[frame] for frame in frames]
        positive = self._model.predicted(latents, timestep, self._positive, controls, ends)
        if self._negative is None or self._empty is None:
            return positive
        ends = (self._empty_key, self._empty_key) if keys and self._empty_key else None
        negative = self._model.predicted(latents, timestep, self._negative, [self._empty], ends)
        return negative + np.float32(self._ask.guidance) * (positive - negative)
