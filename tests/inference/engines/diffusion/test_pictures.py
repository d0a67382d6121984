# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures to latents and back, one at a time."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import sd15_weights
import torch

from inference.engines.diffusion import base_model
from inference.engines.diffusion.pictures import SCALE, Pictures
from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device

SIDE = 64


@pytest.fixture(scope="module")
def vae():
    return base_model.load_vae(sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())["sd15_vae"])


@pytest.fixture
def pictures(vae):
    return Pictures(lambda: vae, Placing(Device("cpu")))


def drawn(count):
    return np.random.default_rng(1).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def test_latents_are_the_likeliest_ones_scaled(pictures, vae):
    given = drawn(2)
    latents = pictures.encode(given)
    planes = torch.from_numpy(given).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        expected = vae.encode(planes).latent_dist.mode() * 0.18215
    assert SCALE == 0.18215
    assert latents.dtype == np.float32
    assert latents.shape == (2, 4, SIDE // 8, SIDE // 8)
    np.testing.assert_allclose(latents, expected.numpy(), atol=1e-5)


def test_decoded_pictures_are_rgb_from_0_to_1(pictures, vae):
    latents = 3 * np.random.default_rng(2).standard_normal((2, 4, 8, 8)).astype(np.float32)
    found = np.stack(list(pictures.decode(latents)))
    with torch.inference_mode():
        planes = vae.decode(torch.from_numpy(latents) / 0.18215).sample
    expected = ((planes + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert found.dtype == np.float32
    assert found.shape == (2, SIDE, SIDE, 3)
    assert found.min() == 0 and found.max() == 1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_frames_are_decoded_when_they_are_asked_for(pictures, vae):
    decoded = []
    hook = vae.decoder.register_forward_hook(lambda _, given, __: decoded.append(len(given[0])))
    try:
        frames = pictures.decode(np.zeros((3, 4, 8, 8), np.float32))
        assert decoded == []
        next(frames)
        assert decoded == [1]
        assert len(list(frames)) == 2
        assert decoded == [1, 1, 1]
    finally:
        hook.remove()


def test_the_same_bits_alone_and_among_others(pictures):
    latents = np.random.default_rng(3).standard_normal((3, 4, 8, 8)).astype(np.float32)
    together = list(pictures.decode(latents))
    np.testing.assert_array_equal(next(pictures.decode(latents[1:2])), together[1])
    given = drawn(3)
    np.testing.assert_array_equal(pictures.encode(given[2:]), pictures.encode(given)[2:])


def test_it_computes_in_32_bit_whatever_the_precision(vae, pictures, monkeypatch):
    exact = pictures.encode(drawn(1))
    monkeypatch.setattr(Device, "half", torch.bfloat16)
    np.testing.assert_array_equal(Pictures(lambda: vae, Placing(Device("cpu"), "half")).encode(drawn(1)), exact)


def test_the_network_is_read_when_it_is_needed(vae):
    loads = []
    pictures = Pictures(lambda: loads.append(1) or vae, Placing(Device("cpu")))
    frames = pictures.decode(np.zeros((1, 4, 8, 8), np.float32))
    assert loads == []
    next(frames)
    pictures.encode(drawn(1))
    assert loads == [1]
