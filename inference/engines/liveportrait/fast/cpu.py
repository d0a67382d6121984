# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks in 32 bit on a CPU, frame by frame, in the forms of this package."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.loading import LivePortraitNetworks
from .decoder import FastDecoder
from .features import Features
from .warping import FastFeatures, FastWarping
from .workspace import Workspace


class CpuRenderer:
    """Appearance, warping and decoder; takes about 1.6 GB, as Winograd's weights are four times the networks' own.

    Args:
        networks: warping and decoder are read, not kept.
    """

    def __init__(self, networks: LivePortraitNetworks) -> None:
        self._appearance = networks.appearance
        with torch.inference_mode():
            self._warping = FastWarping(networks.warping)
            self._decoder = FastDecoder(networks.decoder)
        self._space = Workspace()

    def features(self, pictures: Tensor) -> list[Features]:
        """(n, 3, 256, 256) in 0..1 to the features of each."""
        return [self._warping.features(volume) for volume in self._appearance(pictures)]

    def render(self, features: Sequence[Features], x_s: Tensor, x_d: Tensor) -> Tensor:
        """Features and (n, 21, 3) key points of source and wanted face to (n, 512, 512, 3) in 0..1."""
        return torch.stack([self._frame(*entry) for entry in zip(features, x_s, x_d, strict=True)])

    def _frame(self, features: Features, x_s: Tensor, x_d: Tensor) -> Tensor:
        assert isinstance(features, FastFeatures)
        return self._decoder(self._warping(features, x_d, x_s, self._space), self._space)
