# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutions over repeated maps against repeating and PyTorch's convolution."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.neural.repeats import RepeatedConvolution  # noqa: E402
from inference.engines.neural.workspace import Workspace  # noqa: E402


@pytest.fixture
def drawn():
    generator = torch.Generator().manual_seed(4)
    return lambda *shape: torch.randn(*shape, generator=generator)


def test_two_by_two(drawn):
    maps, weight, bias = drawn(1, 5, 7, 6), drawn(4, 6, 3, 3), drawn(4)
    whole = functional.interpolate(maps.permute(0, 3, 1, 2), scale_factor=2)
    expected = functional.conv2d(whole, weight, bias, padding=1).permute(0, 2, 3, 1)
    out = torch.empty(1, 5, 2, 7, 2, 4)
    RepeatedConvolution(weight, bias)(maps, out, Workspace())
    assert (out.flatten(1, 2).flatten(2, 3) - expected).abs().max() < 1e-5


def test_four_by_four_makes_one_of_the_two_equal_kinds(drawn):
    maps, weight, bias = drawn(1, 5, 7, 6), drawn(4, 6, 3, 3), drawn(4)
    whole = functional.interpolate(maps.permute(0, 3, 1, 2), scale_factor=4)
    expected = functional.conv2d(whole, weight, bias, padding=1).permute(0, 2, 3, 1)
    kinds = expected.unflatten(1, (5, 4)).unflatten(3, (7, 4))
    assert (kinds[:, :, 1] - kinds[:, :, 2]).abs().max() < 1e-5, "rows two and three are equal"
    chosen = torch.tensor([0, 1, 3])
    out = torch.empty(1, 5, 3, 7, 3, 4)
    RepeatedConvolution(weight, bias)(maps, out, Workspace())
    assert (out - kinds[:, :, chosen][:, :, :, :, chosen]).abs().max() < 1e-5


@pytest.mark.parametrize("size", [1, 2, 6])
def test_a_volume_repeated_in_the_plane(drawn, size):
    volume, weight, bias = drawn(6, size, size, 5), drawn(4, 5, 3, 3, 3), drawn(4)
    whole = functional.interpolate(volume.permute(3, 0, 1, 2)[None], scale_factor=(1, 2, 2))
    expected = functional.conv3d(whole, weight, bias, padding=1)[0].permute(1, 2, 3, 0)
    wide = torch.zeros(6, 2 * size, 2 * size, 9)
    target = wide[..., 2:6]
    RepeatedConvolution(weight, bias)(volume, target.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)), Workspace())
    assert (target - expected).abs().max() < 1e-4
    assert wide[..., :2].abs().max() == wide[..., 6:].abs().max() == 0
