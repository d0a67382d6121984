# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks as they are, on any device, in 32 bit, the decoder also mixed with 16 bit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from ...neural.device import Device
from ..networks.decoder import SourceMap
from ..networks.generator import Generator

Features = Sequence[SourceMap]


class PlainRenderer:
    """Encoder and decoder.

    Args:
        generator: moved to the device.
        device: where it runs.
        half: 16 bit type of the decoder's convolutions and matrix products; styles, flows and norms stay in 32 bit, and
            the encoder too, as its codes are motion. None computes all in 32 bit.
    """

    def __init__(self, generator: Generator, device: Device, half: torch.dtype | None) -> None:
        self._device, self._half = device, half
        self._encoder, self._decoder = generator.enc.to(device.torch), generator.dec.to(device.torch)

    def codes(self, pictures: Tensor) -> Tensor:
        """(n, 3, 256, 256) in -1..1 to (n, 512)."""
        return self._encoder(pictures)[0]

    def encode(self, pictures: Tensor) -> tuple[Tensor, list[Features]]:
        """(n, 3, 256, 256) in -1..1 to codes (n, 512) and the features of each for :meth:`draw`."""
        codes, maps = self._encoder(pictures)
        prepared = self._decoder.prepared(maps)
        return codes, [[_row(level, row) for level in prepared] for row in range(len(codes))]

    def draw(self, features: Sequence[Features], latents: Tensor, expressions: Tensor) -> Tensor:
        """Features of each frame's source, and (n, 512) twice, to (n, 256, 256, 3), nominally -1..1."""
        first = features[0]
        if all(entry is first for entry in features):
            maps = list(first)
        else:
            maps = [_joined(levels) for levels in zip(*features, strict=True)]
        with self._precision():
            return self._decoder(latents, expressions, maps).float().permute(0, 2, 3, 1)

    def _precision(self) -> AbstractContextManager[object]:
        if self._half is None:
            return nullcontext()
        return torch.autocast(self._device.kind, self._half)


def _row(level: SourceMap, row: int) -> SourceMap:
    """One source's maps, as tensors of their own."""
    normed = None if level.normed is None else level.normed[row : row + 1].clone()
    return SourceMap(level.features[row : row + 1].clone(), normed)


def _joined(levels: Sequence[SourceMap]) -> SourceMap:
    normed = [level.normed for level in levels if level.normed is not None]
    return SourceMap(torch.cat([level.features for level in levels]), torch.cat(normed) if normed else None)
