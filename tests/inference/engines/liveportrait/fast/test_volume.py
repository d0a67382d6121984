# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutions over volumes, and folded batch norms, against PyTorch's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.liveportrait.fast.volume import WinogradVolume, folded_block  # noqa: E402
from inference.engines.liveportrait.networks.blocks import ConvBlock3d, DownBlock3d  # noqa: E402
from inference.engines.neural.workspace import Workspace  # noqa: E402


def block(kind: type[ConvBlock3d]) -> ConvBlock3d:
    """With statistics that are not the ones of a new norm."""
    torch.manual_seed(5)
    made = kind(6, 9).eval().requires_grad_(False)
    for name, low, high in (("running_mean", -1, 1), ("running_var", 0.5, 2), ("weight", 0.5, 2), ("bias", -1, 1)):
        getattr(made.norm, name).uniform_(low, high)
    return made


@pytest.mark.parametrize(("kind", "halve"), [(ConvBlock3d, False), (DownBlock3d, True)])
def test_equals_convolution_norm_and_activation(kind, halve):
    network = block(kind)
    volume = torch.randn(6, 5, 8, 12)
    expected = network(volume[None])[0].permute(1, 2, 3, 0)
    bordered = functional.pad(volume, (1, 1, 1, 1, 1, 1)).permute(1, 2, 3, 0).contiguous()
    out = torch.empty(expected.shape)
    WinogradVolume(*folded_block(network), halve=halve)(bordered, out, Workspace())
    assert (out - expected).abs().max() < 1e-5


def test_adds_without_activation():
    generator = torch.Generator().manual_seed(12)
    volume, weight = torch.randn(3, 4, 8, 8, generator=generator), torch.randn(5, 3, 3, 3, 3, generator=generator)
    bias = torch.randn(5, generator=generator)
    expected = functional.conv3d(volume, weight, bias, padding=1).permute(1, 2, 3, 0)
    bordered = functional.pad(volume, (1, 1, 1, 1, 1, 1)).permute(1, 2, 3, 0).contiguous()
    out = torch.ones(expected.shape)
    WinogradVolume(weight, bias, activate=False)(bordered, out, Workspace(), add=True)
    assert expected.min() < 0
    assert (out - 1 - expected).abs().max() < 1e-4


def test_planes_alone_are_halved():
    generator = torch.Generator().manual_seed(13)
    planes, weight = torch.randn(2, 3, 8, 12, generator=generator), torch.randn(5, 3, 3, 3, generator=generator)
    bias = torch.randn(5, generator=generator)
    expected = functional.avg_pool2d(functional.relu(functional.conv2d(planes, weight, bias, padding=1)), 2)
    bordered = functional.pad(planes, (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous()
    out = torch.empty(2, 4, 6, 5)
    WinogradVolume(weight[:, :, None], bias, halve=True)(bordered, out, Workspace())
    assert (out.permute(0, 3, 1, 2) - expected).abs().max() < 1e-4
