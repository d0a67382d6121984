# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's plain networks with arrays in and out, for tests that compare what is computed around them."""

from __future__ import annotations

import numpy as np
import torch

from inference.engines.liveportrait.keypoints import Motion, degrees_of_bins
from inference.engines.liveportrait.networks.loading import LivePortraitNetworks


class PlainNetworks:
    """``SmallNetworks``, the motion extractor and the decoder."""

    def __init__(self, networks: LivePortraitNetworks) -> None:
        self._networks = networks

    def motion(self, crops: np.ndarray) -> list[Motion]:
        """Motion in (n, 256, 256, 3) uint8 RGB."""
        heads = {name: value.numpy() for name, value in self._run(self._networks.motion, pictures(crops)).items()}
        angles = np.stack([degrees_of_bins(heads[name]) for name in ("pitch", "yaw", "roll")], axis=1)
        return [
            Motion(
                *angles[i].tolist(),
                t=heads["t"][i],
                exp=heads["exp"][i].reshape(21, 3),
                scale=float(heads["scale"][i, 0]),
                kp=heads["kp"][i].reshape(21, 3),
            )
            for i in range(len(crops))
        ]

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 65)."""
        return self._small(self._networks.stitching, x_s, x_d.reshape(len(x_d), 63))

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3)."""
        return self._small(self._networks.eye, x_s, ratios).reshape(-1, 21, 3)

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3)."""
        return self._small(self._networks.lip, x_s, ratios).reshape(-1, 21, 3)

    def features(self, crop: np.ndarray) -> torch.Tensor:
        """Of one (256, 256, 3) uint8 RGB."""
        return self._run(self._networks.appearance, pictures(crop[None]))

    def decode(self, features: torch.Tensor, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(512, 512, 3) float32 RGB, 0 to 1, for key points (21, 3)."""
        driving, source = (torch.from_numpy(np.asarray(x, np.float32))[None] for x in (x_d, x_s))
        warped = self._run(self._networks.warping, features, driving, source).out
        return self._run(self._networks.decoder, warped)[0].permute(1, 2, 0).numpy()

    def _small(self, network: torch.nn.Module, x_s: np.ndarray, rest: np.ndarray) -> np.ndarray:
        rows = np.concatenate([np.broadcast_to(x_s.reshape(1, 63), (len(rest), 63)), rest], axis=1)
        return self._run(network, torch.from_numpy(rows.astype(np.float32))).numpy()

    def _run(self, network: torch.nn.Module, *inputs: torch.Tensor):
        with torch.inference_mode():
            return network(*inputs)


def pictures(crops: np.ndarray) -> torch.Tensor:
    """(n, 3, h, w) in 0 to 1 of (n, h, w, 3) uint8."""
    return torch.from_numpy(crops.astype(np.float32) / 255).permute(0, 3, 1, 2)
