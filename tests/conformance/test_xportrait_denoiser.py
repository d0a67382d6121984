# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's four networks: the bank of the source, the control networks, and the noise they find."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from conformance import RECORDED
from xportrait_recorded import Recorded

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.xportrait.loading import networks_from
from inference.engines.xportrait.model import Hints, Model

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def recorded(xportrait) -> Recorded:
    return Recorded(xportrait)


@pytest.fixture(scope="module")
def model(xportrait, xportrait_networks):
    model = Model(xportrait_networks, Placing(Device("cpu"), "full"))
    frames, _, *size = xportrait.array("denoiser/in/sample").shape
    with model.ready(frames, tuple(size)):
        yield model


@pytest.fixture(scope="module")
def given(xportrait):
    """Noisy latents, timestep and text."""
    sample, t = xportrait.array("denoiser/in/sample"), int(xportrait.array("denoiser/in/t"))
    return sample, t, xportrait.array("denoiser/in/context")[0]


@pytest.fixture(scope="module")
def hints(recorded) -> Hints:
    return Hints(recorded.hint("denoiser/in/pose_small"), recorded.hint("denoiser/in/local_small"))


def test_bank(xportrait, model, given):
    _, t, text = given
    entries = list(model.bank(xportrait.array("denoiser/in/reference"), t, text).values())
    assert len(entries) == int(xportrait.array("denoiser/out/bank_entries"))
    xportrait.close("denoiser/out/bank_first", entries[0][0, ::4].numpy(), TOLERANCE)
    xportrait.close("denoiser/out/bank_last", entries[-1][0, ::4].numpy(), TOLERANCE)


def test_pose_network(xportrait, model, given, hints):
    found = model.pose_residuals(*given, hints.pose)
    xportrait.close("denoiser/out/pose_residual_first", found.down[0][::8, :, ::2, ::2].numpy(), TOLERANCE)
    xportrait.close("denoiser/out/pose_residual_mid", found.middle[::8].numpy(), TOLERANCE)


def test_local_network(xportrait, model, given, hints):
    found = model.local_residuals(*given, hints.local)
    xportrait.close("denoiser/out/local_residual_first", found.down[0][::8, :, ::2, ::2].numpy(), TOLERANCE)
    xportrait.close("denoiser/out/local_residual_mid", found.middle[::8].numpy(), TOLERANCE)


def test_conditional(xportrait, model, given, hints):
    bank = model.bank(xportrait.array("denoiser/in/reference"), *given[1:])
    xportrait.close("denoiser/out/conditional", model.conditional(*given, bank, hints).numpy(), TOLERANCE)


def test_unconditional(xportrait, model, given):
    xportrait.close("denoiser/out/unconditional", model.unconditional(*given).numpy()[::2], TOLERANCE)


def test_two_references(xportrait, model, given, hints):
    names = ("denoiser/in/reference", "denoiser/in/reference_second")
    bank = model.bank(np.concatenate([xportrait.array(name) for name in names]), *given[1:])
    found = model.conditional(*given, bank, hints).numpy()
    xportrait.close("denoiser/out/two_references", found[::4], TOLERANCE)


def test_full_layout():
    """Every tensor of the official file has its place in networks of the full size, and no other is asked for."""
    layout = json.loads((RECORDED / "xportrait_keys_full.json").read_text(encoding="utf-8"))["model"]
    networks = networks_from({name: torch.empty(shape, device="meta") for name, (shape, _) in layout.items()})
    found = (networks.appearance, networks.pose, networks.local, networks.denoiser)
    held = sum(value.numel() for network in found for value in network.state_dict().values())
    unused = sum(
        math.prod(shape)
        for name, (shape, _) in layout.items()
        if name.startswith("appearance_control_model.input_hint_block.") or "attention_blocks.1.pos_encoder" in name
    )
    assert held == sum(math.prod(shape) for shape, _ in layout.values()) - unused
    assert networks.denoiser.config["block_out_channels"] == (320, 640, 1280, 1280)
