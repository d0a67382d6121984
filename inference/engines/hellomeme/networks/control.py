# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control networks: the picture of the head's pose and the numbers of the expression, to what is added to states.

Each frame is computed by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Attention, FeedForward, PlaneAttention, positions

EMOTIONS, COEFFICIENTS, FACE_PARTS = 548, 51, 3
DRIVE_TOKENS = 16
LATENT_FACTOR = 8
_EMOTION_SCALE, _COEFFICIENT_SCALE = 20.0, 500.0
_SLOWEST = 10000.0
_WIDER = 16  # inner width of the feed forward layers, in channels
# What each place reads of which level of the control network, and by which layer.
UP_MAPS = (
    ("map1280_to_1280", "feat_0"),
    ("map640_to_1280", "feat_1"),
    ("map320_to_1280", "feat_2"),
    ("map320_to_640", "feat_3"),
)
DOWN_MAPS = (
    ("map320_to_320", "feat_2"),
    ("map640_to_640", "feat_1"),
    ("map1280_to_1280_2", "feat_0"),
    ("map1280_to_1280_3", "feat_0"),
)


@dataclass(frozen=True)
class Controls:
    """What is added to the U-Net's states: (frames, c, h, w) each.

    Attributes:
        down: at the end of each down block.
        up: before each up block.
    """

    down: list[Tensor]
    up: list[Tensor]


