# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What X-Portrait's networks compute in one step of the sampling, from and to tensors on their device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from ..diffusion.placing import Placing
from .loading import Networks
from .wiring import Bank

# Numbers that a window needs at a time for each of the first level's: the networks' widest layers and the skips.
# Counted for the official size (benchmarks/xportrait.py: 64), and some more.
_WORKING = 72


@dataclass(frozen=True)
class Hints:
    """What drives the frames of a window.

    Attributes:
        pose: (n, 3, S, S) -1..1 RGB, the driving pictures.
        local: (n, 3, S, S) -1..1 RGB, black but for the patches around eyes and mouth.
        pose_weight, local_weight: how much each counts; 1 as trained.
    """

    pose: Tensor
    local: Tensor
    pose_weight: float = 1.0
    local_weight: float = 1.0


@dataclass(frozen=True)
class Residuals:
    """What a control network adds to the denoiser: to each layer on the way down, and to the middle."""

    down: tuple[Tensor, ...]
    middle: Tensor


class Model:
    """The four networks at work.

    Latents, texts and hints are given as tensors of any device and floating type; results have the networks'.

    Args:
        placing: puts the networks on their device; they are used within ``ready``.
    """

    def __init__(self, networks: Networks, placing: Placing) -> None:
        self._networks = networks
        self._placing = placing

    @property
    def latent_channels(self) -> int:
        """4 for the official model."""
        return int(self._networks.denoiser.config["in_channels"])

    @contextmanager
    def ready(self, frames: int, size: tuple[int, ...]) -> Iterator[None]:
        """All networks on their device while this lasts; no gradients.

        Args:
            frames: of a window.
            size: height and width of the latents.
        """
        networks = self._networks
        each = (networks.appearance, networks.pose, networks.local, networks.denoiser)
        with self._placing.using(*each, working=self.working_bytes(frames, size)):
            yield

    def working_bytes(self, frames: int, size: tuple[int, ...]) -> int:
        """What a window needs of the device's memory besides the networks."""
        channels = self._networks.denoiser.config["block_out_channels"][0]
        return frames * math.prod(size) * channels * _WORKING * self._placing.dtype.itemsize

    def attempt(self, draw: Callable[[], np.ndarray]) -> np.ndarray:
        """See ``Placing.attempt``."""
        return self._placing.attempt(draw)

    def bank(self, sources: Any, timestep: int, text: Any) -> Bank:
        """What the denoiser's attentions look at: the clean latents of one or more sources at a timestep.

        Args:
            sources: (k, 4, h, w) latents.
            text: (w, c) the empty text's features.
        """
        latents = self._given(sources)
        self._networks.appearance(latents, timestep, self._repeated(text, len(latents)), return_dict=False)
        return self._networks.writer.take()

    def pose_residuals(self, latents: Any, timestep: int, text: Any, hint: Any, weight: float = 1.0) -> Residuals:
        """Of the control network for whole pictures; the arguments are those of ``conditional``."""
        return self._residuals(self._networks.pose, latents, timestep, text, hint, weight)

    def local_residuals(self, latents: Any, timestep: int, text: Any, hint: Any, weight: float = 1.0) -> Residuals:
        """Of the control network for the patches."""
        return self._residuals(self._networks.local, latents, timestep, text, hint, weight)

    def conditional(self, latents: Any, timestep: int, text: Any, bank: Bank, hints: Hints) -> Tensor:
        """The noise in the frames of a window, by source and hints.

        Args:
            latents: (n, 4, h, w) of successive frames.
            text: (w, c).

        Returns:
            (n, 4, h, w).
        """
        pose = self.pose_residuals(latents, timestep, text, hints.pose, hints.pose_weight)
        local = self.local_residuals(latents, timestep, text, hints.local, hints.local_weight)
        down = tuple(first + second for first, second in zip(pose.down, local.down, strict=True))
        self._networks.reader.bank = bank
        try:
            return self._denoise(latents, timestep, text, Residuals(down, pose.middle + local.middle))
        finally:
            self._networks.reader.bank = None

    def unconditional(self, latents: Any, timestep: int, text: Any) -> Tensor:
        """The same without source and hints."""
        return self._denoise(latents, timestep, text, None)

    def _denoise(self, latents: Any, timestep: int, text: Any, added: Residuals | None) -> Tensor:
        frames = self._given(latents)
        film = frames.transpose(0, 1)[None]
        noise = self._networks.denoiser(
            film,
            timestep,
            self._repeated(text, len(frames)),
            down_block_additional_residuals=added.down if added else None,
            mid_block_additional_residual=added.middle if added else None,
            return_dict=False,
        )[0]
        return noise[0].transpose(0, 1)

    def _residuals(
        self, network: nn.Module, latents: Any, timestep: int, text: Any, hint: Any, weight: float
    ) -> Residuals:
        frames = self._given(latents)
        down, middle = network(
            frames,
            timestep,
            self._repeated(text, len(frames)),
            controlnet_cond=self._given(hint),
            conditioning_scale=weight,
            return_dict=False,
        )
        return Residuals(tuple(down), middle)

    def _repeated(self, text: Any, count: int) -> Tensor:
        return self._given(text)[None].expand(count, -1, -1)

    def _given(self, values: np.ndarray | Tensor) -> Tensor:
        return self._placing.tensor(values)
