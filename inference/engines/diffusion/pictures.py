# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures to the latents that are drawn in, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from diffusers import AutoencoderKL

from .placing import Placing

SCALE = 0.18215
"""Latents of Stable Diffusion 1.5 are multiplied by it, so that they vary by about 1."""
FACTOR = 8
"""Pixels a latent, in both directions."""
# Numbers that a picture needs at a time for each of its latent's places and each of the VAE's first channels: 384 were
# counted for decoding at the official size, 322 for encoding.
_WORKING = 400


class Pictures:
    """The VAE, always in 32 bit: in 16 bit it adds noise that is seen in flat areas.

    Args:
        vae: gives the network; called at the first picture.
        placing: where it runs.
    """

    def __init__(self, vae: Callable[[], AutoencoderKL], placing: Placing) -> None:
        self._load = vae
        self._vae: AutoencoderKL | None = None
        self._placing = placing

    @property
    def vae(self) -> AutoencoderKL:
        """The network, read when it is first needed."""
        if self._vae is None:
            self._vae = self._load()
        return self._vae

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """The likeliest latents of pictures, one picture at a time.

        Args:
            pictures: (n, S, S, 3) uint8 RGB; S is a multiple of 8.

        Returns:
            (n, 4, S / 8, S / 8) float32, scaled.
        """
        return np.stack([self._encoded(picture) for picture in pictures])

    def decode(self, latents: np.ndarray) -> Iterator[np.ndarray]:
        """The pictures of latents, one after the other.

        Args:
            latents: (n, 4, h, w) float32, scaled.

        Yields:
            (8 h, 8 w, 3) float32 RGB in 0..1.
        """
        for latent in latents:
            yield self._decoded(latent)

    def _encoded(self, picture: np.ndarray) -> np.ndarray:
        vae = self.vae
        with self._placing.using(vae, working=self._working(picture.size // 3 // FACTOR**2), exact=True):
            planes = self._placing.tensor(picture, exact=True).permute(2, 0, 1)[None].float() / 127.5 - 1
            latents = vae.encode(planes, return_dict=False)[0].mode() * SCALE
            return latents[0].cpu().numpy()

    def _decoded(self, latent: np.ndarray) -> np.ndarray:
        vae = self.vae
        with self._placing.using(vae, working=self._working(latent[0].size), exact=True):
            planes = vae.decode(self._placing.tensor(latent, exact=True)[None] / SCALE, return_dict=False)[0]  # type: ignore[arg-type]
            return ((planes[0].permute(1, 2, 0) + 1) / 2).clamp(0, 1).to("cpu", torch.float32).numpy()

    def _working(self, places: int) -> int:
        return places * int(self.vae.config["block_out_channels"][0]) * _WORKING * torch.float32.itemsize
