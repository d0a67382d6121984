# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HelloMeme's networks around a tiny U-Net, with random weights: quick to make, where numbers need not be known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel

from inference.engines.diffusion.placing import Placing
from inference.engines.hellomeme.loading import Networks
from inference.engines.hellomeme.model import Model
from inference.engines.hellomeme.networks.control import Control, ControlProjection
from inference.engines.hellomeme.networks.motion import Motion
from inference.engines.hellomeme.networks.pd_fgc import PdFgc
from inference.engines.hellomeme.networks.reference import Reference, ReferenceV5, ReferenceV5b
from inference.engines.hellomeme.sampling import FilmAsk
from inference.engines.neural.device import Device

DOWN, UP = (32, 32, 32, 32), (32, 32, 32, 32)
TEXT = (7, 16)
LATENT_PX = 16
MAPS = (
    "map1280_to_1280", "map640_to_1280", "map320_to_1280", "map320_to_640",
    "map320_to_320", "map640_to_640", "map1280_to_1280_2", "map1280_to_1280_3",
)  # fmt: skip


def tiny_unet(channels: int = 32) -> UNet2DConditionModel:
    """A U-Net of the family of Stable Diffusion 1.5, of one width."""
    return UNet2DConditionModel(
        sample_size=LATENT_PX,
        block_out_channels=(channels,) * 4,
        layers_per_block=1,
        cross_attention_dim=TEXT[1],
        attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    ).eval()


def tiny_networks(version: str = "v5") -> Networks:
    """HelloMeme's own networks."""
    place = ReferenceV5b if version == "v5b" else ReferenceV5
    return Networks(
        Reference(place, UP).eval(),
        Control((32, 32, 32), 32, 32, 32).eval(),
        ControlProjection(dict.fromkeys(MAPS, (32, 32))).eval(),
        Motion(DOWN, UP, 32).eval(),
        PdFgc().eval(),
    )


def tiny_model(version: str = "v5") -> Model:
    """A model on the CPU; the same weights at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Model(tiny_networks(version), tiny_unet(), tiny_unet(), Placing(Device("cpu"), "full"))


class SeededNoise:
    """A ``NoiseSource``."""

    def base(self, count: int) -> np.ndarray:
        return self._noise("base", count)

    def step(self, level: int, step: int, count: int) -> np.ndarray:
        return self._noise(f"{level}/{step}", count)

    def _noise(self, name: str, count: int) -> np.ndarray:
        numbers = np.random.RandomState(list(name.encode()))
        return numbers.standard_normal((count, 4, LATENT_PX, LATENT_PX)).astype(np.float32)


def tiny_ask(frames: int, **other: Any) -> FilmAsk:
    """A film to draw; ``other`` replaces what it has."""
    numbers = np.random.default_rng(frames)

    def normal(*shape: int) -> np.ndarray:
        return numbers.standard_normal(shape).astype(np.float32)

    texts: dict[str, Any] = {name: normal(*TEXT) for name in ("negative", "positive", "negative_ref", "positive_ref")}
    side = 8 * LATENT_PX
    ask = FilmAsk(
        reference_latent=normal(4, LATENT_PX, LATENT_PX),
        conditions=numbers.integers(0, 256, (frames, side, side, 3), np.uint8),
        emotions=normal(frames, 548),
        steps=2,
        guidance=2.0,
        noise=SeededNoise(),
        **texts,
    )
    return replace(ask, **other)


def nobody() -> Callable[[int], None]:
    """Nobody is told."""
    return lambda done: None
