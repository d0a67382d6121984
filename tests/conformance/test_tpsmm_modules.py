# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each network by itself against the recorded numbers, and both forms of the heavy ones."""

from __future__ import annotations

import pytest
import torch
from tpsmm_recorded import FRAME, Recorded

from inference.engines.neural.device import Device
from inference.engines.tpsmm.fast.motion import FastMotion
from inference.engines.tpsmm.fast.painting import FastPainter
from inference.engines.tpsmm.model import Model
from inference.engines.tpsmm.networks.dense_motion import gaussians, heat_maps
from inference.engines.tpsmm.networks.sampling import grid, warped
from inference.engines.tpsmm.networks.thin_plate import splines
from inference.engines.tpsmm.painter import PlainPainter


@pytest.fixture(scope="module")
def recorded(tpsmm) -> Recorded:
    return Recorded(tpsmm)


@pytest.fixture(scope="module", params=["plain", "fast"])
def model(request, tpsmm_networks) -> Model:
    made = Model(tpsmm_networks, Device("cpu"), "full")
    assert isinstance(made._dense_motion, FastMotion) and isinstance(made._painter, FastPainter)
    if request.param == "plain":
        made._dense_motion = tpsmm_networks.dense_motion
        made._painter = PlainPainter(tpsmm_networks.inpainting, Device("cpu"), None)
    return made


@pytest.fixture(scope="module")
def source(model, recorded):
    return model.encode(recorded.source)


@pytest.fixture(scope="module")
def driving_kp(model, recorded):
    return model.key_points(recorded.driving)


def test_key_points(recorded, source, driving_kp):
    recorded.close("kp_source", source.kp)
    recorded.close("kp_driving", driving_kp)


def test_small_source(recorded, source):
    recorded.close("source_down", source.small[0].numpy(), (1, 2))


def test_splines(recorded, source, driving_kp):
    points = torch.tensor(source.kp)[None], torch.tensor(driving_kp[FRAME])[None]
    found = splines(*points)
    recorded.close("tps_theta", found.theta[0].numpy())
    recorded.close("tps_params", found.weights[0].numpy())
    recorded.close("tps_grid", found(grid(*source.small.shape[2:]))[0].numpy(), (1, 2))


def test_heat_maps(recorded, source, driving_kp):
    wanted = gaussians(torch.tensor(driving_kp[FRAME])[None], *source.small.shape[2:])
    recorded.close("heatmap", heat_maps(source.heat, wanted)[0].numpy(), (1, 2))


def test_dense_motion(recorded, model, source, driving_kp):
    found = model.motion(source, driving_kp[FRAME : FRAME + 1])
    recorded.close("deformed_source", found.deformed[0].numpy(), (2, 3))
    recorded.close("contribution_maps", found.contributions[0].numpy(), (1, 2))
    recorded.close("deformation", found.flow[0].numpy(), (0, 1))
    for level, mask in enumerate(found.occlusions):
        recorded.close(f"occlusion_{level}", mask[0, 0].numpy(), (0, 1))
    picture = warped(source.picture, found.flow)[0].permute(1, 2, 0)
    recorded.close("warped_source", picture.numpy(), (0, 1))


def test_one_frame(recorded, model, source, driving_kp):
    for name, (frame,) in recorded.matching(r"standard_frame(\d+)"):
        wanted = driving_kp[int(frame)][None]
        recorded.close(name, model.draw(source, wanted).pictures[0], (0, 1))


def test_background(recorded, model, source, driving_kp):
    moved = model.background(recorded.source, recorded.driving)
    recorded.close("bg_param", moved[FRAME])
    found = model.motion(source, driving_kp[FRAME : FRAME + 1], moved[FRAME : FRAME + 1])
    recorded.close("bg_deformation", found.flow[0].numpy(), (0, 1))
    for name, (frame,) in recorded.matching(r"bg_frame(\d+)"):
        index = slice(int(frame), int(frame) + 1)
        recorded.close(name, model.draw(source, driving_kp[index], moved[index]).pictures[0], (0, 1))
