# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a film with X-Portrait: DDIM over overlapping windows of frames, beginning at the noisy source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from ...errors import ErrorCode, TalkingHeadError
from .model import Hints, Model
from .schedule import WINDOW, alphas_cumprod, levels, steps_of, timesteps, window_count, windows
from .wiring import Bank

__all__ = ["FilmAsk", "ddim_step", "denoise", "draw_film", "hint_tensor", "padded", "start_latents", "steps_of"]

_FIRST_TIMESTEP = 999


@dataclass(frozen=True)
class FilmAsk:
    """What a film is drawn from; n frames of S px, latents of h = w = S / 8.

    Attributes:
        source_latent: (4, h, w) of the clean source; (k, 4, h, w) of several pictures of the same person, of which
            the first is where the drawing begins.
        text: (77, c) features of the empty text.
        pose: (n, S, S, 3) RGB, the driving pictures laid over the source: uint8, or float -1..1.
        local: the same, black but for the patches around eyes and mouth (``hints.local_patches``).
        steps: how many are asked for; ``steps_of`` says how many are taken.
        guidance: 1 is quicker, as nothing is drawn without source and hints then.
        overlap: frames that two windows have in common, 0 to 12.
        pose_weight, local_weight: how much each hint counts; 1 as trained.
        noise: (n, 4, h, w) standard normal.
        offsets: from step and number of frames to the frame at which the first window begins.
        known: latents (4, h, w) of frames that are drawn already, by their place in the film.
        window: frames that are drawn at once; 16 as trained.
    """

    source_latent: np.ndarray
    text: np.ndarray
    pose: np.ndarray
    local: np.ndarray
    steps: int
    guidance: float
    overlap: int
    pose_weight: float
    local_weight: float
    noise: np.ndarray
    offsets: Callable[[int, int], int]
    known: Mapping[int, np.ndarray]
    window: int = WINDOW

    def __len__(self) -> int:
        return len(self.noise)


def draw_film(model: Model, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
    """Draw the frames of a film together. The same call gives the same bits on the CPU.

    Films shorter than a window are drawn with their last frame held.

    Args:
        told: called with the number of steps done; may raise to cancel.

    Returns:
        (n, 4, h, w) float32 latents.
    """
    whole = padded(ask)
    drawn = model.attempt(lambda: denoise(model, whole, told))[: len(ask)]
    if not np.isfinite(drawn).all():
        raise TalkingHeadError(
            ErrorCode.INTERNAL,
            "X-Portrait's networks gave numbers that are no picture.",
            "Try another seed or less guidance.",
        )
    return drawn


def padded(ask: FilmAsk) -> FilmAsk:
    """The film with its last frame held until it is as long as a window."""
    missing = ask.window - len(ask)
    if missing <= 0:
        return ask
    last = len(ask) - 1
    held = {place: ask.known[last] for place in range(last, ask.window)} if last in ask.known else {}
    return replace(
        ask,
        pose=_hold(ask.pose, missing),
        local=_hold(ask.local, missing),
        noise=_hold(ask.noise, missing),
        known={**ask.known, **held},
    )


def _hold(frames: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([frames, np.repeat(frames[-1:], count, axis=0)])


def start_latents(ask: FilmAsk) -> np.ndarray:
    """(n, 4, h, w) float32: the source, or what is known of a frame, under the noise of the last timestep."""
    sources = np.asarray(ask.source_latent, np.float32)
    first = sources if sources.ndim == 3 else sources[0]
    clean = np.repeat(first[None], len(ask), axis=0)
    for place, latent in ask.known.items():
        clean[place] = latent
    return _noisy(clean, ask.noise, float(alphas_cumprod()[_FIRST_TIMESTEP]))


def denoise(model: Model, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
    """``draw_film`` without padding: a film shorter than a window is wrapped, as in the reference implementation."""
    falling = timesteps(ask.steps)
    latents = start_latents(ask)
    with model.ready(ask.window, latents.shape[2:]):
        for step, (timestep, (now, following)) in enumerate(zip(falling, levels(falling), strict=True)):
            noise = _film_noise(model, ask, latents, step, int(timestep), told)
            latents = ddim_step(latents, noise, now, following)
            _pin(latents, ask, following, is_last=step == len(falling) - 1)
            if not np.isfinite(latents).all():
                # Nothing good can come of them: ``draw_film`` decides what to do.
                break
    return latents


def ddim_step(latents: np.ndarray, noise: np.ndarray, now: float, following: float) -> np.ndarray:
    """One step of DDIM without new noise (Song and others 2021, eta 0), float32.

    Args:
        latents: of noise level ``now``.
        noise: what the networks found in them.
        now, following: alphas_cumprod before and after the step.
    """
    clean = (latents - np.float32(np.sqrt(1.0 - now)) * noise) / np.float32(np.sqrt(now))
    return _noisy(clean, noise, following)


def _noisy(clean: np.ndarray, noise: np.ndarray, alpha: float) -> np.ndarray:
    return np.float32(np.sqrt(alpha)) * clean + np.float32(np.sqrt(1.0 - alpha)) * np.asarray(noise, np.float32)


def _pin(latents: np.ndarray, ask: FilmAsk, alpha: float, is_last: bool) -> None:
    """Put what is known into the latents, under as much noise as they have."""
    for place, latent in ask.known.items():
        latents[place] = latent if is_last else _noisy(latent, ask.noise[place], alpha)


def _film_noise(
    model: Model, ask: FilmAsk, latents: np.ndarray, step: int, timestep: int, told: Callable[[int], None]
) -> np.ndarray:
    """(n, 4, h, w) float32: what the networks find in the frames, the mean of all windows that a frame is in."""
    count = len(ask)
    sources = ask.source_latent if ask.source_latent.ndim == 4 else ask.source_latent[None]
    bank = model.bank(sources, timestep, ask.text)
    total, times = np.zeros_like(latents), np.zeros(count, np.float32)
    done = step * window_count(count, ask.overlap, ask.window)
    for number, chosen in enumerate(windows(count, ask.overlap, ask.offsets(step, count), ask.window)):
        found = _window_noise(model, ask, latents, chosen, timestep, bank)
        # A frame that a wrapped window has twice counts once, as in the reference implementation.
        total[chosen] = total[chosen] + found
        times[np.unique(chosen)] += 1
        told(done + number + 1)
    return total / times[:, None, None, None]


def _window_noise(
    model: Model, ask: FilmAsk, latents: np.ndarray, chosen: np.ndarray, timestep: int, bank: Bank
) -> np.ndarray:
    frames = latents[chosen]
    hints = Hints(hint_tensor(ask.pose[chosen]), hint_tensor(ask.local[chosen]), ask.pose_weight, ask.local_weight)
    with_source = model.conditional(frames, timestep, ask.text, bank, hints).float()
    if ask.guidance == 1.0:
        return with_source.cpu().numpy()
    without = model.unconditional(frames, timestep, ask.text).float()
    return (without + ask.guidance * (with_source - without)).cpu().numpy()


def hint_tensor(pictures: np.ndarray) -> torch.Tensor:
    """Pictures as the control networks read them.

    Args:
        pictures: (n, S, S, 3) RGB, uint8, or float -1..1.

    Returns:
        (n, 3, S, S) float32, -1..1.
    """
    values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return values.float() / 127.5 - 1.0 if pictures.dtype == np.uint8 else values.float()
