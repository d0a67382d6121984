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
from .features import Features, as_rows


class CpuRenderer:
    """Encoder and decoder.

    Args:
        generator: its encoder and expression blocks are kept; of the rest the weights are read, not kept.
    """

    def __init__(self, generator: Generator) -> None:
        self._encoder, self._prepared = generator.enc, generator.dec.prepared
        with torch.inference_mode():
            self._decoder = FastDecoder(generator.dec)
        self._space = Workspace(torch.get_num_threads())
        self._alone = Lock()

    def codes(self, pictures: Tensor) -> Tensor:
        """(n, 3, 256, 256) in -1..1 to (n, 512)."""
        return self._encoder(pictures)[0]

    def encode(self, pictures: Tensor) -> tuple[Tensor, list[Features]]:
        """(n, 3, 256, 256) in -1..1 to codes (n, 512) and the features of each for :meth:`draw`."""
        codes, features = [], []
        for picture in pictures:
            code, maps = self._encoder(picture[None])
            codes.append(code)
            features.append(as_rows(self._prepared(maps)))
        return torch.cat(codes), features

    def draw(self, features: Sequence[Features], latents: Tensor, expressions: Tensor) -> Tensor:
        """Features of each frame's source, and (n, 512) twice, to (n, 256, 256, 3), nominally -1..1."""
        with self._alone:
            frames = [
                self._decoder(source, latent, expression, self._space)
                for source, latent, expression in zip(features, latents, expressions, strict=True)
            ]
        return torch.stack(frames)
