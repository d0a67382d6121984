# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoder, motion heads, motion banks and decoder as one official file has them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .blocks import EqualLinear
from .decoder import STYLE, Decoder
from .encoder import CODE, Encoder

MOUTH, POSE, EXPRESSION = 20, 6, 10
# Added to the banks before they are factorised, as in training.
_NUDGE = 1e-8


class Bank(nn.Module):
    """Directions of the latent space, one a column."""

    def __init__(self, directions: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(STYLE, directions))


class Generator(nn.Module):
    """The networks of EDTalk.pt or EDTalk_lip_pose.pt.

    Args:
        full: with expressions (EDTalk.pt).
    """

    def __init__(self, full: bool) -> None:
        super().__init__()
        self.full = full
        self.enc = Encoder()
        self.dec = Decoder(full)
        self.direction_lipnonlip = Bank(MOUTH + POSE)
        self.fc = nn.Sequential(*[EqualLinear(CODE, CODE) for _ in range(4)])
        self.lip_fc = _head(MOUTH)
        self.pose_fc = _head(POSE)
        if full:
            self.direction_exp = Bank(EXPRESSION)
            self.exp_fc = _head(EXPRESSION)

    def directions(self) -> Tensor:
        """(512, 36 or 26) orthonormal directions of mouth, pose and expression: Q of the banks' QR factorisation.

        The signs are those of Householder reflections, as LAPACK computes them; other signs are other motions.
        """
        banks: list[Tensor] = [self.direction_lipnonlip.weight]
        if self.full:
            banks.append(self.direction_exp.weight)
        return torch.linalg.qr(torch.cat(banks, dim=1) + _NUDGE)[0]

    def head_maps(self) -> tuple[Tensor, Tensor]:
        """The motion heads as one affine map of the code: matrix (36 or 26, 512) and offset, float64.

        No layer of a head has an activation.
        """
        heads = [self.lip_fc, self.pose_fc] + ([self.exp_fc] if self.full else [])
        maps = [_folded([*self.fc, *head]) for head in heads]
        return torch.cat([matrix for matrix, _ in maps]), torch.cat([offset for _, offset in maps])


def _head(outputs: int) -> nn.Sequential:
    return nn.Sequential(EqualLinear(CODE, CODE), EqualLinear(CODE, CODE), EqualLinear(CODE, outputs))


def _folded(layers: list[nn.Module]) -> tuple[Tensor, Tensor]:
    """Linear layers behind each other as one matrix and offset, float64."""
    matrix, offset = torch.eye(CODE, dtype=torch.float64), torch.zeros(CODE, dtype=torch.float64)
    for layer in layers:
        assert isinstance(layer, EqualLinear)
        weight = layer.scaled().double()
        matrix, offset = weight @ matrix, weight @ offset + layer.bias.double()
    return matrix, offset
