# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoder and decoder in 32 bit on a processor, picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import torch
from torch import Tensor

from ...neural.workspace import Workspace
from ..networks.generator import Generator
from .decoder import FastDecoder
from .encoder import FastEncoder
from .features import Features, Preparation


class CpuRenderer:
    """Encoder and decoder.

    Args:
        generator: its expression blocks are kept; of the rest the weights are read, not kept.
    """

    def __init__(self, generator: Generator) -> None:
        with torch.inference_mode():
            self._encoder = FastEncoder(generator.enc)
            self._prepared = Preparation(generator.dec.expression_blocks())
            self._decoder = FastDecoder(generator.dec)
        self._space = Workspace(torch.get_num_threads())
        self._alone = Lock()

    def codes(self, pictures: Tensor) -> Tensor:
        """(n, 3, 256, 256) in -1..1 to (n, 512)."""
        with self._alone:
            return torch.stack([self._encoder(picture, self._space)[0] for picture in pictures])

    def encode(self, pictures: Tensor) -> tuple[Tensor, list[Features]]:
        """(n, 3, 256, 256) in -1..1 to codes (n, 512) and the features of each for :meth:`draw`."""
        codes, features = [], []
        with self._alone:
            for picture in pictures:
                code, maps = self._encoder(picture, self._space)
                codes.append(code)
                features.append(self._prepared(maps))
        return torch.stack(codes), features

    def draw(self, features: Sequence[Features], latents: Tensor, expressions: Tensor) -> Tensor:
        """Features of each frame's source, and (n, 512) twice, to (n, 256, 256, 3), nominally -1..1."""
        with self._alone:
            frames = [
                self._decoder(source, latent, expression, self._space)
                for source, latent, expression in zip(features, latents, expressions, strict=True)
            ]
        return torch.stack(frames)
