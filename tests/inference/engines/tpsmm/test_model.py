# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's own part: sizes, batches, arrays, and what happens when 16 bit is not enough."""

from __future__ import annotations

import logging

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tpsmm_weights as seeded  # noqa: E402

from inference.engines.neural.device import Device  # noqa: E402
from inference.engines.tpsmm import model as model_module  # noqa: E402
from inference.engines.tpsmm.fast.painting import FastPainter  # noqa: E402
from inference.engines.tpsmm.model import Model  # noqa: E402
from inference.engines.tpsmm.networks.loading import networks_from  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402

CPU = Device("cpu")


@pytest.fixture(scope="module")
def states():
    return seeded.states()


@pytest.fixture(scope="module")
def model(states) -> Model:
    return Model(networks_from(states), CPU, "full")


def picture(size: int = 256, seed: int = 1) -> np.ndarray:
    """Soft blobs, uint8."""
    rng = np.random.default_rng(seed)
    coarse = torch.tensor(rng.uniform(0, 255, (1, 3, 6, 6)).astype(np.float32))
    fine = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)
    return fine[0].permute(1, 2, 0).clamp(0, 255).round().byte().numpy()


class Painter:
    """Paints pictures of one value, without a network; 16 bit gives no number."""

    def __init__(self, half) -> None:
        self.half = half
        self.most = 99
        self.batches: list[int] = []

    def encode(self, picture):
        return [picture.mean(dim=(2, 3))]

    def paint(self, picture, features, flow, occlusions):
        self.batches.append(len(flow))
        if len(flow) > self.most:
            raise torch.OutOfMemoryError("injected")
        value = float("nan") if self.half is torch.float16 else 0.25
        return torch.full((len(flow), *picture.shape[2:], 3), value)


@pytest.fixture
def painted(model, monkeypatch):
    """The model with a painter that paints one value."""
    painter = Painter(None)
    monkeypatch.setattr(model, "_painter", painter)
    return painter


