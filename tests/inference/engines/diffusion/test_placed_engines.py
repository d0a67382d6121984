# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines' networks compute the same with every setting "memory", and all that they compute with is on the device.

That is not a matter of course: a network may read another one's weights past its call, and hooks may replace layers.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import seeded_folders
import torch

from inference.engines.diffusion import memory, placing
from inference.engines.diffusion.base_model import unet_from
from inference.engines.diffusion.placing import Placing
from inference.engines.hellomeme import loading as hellomeme
from inference.engines.hellomeme.model import Model as HelloMeme
from inference.engines.neural.device import Device
from inference.engines.xportrait import loading as xportrait
from inference.engines.xportrait.model import Hints
from inference.engines.xportrait.model import Model as XPortrait

FRAMES, SIZE = 2, (16, 16)
NUMBERS = np.random.default_rng(0)
LATENTS = NUMBERS.standard_normal((FRAMES, 4, *SIZE)).astype(np.float32)
TEXT = NUMBERS.standard_normal((77, 16)).astype(np.float32)
EMOTIONS = NUMBERS.standard_normal((FRAMES, 548)).astype(np.float32)
PICTURES = NUMBERS.integers(0, 256, (FRAMES, 8 * SIZE[0], 8 * SIZE[1], 3), np.uint8)


@pytest.fixture(scope="module")
def xportrait_networks():
    return xportrait.networks_from(tensors(seeded_folders.states("xportrait")["model"]))


@pytest.fixture(scope="module")
def hellomeme_networks():
    states = {part: tensors(state) for part, state in seeded_folders.states("hellomeme").items()}
    return hellomeme.networks_from(states, "v5"), unet_from(states["unet"], "unet")


@pytest.fixture(autouse=True)
def much_is_free(monkeypatch):
    monkeypatch.setattr(placing, "free_bytes", lambda device: 10**11)


def tensors(state):
    return {name: torch.from_numpy(np.array(value)) for name, value in state.items()}


def xportrait_noise(networks, place):
    model = XPortrait(networks, place)
    planes = torch.from_numpy(PICTURES[:, :64, :64]).permute(0, 3, 1, 2) / 127.5 - 1
    latents = LATENTS[..., :8, :8]
    with model.ready(FRAMES, (8, 8)):
        bank = model.bank(latents[:1], 431, TEXT)
        return model.conditional(latents, 431, TEXT, bank, Hints(planes, planes))


def hellomeme_noise(networks, place):
    model = HelloMeme(networks[0], networks[1], networks[1], place)
    condition = model.condition(LATENTS[0], TEXT, TEXT)
    controls = model.controls(PICTURES, EMOTIONS, lambda: None)
    pads = model.key_states(LATENTS[0], TEXT), model.key_states(LATENTS[1], TEXT)
    with model.drawing(FRAMES, SIZE):
        return model.predicted(LATENTS, 431, condition, controls, pads)


@pytest.fixture(params=["xportrait", "hellomeme"])
def drawing(request):
    """Networks, and what computes noise with them."""
    draw = {"xportrait": xportrait_noise, "hellomeme": hellomeme_noise}[request.param]
    return request.getfixturevalue(f"{request.param}_networks"), draw


def test_all_settings_give_the_same_bits_on_the_cpu(drawing, monkeypatch):
    networks, draw = drawing
    monkeypatch.setattr(placing, "decide", lambda setting, kind, stage: memory.decide(setting, "cuda", stage))
    found = [
        np.asarray(draw(networks, Placing(Device("cpu"), "full", setting))) for setting in ("all", "parts", "layers")
    ]
    assert np.abs(found[0]).max() > 0.1
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_all_is_computed_on_the_device(drawing, monkeypatch):
    networks, draw = drawing
    # "meta" has no numbers that could be taken back to the computer's memory; there a tensor of zeros stands for them.
    home = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda self: torch.zeros(self.shape) if self.is_meta else home(self))
    noise = draw(networks, Placing(Device("meta"), "full", "layers"))
    assert noise.shape[:2] == LATENTS.shape[:2]
