# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Animation via disentanglement: key points with the shape of one picture and the pose of another."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .resnet import POINTS


def _layers(*sizes: int) -> nn.Sequential:
    """Linear layers, with batch norm and ReLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


class AvdNetwork(nn.Module):
    """Two encoders of key points, of shape and of pose, and a decoder of both."""

    def __init__(self) -> None:
        super().__init__()
        self.id_encoder = _layers(2 * POINTS, 256, 512, 1024, 128)
        self.pose_encoder = _layers(2 * POINTS, 256, 512, 1024, 128)
        self.decoder = _layers(256, 1024, 512, 256, 2 * POINTS)

    def forward(self, shape: Tensor, pose: Tensor) -> Tensor:
        """Two sets of key points (B, 50, 2) to one; it may leave -1..1."""
        codes = [self.pose_encoder(pose.flatten(1)), self.id_encoder(shape.flatten(1))]
        return self.decoder(torch.cat(codes, dim=1)).unflatten(1, (POINTS, 2))
