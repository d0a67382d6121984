# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's networks, ready to be called; for one thread at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ..diffusion.placing import Placing
from ..video.hold import Hold, Told, silent
from .audio_pack import AudioPack, hearing


class Model:
    """The video model and its ears.

    Args:
        transformer: holds diffusers' WanTransformer3DModel with OmniAvatar's additions in its weights.
        pack: what packs the sound's features.
        placing: where all else is computed, in 32 bit.
    """

    def __init__(self, transformer: Hold, pack: AudioPack, placing: Placing) -> None:
        self.transformer, self.pack, self.placing = transformer, pack, placing

    def tensor(self, values: np.ndarray) -> Tensor:
        """Values where the networks compute, in 32 bit."""
        return self.placing.tensor(values, exact=True)

    def heard(self, audio: np.ndarray) -> Tensor:
        """What blocks add to their tokens: (blocks, 1, T, width) float32 of (4 (T - 1) + 1, features)."""
        with self.placing.using(self.pack, exact=True):
            return self.pack(self.tensor(audio)[None]).clone()

    @contextmanager
    def drawing(self, told: Told = silent) -> Iterator[None]:
        """The transformer is ready as long as the context lasts; see ``Hold.using``."""
        with self.transformer.using(told):
            yield

    def velocity(self, latents: Tensor, image: Tensor, timestep: float, text: Tensor, heard: Tensor) -> Tensor:
        """From the picture to the noise; inside of ``drawing``.

        Args:
            latents: (16, T, h, w) float32.
            image: (17, T, h, w), as ``sampling.image_input`` gives it.
            timestep: 0 to 1000; rounded to the type that the network computes in, as published.
            text: (rows, width).
            heard: of ``heard``.

        Returns:
            (16, T, h, w) float32.
        """
        network, ready = self.transformer.network, self.transformer.tensor
        with hearing(network.blocks, heard):
            found = network(
                hidden_states=ready(torch.cat([latents, image])[None]),
                timestep=ready(torch.tensor([timestep])),
                encoder_hidden_states=ready(text[None]),
                return_dict=False,
            )[0]
        return found[0].float()
