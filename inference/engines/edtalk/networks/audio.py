# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audio2Lip: windows of a mel spectrogram to mouth weights, with the audio encoder of Wav2Lip (arXiv 2008.10010)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .generator import MOUTH

FEATURES = 512
# Inputs, outputs, kernel, stride, padding; layers that keep everything add their input.
_LAYERS = (
    (1, 32, 3, (1, 1), 1),
    (32, 32, 3, (1, 1), 1),
    (32, 32, 3, (1, 1), 1),
    (32, 64, 3, (3, 1), 1),
    (64, 64, 3, (1, 1), 1),
    (64, 64, 3, (1, 1), 1),
    (64, 128, 3, (3, 3), 1),
    (128, 128, 3, (1, 1), 1),
    (128, 128, 3, (1, 1), 1),
    (128, 256, 3, (3, 2), 1),
    (256, 256, 3, (1, 1), 1),
    (256, FEATURES, 3, (1, 1), 0),
    (FEATURES, FEATURES, 1, (1, 1), 0),
)
_RESIDUAL = (1, 2, 4, 5, 7, 8, 10)


class ConvBlock(nn.Module):
    """Convolution, batch norm, in some blocks the input added, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: tuple[int, int], padding: int, residual: bool
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.BatchNorm2d(outputs)
        )  # fmt: skip
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h', w')."""
        out = self.conv_block(x)
        return functional.relu(out + x if self.residual else out)


class Audio2Lip(nn.Module):
    """The network of Audio2Lip.pt."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [ConvBlock(*layer, index in _RESIDUAL) for index, layer in enumerate(_LAYERS)]
        self.audio_encoder = nn.Sequential(*blocks)
        self.mapping = nn.Linear(FEATURES, MOUTH)

    def forward(self, windows: Tensor) -> Tensor:
        """(n, 1, 80, 16) scaled mel windows, bands by columns, to (n, 20) mouth weights."""
        return self.mapping(self.audio_encoder(windows).flatten(1))
