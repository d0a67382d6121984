# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine on a video pipeline of diffusers adds to what all of them share: its networks, and one section.

To add an engine: a description with a chained ``FilmRule`` and a class with the methods of ``Adapter``, which calls the
parts of diffusers' pipeline. ``session`` cares for pictures, clip, sections, what is carried over, colors and frames;
``video.fit`` and ``video.held`` for memory, ``video.cancel`` for progress and canceling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..video.fit import Part
from ..video.held import VideoPlacing
from ..video.hold import Told
from ..video.load import Load


@dataclass(frozen=True)
class SectionAsk:
    """A section of n = 4 k + 1 frames; T = k + 1 latent frames; H and W are multiples of 16.

    Attributes:
        picture: (H, W, 3) uint8 RGB, the source, letterboxed.
        clip: (n, H, W, 3) uint8 RGB, what the actor does.
        known: (p, 3, H, W) float32 RGB -1 to 1, frames that it begins with; None for none.
        texts: rows of the adapter's ``prompts``, in their order, each (rows, width).
        steps, guidance, solver, shift: the settings.
        noise: (16, T + ``Adapter.extra_latents``, h, w) float32.
    """

    picture: np.ndarray
    clip: np.ndarray
    known: np.ndarray | None
    texts: Sequence[np.ndarray]
    steps: int
    guidance: float
    solver: str
    shift: float
    noise: np.ndarray


class Adapter(Protocol):
    """A pipeline's networks, each read when it is first needed. Made from its files and a placing.

    Attributes:
        extra_latents: latent frames that are drawn besides those of the frames.
    """

    extra_latents: int

    @staticmethod
    def parts(paths: Mapping[str, Path], load: Load) -> Sequence[Part]:
        """What the networks need, told from the files' tables of contents."""
        ...

    @staticmethod
    def prompts(settings: Mapping[str, object]) -> tuple[str, ...]:
        """What is to be read by the text encoder."""
        ...

    def __init__(self, paths: Mapping[str, Path], placing: VideoPlacing) -> None: ...

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """(16, T, h, w) float32 latents of a section; see ``ChainSession.draw``."""
        ...

    def decode(self, latents: np.ndarray, told: Told) -> np.ndarray:
        """(3, n, H, W) float32 RGB, about -1 to 1, of such latents."""
        ...
