# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks in 32 bit on a CPU, frame by frame, in the forms of this package."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import torch
from torch import Tensor

from ...neural.workspace import Workspace
from ..networks.loading import LivePortraitNetworks
from .appearance import FastAppearance
from .decoder import FastDecoder
from .features import Features
from .warping import FastFeatures, FastWarping


class CpuRenderer:
    """Appearance, warping and decoder; takes about 1.6 GB, as Winograd's weights are four times the networks' own.

    Args:
        networks: appearance, warping and decoder are read, not kept.
    """

    def __init__(self, networks: LivePortraitNetworks) -> None:
        with torch.inference_mode():
            self._appearance = FastAppearance(networks.appearance)
            self._warping = FastWarping(networks.warping)
            self._decoder = FastDecoder(networks.decoder)
        self._space = Workspace(torch.get_num_threads())
        self._alone = Lock()

    def features(self, pictures: Tensor) -> list[Features]:
        """(n, 3, 256, 256) in 0..1 to the features of each."""
        with self._alone:
            return [self._warping.features(self._appearance(picture, self._space)) for picture in pictures]

    def warp(self, features: Sequence[Features], x_s: Tensor, x_d: Tensor) -> Tensor:
        """Features and (n, 21, 3) key points of source and wanted face to (n, 64, 64, 256)."""
        maps = []
        for entry, source, wanted in zip(features, x_s, x_d, strict=True):
            # Those that were found in 16 bit, before it gave numbers that are not finite, lack what this form reads.
            fast = entry if isinstance(entry, FastFeatures) else self._warping.features(entry.volume)
            maps.append(self._warping(fast, wanted, source, self._space))
        return torch.stack(maps)

    def draw(self, warped: Tensor) -> Tensor:
        """(n, 64, 64, 256) to (n, 512, 512, 3) in 0..1."""
        with self._alone:
            return torch.stack([self._decoder(one, self._space) for one in warped])
