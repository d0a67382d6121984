# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's decoder in 16 bit as matrix units compute it, on computers that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rounding import round_to_half

if TYPE_CHECKING:
    import torch

    from inference.engines.edtalk.networks.decoder import Decoder


def round_decoder(decoder: Decoder, half: torch.dtype) -> None:
    """Round what the model computes in 16 bit: the convolutions, but for the flows."""
    for block in decoder.expression_blocks():
        round_to_half(block.conv2, half)
    for layer in (decoder.conv1, *decoder.convs, *decoder.to_rgbs):
        round_to_half(layer, half)
