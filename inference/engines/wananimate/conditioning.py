# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a segment of Wan-Animate begins with: known frames, the background, and the mask that tells what they are."""

from __future__ import annotations

import numpy as np

from ..video.hold import Told, silent
from ..video.vae import SCALE, Vae
from .model import pixels_of

FOLD = 4  # frames of a latent frame


def folded(mask: np.ndarray) -> np.ndarray:
    """(4 k + 1, h, w) of frames to (4, k + 1, h, w) of latent frames: the first frame stands for four."""
    rows = np.concatenate([np.repeat(mask[:1], FOLD, axis=0), mask[1:]])
    return np.ascontiguousarray(rows.reshape(-1, FOLD, *mask.shape[1:]).swapaxes(0, 1))


def small_mask(mask: np.ndarray) -> np.ndarray:
    """(n, H, W) to (n, H / 8, W / 8): the pixel at the top left of each block."""
    return mask[:, ::SCALE, ::SCALE]


def segment_pixels(size: tuple[int, int, int], background: np.ndarray | None, known: np.ndarray | None) -> np.ndarray:
    """The video that a segment is given: the background, or mid grey, behind the known frames.

    Args:
        size: frames, height and width.
        background: (n, H, W, 3) uint8 RGB, or None.
        known: (p, 3, H, W) float32 -1..1 frames of the segment before, or None.

    Returns:
        (3, n, H, W) float32 -1..1.
    """
    pixels = np.zeros((3, *size), np.float32) if background is None else pixels_of(background)
    if known is not None:
        pixels[:, : len(known)] = known.swapaxes(0, 1)
    return pixels


def segment_mask(size: tuple[int, int, int], mask: np.ndarray | None, known: int) -> np.ndarray:
    """(4, k + 1, h, w) float32, 1 where the video of ``segment_pixels`` is kept.

    Args:
        size: frames, height and width in px.
        mask: (n, H, W), 1 where the character is drawn; None for everywhere.
        known: frames at the beginning that are known.
    """
    frames, height, width = size
    if mask is None:
        kept = np.zeros((frames, height // SCALE, width // SCALE), np.float32)
    else:
        kept = 1 - small_mask(mask).astype(np.float32)
    kept[:known] = 1
    return folded(kept)


def conditioning(
    vae: Vae,
    reference: np.ndarray,
    size: tuple[int, int, int],
    background: np.ndarray | None,
    mask: np.ndarray | None,
    known: np.ndarray | None,
    told: Told = silent,
) -> np.ndarray:
    """(20, k + 2, h, w) float32: the mask and the latents, the reference's first.

    Args:
        reference: (16, 1, h, w) latents.
        size, background, mask, known: as in ``segment_pixels`` and ``segment_mask``.
    """
    latents = vae.encode(segment_pixels(size, background, known), told)
    kept = segment_mask(size, mask, 0 if known is None else len(known))
    first = np.concatenate([np.ones((FOLD, *reference.shape[1:]), np.float32), reference])
    return np.concatenate([first, np.concatenate([kept, latents])], axis=1)