@pytest.mark.parametrize("size", [256, 384])
def test_pictures_of_several_sizes(model, size):
    source = model.encode(picture(size))
    assert source.size_px == size
    assert source.kp.shape == (50, 2) and source.kp.dtype == np.float32
    drawn = model.draw(source, source.kp[None])
    shapes = [drawn.pictures.shape, drawn.flow.shape, drawn.occlusion.shape]
    assert shapes == [(1, size, size, 3), (1, size // 4, size // 4, 2), (1, size, size)]
    for values in (drawn.pictures, drawn.flow, drawn.occlusion):
        assert values.dtype == np.float32
    assert 0 <= drawn.pictures.min() and drawn.pictures.max() <= 1
    assert 0 <= drawn.occlusion.min() < drawn.occlusion.max() <= 1


@pytest.mark.parametrize("shape", [(256, 384, 3), (250, 250, 3), (128, 128, 3), (0, 0, 3)])
def test_sizes_the_networks_cannot_halve_are_refused(model, shape):
    with pytest.raises(ValueError, match=r"not a square|px"):
        model.encode(np.zeros(shape, np.uint8))


def test_bytes_and_floats_are_the_same_picture(model):
    pictures = np.stack([picture(seed=2), picture(seed=3)])
    from_bytes = model.key_points(pictures)
    assert from_bytes.shape == (2, 50, 2) and from_bytes.dtype == np.float32
    assert np.abs(from_bytes).max() <= 1
    assert model.key_points(pictures.astype(np.float32) / 255) == pytest.approx(from_bytes, abs=1e-6)
    assert model.key_points(pictures[:0]).shape == (0, 50, 2)


def test_what_stands_still_moves_little(model):
    """The splines of equal key points are nearly the identity: the ridge bends them a little."""
    source = model.encode(picture())
    motion = model.motion(source, source.kp[None])
    places = np.linspace(-1, 1, 64)
    still = np.stack(np.meshgrid(places, places), axis=-1)
    assert np.abs(motion.flow[0].numpy() - still).mean() < 0.1
    assert motion.contributions.sum(dim=1).numpy() == pytest.approx(1, abs=1e-5)


def test_a_background_that_moves_bends_the_flow(model):
    source = model.encode(picture())
    moved = np.eye(3, dtype=np.float32)[None] + np.array([[0, 0, 0.2], [0, 0, 0], [0, 0, 0]], np.float32)
    still, shifted, kept = (
        model.motion(source, source.kp[None], background) for background in (None, moved, np.eye(3)[None])
    )
    difference = (shifted.flow - still.flow)[..., 0]
    assert difference.mean() > 0.005
    assert (kept.flow - still.flow).abs().max() < 1e-5


def test_the_background_predictor_gives_affine_matrices(model):
    moved = model.background(picture(), np.stack([picture(seed=2), picture(seed=3)]))
    assert moved.shape == (2, 3, 3)
    assert (moved[:, 2] == [0, 0, 1]).all()


def test_frames_of_a_batch_are_as_drawn_alone(model, monkeypatch):
    source = model.encode(picture())
    wanted = source.kp + np.array([0.0, 0.05])[:, None, None].astype(np.float32)
    monkeypatch.setattr(model._batches, "size", 2)
    both = model.draw(source, wanted)
    alone = model.draw(source, wanted[1:])
    assert both.pictures[1] == pytest.approx(alone.pictures[0], abs=1e-4)
    assert both.flow[1] == pytest.approx(alone.flow[0], abs=1e-5)
    assert both.occlusion[1] == pytest.approx(alone.occlusion[0], abs=1e-4)
    assert np.abs(both.pictures[0] - both.pictures[1]).max() > 0.01


def test_memory_that_runs_out_halves_the_batch(model, painted, monkeypatch):
    monkeypatch.setattr(model._batches, "size", 4)
    painted.most = 1
    source = model.encode(picture())
    drawn = model.draw(source, np.repeat(source.kp[None], 3, axis=0))
    assert drawn.pictures.shape == (3, 256, 256, 3)
    assert painted.batches == [3, 1, 1, 1]


def test_no_frames_are_no_frames(model, painted):
    source = model.encode(picture())
    drawn = model.draw(source, np.zeros((0, 50, 2), np.float32))
    assert drawn.pictures.shape == (0, 256, 256, 3)
    assert drawn.flow.shape == (0, 64, 64, 2)


def test_what_is_not_finite_is_repeated_in_32_bit_and_so_is_the_rest(model, monkeypatch, caplog):
    monkeypatch.setattr(model, "half", torch.float16)
    monkeypatch.setattr(model, "_inpainting", torch.nn.Identity())
    monkeypatch.setattr(model, "_painter", Painter(torch.float16))
    monkeypatch.setattr(model, "_painter_of", lambda network: Painter(model.half))
    source = model.encode(picture())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert (model.draw(source, source.kp[None]).pictures == 0.25).all()
    assert model.half is None
    assert source.painter is model._painter
    warnings = [record.message for record in caplog.records]
    assert warnings.count("torch.float16 gave numbers that are not finite; going on in 32 bit") == 1


def test_numbers_that_are_not_finite_in_32_bit_are_told(model, monkeypatch):
    broken = Painter(torch.float16)
    monkeypatch.setattr(model, "_painter", broken)
    source = model.encode(picture())
    with pytest.raises(TalkingHeadError, match="not finite, also in 32 bit") as caught:
        model.draw(source, source.kp[None])
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_networks_that_a_file_lacks(states, monkeypatch):
    made = {part: states[part] for part in states if part not in ("avd_network", "bg_predictor")}
    monkeypatch.setattr(model_module, "FastPainter", lambda network, space: Painter(None))
    monkeypatch.setattr(model_module, "FastMotion", lambda network, space: network)
    model = Model(networks_from(made), CPU, "full")
    assert not model.has_avd and not model.has_background
    points = np.zeros((1, 50, 2), np.float32)
    with pytest.raises(TalkingHeadError, match="has no AVD network") as caught:
        model.avd(points[0], points)
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT
    with pytest.raises(TalkingHeadError, match="has no background predictor"):
        model.background(picture(), picture()[None])


def test_a_processor_takes_16_bit_only_with_matrix_units(model, monkeypatch):
    assert isinstance(model._painter, FastPainter)
    monkeypatch.setattr("inference.engines.neural.device.has_matrix_units", lambda: False)
    assert model_module._half_type(CPU, "half") is None
    monkeypatch.setattr("inference.engines.neural.device.has_matrix_units", lambda: True)
    assert model_module._half_type(CPU, "auto") is torch.bfloat16
    assert model_module._half_type(CPU, "full") is None


def test_memory_does_not_grow_with_the_frames(model):
    """The blocks that are used again stay as large as after the first frame."""
    source = model.encode(picture())

    def held() -> int:
        return sum(block.nbytes for block in model._space._blocks.values())

    model.draw(source, source.kp[None])
    first = held()
    wanted = source.kp + np.linspace(0, 0.1, 3, dtype=np.float32)[:, None, None]
    model.draw(source, wanted)
    assert held() == first > 0
