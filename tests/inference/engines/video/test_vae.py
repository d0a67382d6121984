# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan 2.1's VAE."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.video.vae import Vae, load_vae


@pytest.fixture(scope="module")
def vae() -> Vae:
    tensors = {name: torch.as_tensor(value) for name, value in wan_layout.states()["vae"].items()}
    return Vae(load_vae(tensors), Placing(Device("cpu"), "full"))


@pytest.fixture(scope="module")
def video() -> np.ndarray:
    return np.random.default_rng(5).uniform(-1, 1, (3, 9, 16, 24)).astype(np.float32)


def test_shapes(vae, video):
    latents = vae.encode(video)
    assert latents.shape == (16, 3, 2, 3) and latents.dtype == np.float32
    found = vae.decode(latents)
    assert found.shape == video.shape and np.abs(found).max() <= 1


def test_the_beginning_does_not_know_the_rest(vae, video):
    """Latents and frames depend on earlier frames only, so that a chain can be joined."""
    changed = video.copy()
    changed[:, 5:] = 0
    one, other = vae.encode(video), vae.encode(changed)
    assert np.array_equal(one[:, :2], other[:, :2]) and not np.array_equal(one[:, 2:], other[:, 2:])


def test_told_within(vae, video):
    calls = []
    latents = vae.encode(video, lambda: calls.append("encode"))
    vae.decode(latents, lambda: calls.append("decode"))
    assert calls == ["encode"] * 3 + ["decode"] * 3


def test_canceled(vae, video):
    expected = vae.encode(video)

    def cancel() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vae.encode(video, cancel)
    assert np.array_equal(vae.encode(video), expected)
    assert not vae.network.encoder._forward_hooks


def test_tiles(vae):
    """Tiles change a little at their seams, and nothing else."""
    video = np.zeros((3, 1, 64, 64), np.float32)
    video[:, :, 16:48, 16:48] = 0.8
    latents = vae.encode(video)
    whole = vae.decode(latents)
    network = vae.network
    network.enable_tiling(32, 32, 24, 24)
    try:
        tiled = vae.decode(latents)
    finally:
        network.use_tiling = False
    assert tiled.shape == whole.shape and not np.array_equal(tiled, whole)
    assert np.array_equal(vae.decode(latents), whole)
