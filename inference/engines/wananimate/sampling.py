# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the latents of a segment of Wan-Animate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..video.schedule import Solver, solver
from .conditioning import conditioning
from .model import Model, Seen, pixels_of


@dataclass(frozen=True)
class SegmentAsk:
    """A segment of n = 4 k + 1 frames; T = k + 1 latent frames; H and W are multiples of 16.

    Attributes:
        pose: (n, H, W, 3) uint8 RGB, drawn skeletons.
        faces: (n, F, F, 3) uint8 RGB, F = ``Model.face_px``.
        reference: (H, W, 3) uint8 RGB, the character, letterboxed.
        background: (n, H, W, 3) uint8 RGB, black where the character is drawn; None to draw everything.
        mask: (n, H, W), 1 where the character is drawn; None to draw everything.
        known: (p, 3, H, W) float32 -1..1, RGB frames that it begins with; None for none.
        text, negative: (rows, width) of the prompts.
        steps: how many.
        guidance: above 1, each step is computed twice.
        solver, shift: as in ``schedule.solver``.
        noise: (16, T + 1, H / 8, W / 8) float32, standard normal.
        published: as in ``schedule.solver``.
    """

    pose: np.ndarray
    faces: np.ndarray
    reference: np.ndarray
    background: np.ndarray | None
    mask: np.ndarray | None
    known: np.ndarray | None
    text: np.ndarray
    negative: np.ndarray
    steps: int
    guidance: float
    solver: str
    shift: float
    noise: np.ndarray
    published: bool = True

    @property
    def size(self) -> tuple[int, int, int]:
        """Frames, height and width."""
        frames, height, width = self.pose.shape[:3]
        return frames, height, width


def draw_segment(model: Model, ask: SegmentAsk, told: Callable[[int], None]) -> np.ndarray:
    """Draw a segment.

    Args:
        told: called with the number of steps done, at times often with the same one; may raise to cancel.

    Returns:
        (16, T, h, w) float32 latents, normalised.

    Raises:
        TalkingHeadError: as ``Hold.using``; whatever ``told`` raises.
    """
    _check(model, ask)
    with_prompt, without = _guides(model, ask, lambda: told(0))
    steps = solver(ask.solver, ask.steps, ask.shift, ask.published)
    done = 0
    with model.drawing(lambda: told(done)):
        latents = _start(model, ask)
        for timestep in steps.timesteps:
            latents = _stepped(model, steps, timestep, latents, with_prompt, without, ask.guidance)
            done += 1
            told(done)
        return latents[:, 1:].cpu().numpy()


def _guides(model: Model, ask: SegmentAsk, told: Callable[[], None]) -> tuple[Seen, Seen | None]:
    """What guides with the prompt, and with the negative one and without a face, where that is asked for."""
    latents, picture = model.reference(ask.reference)
    told()
    given = conditioning(model.vae, latents, ask.size, ask.background, ask.mask, ask.known, told)
    pose = model.vae.encode(pixels_of(ask.pose), told)
    faces = pixels_of(ask.faces)
    with_prompt = model.seen(ask.text, picture, pose, faces, given)
    if ask.guidance <= 1:
        return with_prompt, None
    return with_prompt, model.seen(ask.negative, picture, pose, np.full_like(faces[:, :1], -1), given)


def _start(model: Model, ask: SegmentAsk) -> Tensor:
    """The noise where the transformer computes, in 32 bit."""
    return torch.from_numpy(ask.noise.astype(np.float32)).to(model.transformer.tensor(ask.noise[:0]).device)


def _stepped(
    model: Model, steps: Solver, timestep: Tensor, latents: Tensor, seen: Seen, without: Seen | None, guidance: float
) -> Tensor:
    found = model.predicted(latents, timestep, seen)
    if without is not None:
        plain = model.predicted(latents, timestep, without)
        found = plain + guidance * (found - plain)
    return steps.step(found[None], timestep, latents[None], return_dict=False)[0][0]


def _check(model: Model, ask: SegmentAsk) -> None:
    frames, height, width = ask.size
    assert frames % 4 == 1 and frames > (0 if ask.known is None else len(ask.known)), frames
    assert not height % 16 and not width % 16, (height, width)
    assert ask.faces.shape == (frames, model.face_px, model.face_px, 3), ask.faces.shape
    assert ask.reference.shape == (height, width, 3), ask.reference.shape
    assert ask.noise.shape == (16, frames // 4 + 2, height // 8, width // 8), ask.noise.shape
