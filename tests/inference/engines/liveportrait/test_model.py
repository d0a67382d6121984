# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's own part: batches, arrays, and what happens when 16 bit is not enough. The networks are replaced."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inference.engines.liveportrait import model as model_module  # noqa: E402
from inference.engines.liveportrait.fast.cpu import CpuRenderer  # noqa: E402
from inference.engines.liveportrait.fast.features import Features  # noqa: E402
from inference.engines.liveportrait.fast.warping import FastFeatures  # noqa: E402
from inference.engines.liveportrait.model import Model  # noqa: E402
from inference.engines.neural.device import Device  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402

CPU = Device("cpu")


class Drawer:
    """Frames of one value: the sum of the frame's feature, source point and wanted point; features are red values."""

    def __init__(self, networks, device, half) -> None:
        self.half = half
        self.batches: list[int] = []
        DRAWERS.append(self)

    def features(self, pictures):
        return list(pictures[:, 0, 0, 0])

    def warp(self, features, x_s, x_d):
        self.batches.append(len(features))
        values = torch.stack(list(features)) + x_s[:, 0, 0] + x_d[:, 0, 0]
        if self.half is torch.float16:
            values[-1] = float("nan")
        return values

    def draw(self, warped):
        return warped[:, None, None, None].expand(-1, 512, 512, 3)


DRAWERS: list[Drawer] = []


@pytest.fixture
def made(monkeypatch):
    DRAWERS.clear()
    monkeypatch.setattr(model_module, "_renderer", Drawer)
    layer = torch.nn.Linear
    networks = SimpleNamespace(
        motion=torch.nn.Identity(), stitching=layer(126, 65), lip=layer(65, 63), eye=layer(66, 63)
    )
    return lambda precision="full": Model(networks, CPU, precision)


def points(*values: float) -> np.ndarray:
    return np.broadcast_to(np.array(values)[:, None, None], (len(values), 21, 3))


def test_each_frame_has_its_own_features_or_all_the_same(made):
    model = made()
    crops = np.zeros((2, 256, 256, 3), np.uint8)
    crops[0, ..., 0], crops[1, ..., 0] = 51, 102
    features = model.features(crops)
    frames = model.decode(features, points(0.1), points(0.01, 0.02))
    assert frames.shape == (2, 512, 512, 3)
    assert frames.dtype == np.float32
    assert frames[:, 5, 5, 1] == pytest.approx([0.2 + 0.11, 0.4 + 0.12])
    frames = model.decode(features[:1], points(0.1, 0.3, 0.5), points(0.01, 0.02, 0.03))
    assert frames[:, 0, 0, 0] == pytest.approx([0.31, 0.52, 0.73])
    assert model.decode(features[:1], points(0.1), np.zeros((0, 21, 3))).shape == (0, 512, 512, 3)


def test_memory_that_runs_out_halves_the_batch(made, monkeypatch):
    model = made()
    model._batches.size = 4
    plain = Drawer.warp

    def small(self, features, x_s, x_d):
        if len(features) > 1:
            raise torch.OutOfMemoryError("injected")
        return plain(self, features, x_s, x_d)

    monkeypatch.setattr(Drawer, "warp", small)
    frames = model.decode([torch.tensor(0.5)], points(0.0), points(0.1, 0.2, 0.3))
    assert frames[:, 0, 0, 0] == pytest.approx([0.6, 0.7, 0.8])
    assert DRAWERS[0].batches == [1, 1, 1]


def test_what_is_not_finite_is_repeated_in_32_bit_and_so_is_the_rest(made, monkeypatch, caplog):
    monkeypatch.setattr(model_module, "_half_type", lambda device, precision: torch.float16)
    model = made("half")
    with caplog.at_level(logging.WARNING):
        first = model.decode([torch.tensor(0.5)], points(0.0), points(0.1))
        second = model.decode([torch.tensor(0.5)], points(0.0), points(0.2))
    assert (first[0, 0, 0, 0], second[0, 0, 0, 0]) == pytest.approx((0.6, 0.7))
    assert model.half is None
    assert [drawer.half for drawer in DRAWERS] == [torch.float16, None]
    assert [record.message for record in caplog.records].count(
        "torch.float16 gave numbers that are not finite; going on in 32 bit"
    ) == 1


def test_features_that_are_not_finite_are_found_again_in_32_bit(made, monkeypatch):
    def features(self, pictures):
        value = float("nan") if self.half is torch.float16 else 0.25
        return [Features(torch.full((1,), value)) for _ in pictures]

    monkeypatch.setattr(Drawer, "features", features)
    monkeypatch.setattr(model_module, "_half_type", lambda device, precision: torch.float16)
    model = made("half")
    (found,) = model.features(np.zeros((1, 256, 256, 3), np.uint8))
    assert found.volume.tolist() == [0.25]
    assert model.half is None


def test_numbers_that_are_not_finite_in_32_bit_either_are_told(made):
    with pytest.raises(TalkingHeadError) as caught:
        made().decode([torch.tensor(float("nan"))], points(0.0), points(0.1))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_features_of_16_bit_are_drawn_in_32_bit_on_the_processor():
    volume = torch.zeros(32, 16, 64, 64)
    renderer = object.__new__(CpuRenderer)
    renderer._space = None
    renderer._warping = Warping()
    warped = renderer.warp([Features(volume)], torch.zeros(1, 21, 3), torch.ones(1, 21, 3))
    assert warped.tolist() == [[1.0]]


class Warping:
    """Takes only what it made itself, and gives the wanted face's first number."""

    def features(self, volume):
        return FastFeatures(volume, volume, volume)

    def __call__(self, features, x_d, x_s, space):
        assert isinstance(features, FastFeatures)
        return x_d[0, :1]


def test_corrections_see_the_source_first(made):
    model = made()
    x_s, x_d = np.arange(63.0).reshape(21, 3), np.ones((2, 21, 3))
    layer = model._stitching
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 5] = layer.weight[1, 63] = 1.0
        layer.bias.zero_()
    assert model.stitching(x_s, x_d)[:, :2].tolist() == [[5.0, 1.0], [5.0, 1.0]]
    assert model.eye(x_s, np.ones((4, 3))).shape == (4, 21, 3)
    assert model.lip(x_s, np.ones((4, 2))).shape == (4, 21, 3)


@pytest.mark.parametrize(
    ("kind", "fast", "precision", "expected"),
    [
        ("cpu", None, "half", None),
        ("cpu", torch.bfloat16, "auto", torch.bfloat16),
        ("cpu", torch.bfloat16, "full", None),
        ("mps", None, "half", torch.float16),
        ("mps", None, "auto", None),
    ],
)
def test_half_precision_is_used_where_it_is_faster_or_asked_for(monkeypatch, kind, fast, precision, expected):
    monkeypatch.setattr(Device, "half", property(lambda self: fast))
    assert model_module._half_type(Device(kind), precision) is expected
