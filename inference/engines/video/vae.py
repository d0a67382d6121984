# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan 2.1's VAE: video to latents, an eighth of its width and height and a quarter of its frames, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from ..diffusion.placing import Placing
from ..neural.strict_loading import wrong_file
from . import shapes
from .hold import Told, silent
from .names import vae_names
from .strict import strict

SCALE = 8  # pixels of a latent pixel's side


def load_vae(tensors: Mapping[str, Tensor], source: str = "Wan2.1_VAE.pth") -> AutoencoderKLWan:
    """The VAE from tensors with the official names or diffusers'; 32 bit on the CPU, sizes as the tensors say.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    tensors = vae_names(tensors)
    try:
        config = shapes.vae(tensors)
    except LookupError as error:
        raise wrong_file(f"{source} cannot be Wan 2.1's VAE: {error.args[0]} is missing.") from error
    network = strict(lambda: AutoencoderKLWan(**config), tensors, "Wan 2.1's VAE", source, torch.float32)
    assert isinstance(network, AutoencoderKLWan)
    return network


class Vae:
    """The VAE on a device, in 32 bit: in 16 bit its colors are off, and drift from section to section.

    Latents are normalised: what the transformers see has a mean of about 0 and a deviation of about 1.

    Args:
        network: may have tiling enabled.
        placing: where it runs.
    """

    def __init__(self, network: AutoencoderKLWan, placing: Placing) -> None:
        self.network, self.placing = network, placing
        config = network.config
        self._mean, self._std = (
            np.asarray(config[name], np.float32)[:, None, None, None] for name in ("latents_mean", "latents_std")
        )

    def encode(self, video: np.ndarray, told: Told = silent) -> np.ndarray:
        """The latents of a video: the middle of what the VAE allows.

        Args:
            video: (3, n, H, W) float32 RGB -1..1, n = 4 k + 1; sides are multiples of 8.
            told: called often meanwhile; may raise to cancel.

        Returns:
            (16, k + 1, H / 8, W / 8) float32.

        Raises:
            TalkingHeadError: as ``Placing.using``; whatever ``told`` raises.
        """
        assert video.shape[1] % 4 == 1 and not video.shape[2] % SCALE and not video.shape[3] % SCALE, video.shape
        with self._ready(told, self.network.encoder):
            found = self.network.encode(self.placing.tensor(video, exact=True)[None], return_dict=False)[0]
            return (found.mode()[0].float().cpu().numpy() - self._mean) / self._std

    def decode(self, latents: np.ndarray, told: Told = silent) -> np.ndarray:
        """The video of latents.

        Args:
            latents: (16, T, h, w) float32, normalised.
            told: as in ``encode``.

        Returns:
            (3, 4 T - 3, 8 h, 8 w) float32 RGB -1..1.

        Raises:
            TalkingHeadError: as ``encode``.
        """
        with self._ready(told, self.network.decoder):
            given = self.placing.tensor(latents * self._std + self._mean, exact=True)[None]
            return self.network.decode(given, return_dict=False)[0][0].float().cpu().numpy()

    @contextmanager
    def _ready(self, told: Told, part: nn.Module) -> Iterator[None]:
        """The network is on its device, and its part tells each time that it was called: once for 4 frames."""
        hook = part.register_forward_hook(lambda *_: told())
        try:
            with self.placing.using(self.network, exact=True):
                yield
        finally:
            hook.remove()
            self.network.clear_cache()  # an encoding that was canceled leaves pictures there
