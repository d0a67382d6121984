# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PD-FGC's encoder: what eyes, brows and mouth do on the picture of a face, apart from whose face it is.

A face alignment network (one hourglass) makes 68 heat maps, which a few layers turn into numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PICTURE_PX = 224
EYE, EMOTION, MOUTH = 6, 30, 512
_FEATURES, _HEAT_MAPS, _CODE, _DEPTH = 256, 68, 512, 4
_MAP_PX = 28
# Of another training stage; stored, and used by nothing.
_UNUSED_MOUTH = 500


class _Block(nn.Module):
    """Three convolutions, each of which adds channels to what comes out: a half, a quarter, a quarter."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, out // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out // 2)
        self.conv2 = nn.Conv2d(out // 2, out // 4, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out // 4)
        self.conv3 = nn.Conv2d(out // 4, out // 4, 3, padding=1, bias=False)
        self.downsample: nn.Sequential | None = None
        if channels != out:
            self.downsample = nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, out, 1, bias=False)
            )

    def forward(self, states: Tensor) -> Tensor:
        first = self.conv1(functional.relu(self.bn1(states)))
        second = self.conv2(functional.relu(self.bn2(first)))
        third = self.conv3(functional.relu(self.bn3(second)))
        found = torch.cat([first, second, third], 1)
        return found + (states if self.downsample is None else self.downsample(states))


class _Hourglass(nn.Module):
    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth
        for level in range(1, depth + 1):
            for name in ("b1", "b2", "b3"):
                self.add_module(f"{name}_{level}", _Block(_FEATURES, _FEATURES))
        self.b2_plus_1 = _Block(_FEATURES, _FEATURES)

    def forward(self, states: Tensor) -> Tensor:
        return self._level(self.depth, states)

    def _level(self, level: int, states: Tensor) -> Tensor:
        beside = self.get_submodule(f"b1_{level}")(states)
        below = self.get_submodule(f"b2_{level}")(functional.max_pool2d(states, 2))
        below = self._level(level - 1, below) if level > 1 else self.b2_plus_1(below)
        below = self.get_submodule(f"b3_{level}")(below)
        return beside + functional.interpolate(below, beside.shape[2:], mode="bilinear", align_corners=False)


class _Alignment(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.BatchNorm2d(64)
        self.conv2, self.conv3, self.conv4 = _Block(64, 128), _Block(128, 128), _Block(128, _FEATURES)
        self.m0, self.top_m_0 = _Hourglass(_DEPTH), _Block(_FEATURES, _FEATURES)
        self.conv_last0, self.bn_end0 = nn.Conv2d(_FEATURES, _FEATURES, 1), nn.BatchNorm2d(_FEATURES)
        self.l0, self.bn5 = nn.Conv2d(_FEATURES, _HEAT_MAPS, 1), nn.BatchNorm2d(_HEAT_MAPS)
        self.conv6 = nn.Conv2d(_HEAT_MAPS, 1, 3, stride=2, padding=1)
        self.fc = nn.Linear(_MAP_PX * _MAP_PX, _CODE)

    def forward(self, pictures: Tensor) -> Tensor:
        states = functional.relu(self.bn1(self.conv1(pictures)))
        states = self.conv4(self.conv3(functional.max_pool2d(self.conv2(states), 2)))
        states = functional.relu(self.bn_end0(self.conv_last0(self.top_m_0(self.m0(states)))))
        heat = functional.relu(self.bn5(self.l0(states)))
        return self.fc(functional.relu(self.conv6(heat).flatten(1)))


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(_CODE, _CODE), nn.ReLU(), nn.BatchNorm1d(_CODE), nn.Linear(_CODE, _CODE))


def _last(numbers: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.Linear(_CODE, numbers))


class PdFgc(nn.Module):
    """The encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.model = _Alignment()
        self.to_mouth, self.mouth_embed = _head(), _last(_UNUSED_MOUTH)
        self.to_eye, self.eye_embed = _head(), _last(EYE)
        self.to_emo, self.emo_embed = _head(), _last(EMOTION)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, 224, 224) RGB in -1..1 to (n, 548): eyes (6), emotion (30) and mouth (512)."""
        code = self.model(pictures)
        eyes, emotion = self.eye_embed(self.to_eye(code)), self.emo_embed(self.to_emo(code))
        return torch.cat([eyes, emotion, self.to_mouth(code)], 1)
