# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inpainting network in 16 bit. Most processors only imitate that, slowly, so that the picture is small."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tpsmm_weights as seeded  # noqa: E402

from inference.engines.neural.device import Device  # noqa: E402
from inference.engines.tpsmm.networks.inpainting import Inpainting  # noqa: E402
from inference.engines.tpsmm.networks.sampling import grid  # noqa: E402
from inference.engines.tpsmm.painter import PlainPainter  # noqa: E402


@torch.inference_mode()
def test_16_bit_looks_the_same_and_leaves_the_network_alone():
    network = Inpainting()
    state = seeded.states()["inpainting_network"]
    network.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()})
    torch.manual_seed(5)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4), (32, 32), mode="bilinear")
    flow = (grid(8, 8) * 0.9 + 0.03).expand(2, 8, 8, 2)
    occlusions = [torch.rand(2, 1, size, size) for size in (4, 8, 16, 32)]
    drawn = []
    for half in (None, torch.bfloat16):
        painter = PlainPainter(network.eval(), Device("cpu"), half)
        features = painter.encode(picture)
        assert {feature.dtype for feature in features} == {half or torch.float32}
        drawn.append(painter.paint(picture, features, flow, occlusions).float().numpy())
    assert drawn[0].shape == (2, 32, 32, 3)
    assert 35 < -10 * np.log10(np.square(drawn[0] - drawn[1]).mean()) < 80
    assert all(parameter.dtype is torch.float32 for parameter in network.parameters())
