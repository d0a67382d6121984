# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official files in full size, by name and shape: networks are built from their tensors, without memory."""

from __future__ import annotations

import json

import pytest
import torch
from conformance import RECORDED
from diffusers import UNet2DConditionModel
from torch import Tensor

from inference.engines.diffusion.placing import Placing
from inference.engines.hellomeme.loading import VERSIONS, Networks, networks_from
from inference.engines.hellomeme.model import Model
from inference.engines.neural.device import Device

FILES = {
    "control": "hm5_control_base",
    "control_proj": "hm5_control_proj",
    "motion": "hm5_motion",
    "pd_fgc": "pd_fgc_motion",
}
# Published sizes of the files, in MiB.
SIZES = {"control": 868, "control_proj": 409, "motion": 1533, "pd_fgc": 32, "v5": 367, "v5b": 1057}


@pytest.fixture(scope="module")
def layouts() -> dict[str, dict[str, tuple[list[int], str]]]:
    return json.loads((RECORDED / "hellomeme_keys_full.json").read_text(encoding="utf-8"))


def full(layouts, version: str) -> Networks:
    states: dict[str, dict[str, Tensor]] = {}
    for part, file in {"reference": f"hm5{version[2:]}_reference", **FILES}.items():
        states[part] = {
            name: torch.empty(shape, dtype=getattr(torch, kind), device="meta")
            for name, (shape, kind) in layouts[file].items()
        }
    # Names and shapes are compared here, tensor by tensor.
    return networks_from(states, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_full_size(layouts, version):
    networks = full(layouts, version)
    for part in ("reference", *FILES):
        size = sum(value.nbytes for value in getattr(networks, part).state_dict().values())
        assert size / 2**20 == pytest.approx(SIZES[version if part == "reference" else part], abs=1)
    assert networks.reference.channels == (1280, 1280, 1280, 640)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_fits_to_stable_diffusion(layouts, version):
    with torch.device("meta"):
        unet = UNet2DConditionModel(block_out_channels=(320, 640, 1280, 1280), cross_attention_dim=768)
    model = Model(full(layouts, version), unet, unet, Placing(Device("cpu"), "full"))
    # 12 frames of 512 px in 32 bit.
    assert 2e9 < model.working_bytes(12, (64, 64)) < 8e9
