# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When and over which frames X-Portrait denoises: DDIM's timesteps, noise levels, and windows of frames. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

WINDOW = 16
_TRAINED_STEPS = 1000
_BETA_FIRST, _BETA_LAST = 0.00085, 0.012


def alphas_cumprod() -> np.ndarray:
    """(1000,) float64: the share of the picture's variance that is left at each timestep of Stable Diffusion 1.5.

    Betas are the squares of numbers that grow evenly ("scaled linear", Rombach and others 2022).
    """
    betas = np.linspace(_BETA_FIRST**0.5, _BETA_LAST**0.5, _TRAINED_STEPS) ** 2
    return np.cumprod(1.0 - betas)


def timesteps(steps: int) -> np.ndarray:
    """(n,) int64: the timesteps of a sampling, in its order: falling to 1.

    They are 1 and every (1000 // steps)-th after it, so that n may be larger than asked for (31 for 30, 16 for 15).
    Timestep 1000, where the count would end on it (3, 9, 27 ...), does not exist and is left out.

    Args:
        steps: 1 to 1000.
    """
    ascending = np.arange(0, _TRAINED_STEPS, _TRAINED_STEPS // steps, dtype=np.int64) + 1
    return ascending[ascending < _TRAINED_STEPS][::-1]


def levels(falling: np.ndarray) -> np.ndarray:
    """(n, 2) float64: alphas_cumprod at each timestep and where its step leads to.

    The last step leads to that of timestep 0, which is nearly, but not quite, without noise.

    Args:
        falling: as ``timesteps`` gives them.
    """
    alphas = alphas_cumprod()
    now = alphas[falling]
    return np.stack([now, np.append(now[1:], alphas[0])], axis=1)


def windows(frames: int, overlap: int, offset: int, length: int = WINDOW) -> Iterator[np.ndarray]:
    """The windows of one step over a film whose end is joined to its beginning: (length,) int64 frame indices each.

    Every frame of a film that is as long as a window, or longer, is in at least one. A film of at most ``overlap``
    frames has none, and in another short film a window has frames twice: such films are padded first.

    Args:
        overlap: frames that two neighbors have in common, less than ``length``.
        offset: where the first window begins.
    """
    for start in range(offset, offset + frames - overlap, length - overlap):
        yield np.arange(start, start + length) % frames


def window_count(frames: int, overlap: int, length: int = WINDOW) -> int:
    """How many windows a step has; the same for every offset."""
    return len(range(0, frames - overlap, length - overlap))


def steps_of(count: int, steps: int, overlap: int) -> int:
    """How many steps ``sampling.draw_film`` tells for ``count`` frames: one for each window of each timestep.

    Args:
        steps: how many are asked for.
    """
    return len(timesteps(steps)) * window_count(max(count, WINDOW), overlap)
