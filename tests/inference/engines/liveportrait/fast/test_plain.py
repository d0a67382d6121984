# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain form in 16 bit: what is rounded and what is not. Small maps: few processors are fast with it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from inference.engines.liveportrait.fast.plain import PlainRenderer  # noqa: E402
from inference.engines.liveportrait.networks.appearance import AppearanceFeatureExtractor  # noqa: E402
from inference.engines.liveportrait.networks.blocks import SpectralConv2d  # noqa: E402
from inference.engines.liveportrait.networks.decoder import SpadeDecoder  # noqa: E402
from inference.engines.liveportrait.networks.warping import HOURGLASS_OUTPUTS, MOTIONS, DenseMotionNetwork  # noqa: E402
from inference.engines.neural.device import Device  # noqa: E402


def test_features_are_nearly_those_of_32_bit():
    torch.manual_seed(9)
    network = AppearanceFeatureExtractor().eval().requires_grad_(False)
    networks = SimpleNamespace(appearance=network, warping=nn.Identity(), decoder=nn.Identity())
    picture = torch.rand(1, 3, 32, 32)
    exact, rounded = (
        PlainRenderer(networks, Device("cpu"), half).features(picture)[0].volume for half in (None, torch.bfloat16)
    )
    assert next(network.parameters()).dtype == torch.float32, "the given network is not changed"
    assert exact.dtype == rounded.dtype == torch.float32
    difference = (exact - rounded).abs().max() / exact.std()
    assert 1e-4 < difference < 0.1


def test_places_stay_in_32_bit():
    torch.manual_seed(10)
    network = DenseMotionNetwork().eval().requires_grad_(False)
    network.hourglass.forward = lambda x: torch.ones(1, HOURGLASS_OUTPUTS, 16, 8, 8)
    network.mask = nn.Conv3d(HOURGLASS_OUTPUTS, MOTIONS, 1).requires_grad_(False)
    network.mask.weight.zero_()
    network.mask.bias.zero_()  # all motions count the same
    source, driving = torch.rand(1, 21, 3) - 0.5, torch.rand(1, 21, 3) - 0.5
    volume = torch.zeros(1, 32, 16, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        deformation, _ = network(volume, driving, source)
    assert deformation.dtype == torch.float32
    shift = deformation - network(volume, driving, driving)[0]
    expected = (source - driving).sum(dim=1) / MOTIONS
    assert (shift - expected[:, None, None, None]).abs().max() < 1e-6


def test_pictures_are_not_rounded_to_16_bit():
    """They would have fewer levels than 8 bit pictures. Nothing is computed: only types and shapes are followed."""
    with torch.device("meta"):
        decoder = SpadeDecoder()
    for module in decoder.modules():
        if isinstance(module, SpectralConv2d):
            module.fold()
    decoder.to(torch.bfloat16)
    drawn = decoder(torch.empty(1, 256, 64, 64, dtype=torch.bfloat16, device="meta"))
    assert drawn.shape == (1, 3, 512, 512)
    assert drawn.dtype == torch.float32
