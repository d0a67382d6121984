# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Winograd's convolution against PyTorch's own."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.neural.winograd import (  # noqa: E402
    REPEATED_4,
    TILE,
    Rows,
    Winograd,
    parts_of,
    read_points,
    tile_view,
    transforms,
)
from inference.engines.neural.workspace import Workspace, inside  # noqa: E402


@pytest.fixture
def drawn():
    generator = torch.Generator().manual_seed(3)
    return lambda *shape: torch.randn(*shape, generator=generator)


def bordered(maps: torch.Tensor) -> torch.Tensor:
    return functional.pad(maps, (0, 0, 1, 1, 1, 1))


def expected(maps: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return functional.conv2d(maps.permute(0, 3, 1, 2), weight, bias, padding=1).permute(0, 2, 3, 1)


def test_the_transforms_make_four_outputs_of_a_filter_with_three_taps():
    output, filters, inputs = transforms()
    signal, taps = torch.arange(1.0, 7.0).double(), torch.tensor([2.0, -3.0, 0.5]).double()
    found = output @ ((filters @ taps) * (inputs @ signal))
    assert torch.allclose(found, torch.stack([signal[i : i + 3] @ taps for i in range(4)]), atol=1e-12)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 4, 4), (2, 8, 12), (1, 64, 64)])
def test_equals_a_convolution(drawn, count, height, width):
    maps, weight, bias = drawn(count, height, width, 24), drawn(10, 24, 3, 3) / 15, drawn(10)
    out = torch.empty(count, height, width, 10)
    Winograd(weight, bias)(bordered(maps), out, Workspace())
    assert (out - expected(maps, weight, bias)).abs().max() < 2e-5


def test_is_as_exact_as_a_direct_convolution(drawn):
    maps, weight = drawn(1, 32, 32, 256), drawn(64, 256, 3, 3) / 48
    exact = expected(maps.double(), weight.double(), None)
    found = Winograd(weight, None)(bordered(maps), torch.empty(1, 32, 32, 64), Workspace())
    assert (found - exact).abs().max() < 2e-5 * exact.std()


def test_adds_to_what_is_there_and_reads_some_channels_of_a_map(drawn):
    maps, weight, bias = drawn(1, 8, 8, 20), drawn(6, 12, 3, 3), drawn(6)
    before = drawn(1, 8, 8, 6)
    out = before.clone()
    Winograd(weight, bias)(bordered(maps)[..., 8:], out, Workspace(), add=True)
    assert (out - before - expected(maps[..., 8:], weight, bias)).abs().max() < 1e-4


def test_writes_into_the_inside_of_a_map(drawn):
    maps, weight = drawn(1, 8, 8, 5), drawn(3, 5, 3, 3)
    out = torch.zeros(1, 10, 10, 3)
    Winograd(weight, None)(bordered(maps), inside(out), Workspace())
    assert (inside(out) - expected(maps, weight, None)).abs().max() < 1e-4
    assert out[:, 0].abs().max() == out[:, :, -1].abs().max() == 0


def test_reads_a_map_repeated_four_times_from_its_three_kinds_of_rows(drawn):
    kinds, weight = drawn(1, 5, 3, 6, 3, 7), drawn(4, 7, 3, 3)
    four = torch.tensor([0, 1, 1, 2])
    whole = kinds[:, :, four][:, :, :, :, four].flatten(1, 2).flatten(2, 3)
    small = bordered(kinds.flatten(1, 2).flatten(2, 3))
    space = Workspace()
    tiles = Winograd(weight, None).of_points(read_points(small, Rows(0, 5), space, REPEATED_4), space)
    out = torch.empty(1, 20, 24, 4)
    tile_view(out, Rows(0, 5)).copy_(tiles.view(1, 5, 6, TILE, TILE, 4))
    assert (out - expected(whole, weight, None)).abs().max() < 1e-4


def test_parts_cover_all_rows_once():
    for rows in (1, 7, 64):
        parts = parts_of(torch.empty(1, 4 * rows, 64, 1))
        assert [row for part in parts for row in range(part.first, part.first + part.count)] == list(range(rows))
    assert len(parts) > 1


def test_threads_compute_the_same(drawn):
    maps, weight = drawn(1, 64, 64, 8), drawn(6, 8, 3, 3)
    convolution = Winograd(weight, None)
    alone, shared = (convolution(bordered(maps), torch.empty(1, 64, 64, 6), Workspace(count)) for count in (1, 2))
    assert torch.equal(alone, shared)
