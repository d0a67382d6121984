# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fast layer against PyTorch's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from inference.engines.neural.workspace import Workspace  # noqa: E402
from inference.engines.tpsmm.fast.layers import FewOutputs, NormRelu, bands, places, sample  # noqa: E402
from inference.engines.tpsmm.fast.painting import Residual, Up  # noqa: E402
from inference.engines.tpsmm.networks.blocks import ResBlock, UpBlock  # noqa: E402
from inference.engines.tpsmm.networks.sampling import grid, warped  # noqa: E402


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(7)
    with torch.inference_mode():
        yield


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def space(request) -> Workspace:
    return Workspace(request.param)


def randomised(module: nn.Module) -> nn.Module:
    for parameter in module.parameters():
        parameter.copy_(torch.randn_like(parameter) * 0.3)
    return module.eval()


def last(planes):
    """(1, c, h, w) to (h, w, c)."""
    return planes[0].permute(1, 2, 0).contiguous()


def close(actual, expected, tolerance=1e-4):
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) < tolerance


@pytest.mark.parametrize(("height", "width", "channels"), [(8, 12, 5), (2, 2, 64), (40, 128, 64)])
def test_norm(space, height, width, channels):
    norm = randomised(nn.InstanceNorm2d(channels, affine=True))
    x = torch.randn(1, channels, height, width) * 3 + 5
    out = torch.full((height, width, channels + 2), 9.0)
    NormRelu(norm)(last(x), out[..., :channels], space)
    close(out[..., :channels], last(torch.relu(norm(x))))
    assert (out[..., channels:] == 9).all()


@pytest.mark.parametrize("kernel", [3, 7])
@pytest.mark.parametrize("size", [2, 9])
def test_few_outputs(space, kernel, size):
    layers = [randomised(nn.Conv2d(6, outputs, kernel, padding=kernel // 2)) for outputs in (3, 1)]
    x = torch.randn(1, 6, size, size + 3)
    expected = torch.cat([layer(x) for layer in layers], dim=1)[0]
    close(FewOutputs(*layers)(last(x), space), expected)


def test_sampling_inside_and_outside(space):
    maps = torch.randn(1, 5, 12, 12)
    flow = grid(12, 12)[None] * 1.3 + 0.05 * torch.randn(1, 12, 12, 2)
    flow[0, 0, 0] = torch.tensor([-7.0, 30.0])
    flow[0, 5, 5] = torch.tensor([1.0, -1.0])
    mask = torch.rand(12, 12)
    out = torch.empty(12, 12, 8)
    rows = last(maps).flatten(0, 1)
    sample(rows, places(flow[0]).times(mask), out[..., :5], space)
    close(out[..., :5], last(warped(maps, flow) * mask))


def test_residual_block(space):
    block = randomised(ResBlock(8))
    x = torch.randn(1, 8, 16, 16)
    out = last(x)
    Residual(block)(out, space)
    close(out, last(block(x)), 1e-3)


@pytest.mark.parametrize("size", [1, 6])
def test_up_block(space, size):
    block = randomised(UpBlock(9, 4))
    x = torch.randn(1, 9, size, size)
    out = torch.zeros(2 * size, 2 * size, 7)
    Up(block)(last(x), out[..., :4], space)
    close(out[..., :4], last(block(x)), 1e-3)
    assert (out[..., 4:] == 0).all()


def test_bands_hold_every_row_once():
    parts = bands(10, 1 << 15)
    assert [(part.start, part.stop) for part in parts] == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]
    assert bands(3, 1 << 20) == [slice(0, 1), slice(1, 2), slice(2, 3)]
