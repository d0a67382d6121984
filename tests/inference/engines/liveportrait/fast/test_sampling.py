# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sampling of volumes against PyTorch's grid_sample."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from inference.engines.liveportrait.fast.sampling import interpolation, sample_rows  # noqa: E402
from inference.engines.liveportrait.networks.sampling import sample_gathered, sample_volume  # noqa: E402
from inference.engines.liveportrait.networks.warping import identity_grid  # noqa: E402

SHAPE = (4, 6, 5)


def test_rows_equal_grid_sample_inside_outside_and_between():
    generator = torch.Generator().manual_seed(7)
    volume = torch.randn(3, *SHAPE, generator=generator)
    places = torch.rand(200, 3, generator=generator) * 3 - 1.5
    places[:4] = torch.tensor([[-1.0, -1, -1], [1, 1, 1], [0.999, -1.001, 0], [9, 9, -9]])
    expected = sample_volume(volume[None], places[None, None, None])[0, :, 0, 0].t()
    found = sample_rows(volume.permute(1, 2, 3, 0).reshape(-1, 3), SHAPE, places)
    assert (found - expected).abs().max() < 1e-5


def test_gathering_equals_grid_sample():
    generator = torch.Generator().manual_seed(11)
    volumes = torch.randn(2, 3, *SHAPE, generator=generator)
    places = torch.rand(2, 3, 4, 5, 3, generator=generator) * 3 - 1.5
    found = sample_gathered(volumes, places)
    assert found.shape == (2, 3, 3, 4, 5)
    assert (found - sample_volume(volumes, places)).abs().max() < 1e-5


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.3, -0.7, 1.4), (-2.5, 0.01, 0.0)])
def test_a_moved_grid_is_interpolated_along_one_axis_after_the_other(shift):
    volume = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(8))
    grid = identity_grid(volume.shape[1:], volume) + torch.tensor(shift)
    expected = functional.grid_sample(volume[None], grid[None], align_corners=False)[0]
    x, y, z = (interpolation(size, torch.tensor([move]))[0] for size, move in zip(SHAPE[::-1], shift, strict=True))
    found = torch.einsum("cabd,za,yb,xd->czyx", volume, z, y, x)
    assert (found - expected).abs().max() < 1e-5
