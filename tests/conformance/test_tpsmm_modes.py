# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three modes, from pictures to pictures, and what only some cases have: other sizes, other reference frames."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from rounding import round_to_half
from tpsmm_recorded import Recorded

from inference.engines.neural.device import Device
from inference.engines.tpsmm.model import Model
from inference.engines.tpsmm.motion import relative
from inference.engines.tpsmm.painter import PlainPainter


@pytest.fixture(scope="module")
def recorded(tpsmm) -> Recorded:
    return Recorded(tpsmm)


@pytest.fixture(scope="module")
def model(tpsmm_networks) -> Model:
    return Model(tpsmm_networks, Device("cpu"), "full")


@pytest.fixture(scope="module")
def source(model, recorded):
    return model.encode(recorded.source)


@pytest.fixture(scope="module")
def driving_kp(model, recorded) -> np.ndarray:
    return model.key_points(recorded.driving)


def relative_kp(source_kp: np.ndarray, driving_kp: np.ndarray, reference_kp: np.ndarray) -> np.ndarray:
    return np.stack([relative(source_kp, points, reference_kp) for points in driving_kp])


def test_standard(recorded, model, source, driving_kp):
    for name, _ in recorded.matching("standard_frames"):
        recorded.close(name, model.draw(source, driving_kp).pictures, (1, 2))


def test_relative(recorded, model, source, driving_kp):
    wanted = relative_kp(source.kp, driving_kp, driving_kp[0])
    recorded.close("kp_relative", wanted)
    for name, _ in recorded.matching("relative_frames"):
        recorded.close(name, model.draw(source, wanted).pictures, (1, 2))


def test_disentangled(recorded, model, source, driving_kp):
    wanted = model.avd(source.kp, driving_kp)
    recorded.close("kp_avd", wanted)
    for name, _ in recorded.matching("avd_frames"):
        recorded.close(name, model.draw(source, wanted).pictures, (1, 2))


def test_another_reference_frame(recorded, model, source, driving_kp):
    for name, (initial,) in recorded.matching(r"relative_initial(\d+)_frames"):
        others = np.delete(driving_kp, int(initial), axis=0)
        wanted = relative_kp(source.kp, others, driving_kp[int(initial)])
        recorded.close(name, model.draw(source, wanted).pictures, (1, 2))


def test_another_size_standard(recorded, model):
    for name, (size,) in recorded.matching(r"standard_(\d+)_frame"):
        source = model.encode(recorded.case.array(f"input/source_{size}"))
        wanted = model.key_points(recorded.case.array(f"input/driving_{size}")[None])
        recorded.close(name, model.draw(source, wanted).pictures[0], (0, 1))


def test_another_size_relative(recorded, model):
    """Motion since the source's mirror image."""
    for name, (size,) in recorded.matching(r"relative_(\d+)_frame"):
        picture = recorded.case.array(f"input/source_{size}")
        source = model.encode(picture)
        driving, reference = model.key_points(
            np.stack([recorded.case.array(f"input/driving_{size}"), picture[:, ::-1]])
        )
        wanted = relative_kp(source.kp, driving[None], reference)
        recorded.close(name, model.draw(source, wanted).pictures[0], (0, 1))


def test_16_bit_looks_the_same(model, source, driving_kp, tpsmm_networks):
    """Convolutions of bfloat16 with sums of 32 bit, as matrix units compute them; rounded here, as few have them."""
    painter = PlainPainter(copy.deepcopy(tpsmm_networks.inpainting), Device("cpu"), None)
    round_to_half(painter._network, torch.bfloat16)
    wanted = driving_kp[:1]
    motion = model.motion(source, wanted)
    with torch.inference_mode():
        rounded = painter.paint(source.picture, painter.encode(source.picture), motion.flow, motion.occlusions).numpy()
    difference_db = -10 * np.log10(np.square(model.draw(source, wanted).pictures - rounded).mean())
    assert 35 < difference_db < 80
