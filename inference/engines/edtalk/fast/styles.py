# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles of all modulated convolutions of a frame, from one product of a matrix and its latent vector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.blocks import DEMODULATION_EPSILON, ModulatedConv2d


class Styles:
    """What a latent vector means for convolutions.

    Args:
        convolutions: their weights are read, not kept.
    """

    def __init__(self, convolutions: Sequence[ModulatedConv2d]) -> None:
        self._matrix = torch.cat([layer.modulation.scaled() for layer in convolutions])
        self._offset = torch.cat([layer.modulation.bias for layer in convolutions])
        self._inputs = [len(layer.modulation.bias) for layer in convolutions]
        self._squares = [
            layer.scaled().square().sum(dim=(2, 3)) if layer.demodulate else None for layer in convolutions
        ]

    def __call__(self, latent: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """(512,) to factors of each convolution's inputs, and of its outputs: 1 where they are not demodulated."""
        factors = list(torch.addmv(self._offset, self._matrix, latent).split(self._inputs))
        norms = [
            latent.new_ones(()) if squares is None else torch.rsqrt(squares @ factor.square() + DEMODULATION_EPSILON)
            for squares, factor in zip(self._squares, factors, strict=True)
        ]
        return factors, norms