class _TwoLayers(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(channels, out), nn.Linear(out, out)

    def forward(self, values: Tensor) -> Tensor:
        return self.linear_2(functional.silu(self.linear_1(values)))


class _Residual(nn.Module):
    """Halves width and height."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride=2, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, out, 1, stride=2, bias=False), nn.InstanceNorm2d(out), nn.SiLU()
        )

    def forward(self, states: Tensor) -> Tensor:
        found = functional.relu(functional.instance_norm(self.conv1(states)))
        return functional.relu(functional.instance_norm(self.conv2(found)) + self.downsample(states))


class _DriveAttention(nn.Module):
    """Every pixel reads the drive tokens twice: knowing its column, then knowing its row."""

    def __init__(self, channels: int, drive_width: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.LayerNorm(channels)
        self.attn1, self.attn2 = Attention(channels, drive_width), Attention(channels, drive_width)
        self.ff = FeedForward(channels, _WIDER * channels)
        self.proj = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, states: Tensor, drive: Tensor) -> Tensor:
        """(n, c, h, w) and tokens (n, 16, width) to (n, c, h, w)."""
        n, c, h, w = states.shape
        drive = drive + positions(drive.shape[1], drive.shape[2], drive)
        tokens = self.conv_in(states).flatten(2).transpose(1, 2)
        column, row = positions(w, c, tokens).repeat(h, 1), positions(h, c, tokens).repeat_interleave(w, 0)
        tokens = self.attn1(self.norm(tokens + column), self.attn1.keys(drive))
        tokens = self.attn2(self.norm(tokens + row), self.attn2.keys(drive))
        tokens = self.norm(self.ff(tokens))
        return self.proj(tokens.transpose(1, 2).reshape(n, c, h, w))


class _SmallUnet(nn.Module):
    def __init__(self, levels: Sequence[int], out: int, drive_width: int) -> None:
        super().__init__()
        down, up = [3, *levels], [*reversed(levels), out]
        self.down_blocks = nn.ModuleList(map(_Residual, down[:-1], down[1:]))
        self.up_blocks = nn.ModuleList(map(_enlarging, up[:-1], up[1:]))
        self.attn_blocks = nn.ModuleList(_DriveAttention(channels, drive_width) for channels in levels)

    def forward(self, pictures: Tensor, drive: Tensor) -> dict[str, Tensor]:
        states, skips = pictures, []
        for down, attention in zip(self.down_blocks, self.attn_blocks, strict=True):
            states = attention(down(states), drive)
            skips.append(states)
        found = [skips.pop()]
        for up in self.up_blocks:
            states = up(found[-1])
            found.append(states + skips.pop() if skips else states)
        return {f"feat_{level}": value for level, value in enumerate(found)}


def _enlarging(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, padding=1),
        nn.InstanceNorm2d(out),
        nn.SiLU(),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    )


class Control(nn.Module):
    """The control network.

    Args:
        levels: channels of its levels, the widest picture first.
        out: channels of the last picture.
        width: of the sinusoids.
        drive_width: of the drive tokens.
    """

    def __init__(self, levels: Sequence[int], out: int, width: int, drive_width: int) -> None:
        super().__init__()
        self.width = width
        self.emo_pre_proj, self.emo_proj = _TwoLayers(EMOTIONS, DRIVE_TOKENS), _TwoLayers(width, drive_width)
        self.exp_pre_proj, self.exp_proj = _TwoLayers(COEFFICIENTS, DRIVE_TOKENS), _TwoLayers(width, drive_width)
        self.face_pre_proj, self.face_proj = _TwoLayers(FACE_PARTS, DRIVE_TOKENS), _TwoLayers(width, drive_width)
        self.ctrl_attn = _SmallUnet(levels, out, drive_width)

    def forward(self, condition: Tensor, drive: Tensor) -> dict[str, Tensor]:
        """What it finds at its levels.

        Args:
            condition: (n, 3, S, S) pictures of the pose, -1..1.
            drive: (n, 16, width) of :meth:`emotion` or :meth:`coefficients`.

        Returns:
            ``feat_0`` to ``feat_3``, from the smallest picture, of side S / 64, to the largest.
        """
        size = [side // LATENT_FACTOR for side in condition.shape[2:]]
        return self.ctrl_attn(functional.interpolate(condition, size, mode="bilinear", align_corners=False), drive)

    def emotion(self, values: Tensor) -> Tensor:
        """Drive tokens (n, 16, width) of PD-FGC's numbers (n, 548)."""
        return self.emo_proj(self._reduced(values * _EMOTION_SCALE, self.emo_pre_proj))

    def coefficients(self, values: Tensor, face_parts: Tensor) -> Tensor:
        """Drive tokens (n, 16, width) of 51 face coefficients, 0..1, and (n, 3, width) embeddings of eyes and mouth."""
        parts = self.face_pre_proj(face_parts.transpose(1, 2)).transpose(1, 2)
        return self.exp_proj(self._reduced(values * _COEFFICIENT_SCALE, self.exp_pre_proj)) + self.face_proj(parts)

    def _reduced(self, values: Tensor, layers: _TwoLayers) -> Tensor:
        """(n, numbers) to sinusoids of each number, cosines first, and those to (n, 16, sinusoids)."""
        half = self.width // 2
        rates = torch.exp(torch.arange(half, dtype=torch.float32, device=values.device) * (-math.log(_SLOWEST) / half))
        angles = values.float()[..., None] * rates
        waves = torch.cat([angles.cos(), angles.sin()], -1).to(layers.linear_1.weight.dtype)
        return layers(waves.transpose(1, 2)).transpose(1, 2)


class _Map(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, out, 3, padding=1, bias=False)
        self.attn = PlaneAttention(out, out // 4)

    def forward(self, states: Tensor) -> Tensor:
        states = self.proj(states)
        return states + self.attn(states)


class ControlProjection(nn.Module):
    """From the control network's levels to the places of the U-Net.

    Args:
        channels: in and out of each of the layers of ``UP_MAPS`` and ``DOWN_MAPS``, by name.
    """

    def __init__(self, channels: Mapping[str, tuple[int, int]]) -> None:
        super().__init__()
        for name, counts in channels.items():
            self.add_module(name, _Map(*counts))

    def forward(self, found: Mapping[str, Tensor]) -> Controls:
        """What is added to the states, of what the control network found."""
        down, up = ([self.get_submodule(name)(found[level]) for name, level in maps] for maps in (DOWN_MAPS, UP_MAPS))
        return Controls(down, up)
