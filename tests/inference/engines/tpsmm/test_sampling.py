# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.tpsmm.networks.sampling import grid, resized, warped  # noqa: E402
from inference.engines.tpsmm.networks.thin_plate import splines  # noqa: E402

RAMP = torch.arange(256.0).expand(1, 1, 256, 256)


def test_the_middles_of_the_outermost_pixels_are_one():
    places = grid(3, 5)
    assert places[0, 0].tolist() == [-1, -1]
    assert places[2, 4].tolist() == [1, 1]
    assert places[1, 2].tolist() == [0, 0]
    assert places[0, 1].tolist() == [-0.5, -1]


def test_sampling_where_it_is_changes_nothing():
    assert torch.allclose(warped(RAMP, grid(256, 256)[None]), RAMP, atol=1e-3)
    assert torch.allclose(warped(RAMP, grid(64, 64)[None]), RAMP, atol=1e-3)


def test_16_bit_maps_are_sampled_at_exact_places():
    """Places in 16 bit would be off by whole pixels; values of a ramp up to 255 are exact in bfloat16."""
    flow = grid(256, 256)[None] + torch.tensor([2 / 255, 0.0])
    moved = warped(RAMP.bfloat16(), flow)
    assert moved.dtype is torch.bfloat16
    expected = torch.arange(1.0, 256.0).expand(256, 255)
    assert torch.equal(moved[0, 0, :, :255].float().round(), expected)
    assert abs(float(moved[0, 0, 0, 255])) < 0.01


def test_a_flow_keeps_its_ends_when_resized():
    flow = resized(grid(8, 8)[None] * 0.5, 32, 32)
    assert torch.allclose(flow[0], grid(32, 32) * 0.5, atol=1e-6)


def test_splines_move_control_points_to_their_targets():
    """Nearly: the ridge on the system leaves a little."""
    torch.manual_seed(3)
    source = torch.rand(2, 50, 2) * 2 - 1
    driving = source + 0.05 * torch.randn(2, 50, 2)
    found = splines(source, driving)
    for frame in range(2):
        for spline in (0, 9):
            controls = driving[frame, 5 * spline : 5 * spline + 5]
            moved = found(controls[None])[frame, spline, 0]
            before = (controls - source[frame, 5 * spline : 5 * spline + 5]).norm(dim=1).mean()
            after = (moved - source[frame, 5 * spline : 5 * spline + 5]).norm(dim=1).mean()
            assert after < 0.6 * before


def test_equal_key_points_of_a_spline_are_no_error():
    points = torch.zeros(1, 50, 2)
    found = splines(points, points)
    assert torch.isfinite(found(grid(8, 8))).all()
