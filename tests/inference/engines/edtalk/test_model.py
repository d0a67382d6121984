# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's own part: heads, batches, arrays, and what happens when 16 bit is not enough. Networks are replaced."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inference.engines.edtalk import model as model_module  # noqa: E402
from inference.engines.edtalk.model import Model, Weights  # noqa: E402
from inference.engines.edtalk.networks.audio import Audio2Lip  # noqa: E402
from inference.engines.neural.device import Device  # noqa: E402
from inference.errors import ErrorCode, TalkingHeadError  # noqa: E402

CPU = Device("cpu")


class Drawer:
    """Codes are a picture's red value in all places; frames are the feature plus the latent's first number."""

    def __init__(self, generator, device, half) -> None:
        self.half = half
        self.batches: list[int] = []
        DRAWERS.append(self)

    def codes(self, pictures):
        self.batches.append(len(pictures))
        return pictures[:, 0, 0, :1].expand(-1, 512)

    def encode(self, pictures):
        return self.codes(pictures), list(10 * pictures[:, 0, 0, 0])

    def draw(self, features, latents, expressions):
        self.batches.append(len(features))
        values = torch.stack(list(features)) + latents[:, 0] + expressions[:, 1]
        if self.half is torch.float16:
            values[-1] = float("nan")
        return values[:, None, None, None].expand(-1, 256, 256, 3)


DRAWERS: list[Drawer] = []


def generator(full: bool) -> SimpleNamespace:
    """Weight k is the code's number k, plus k; direction k is the axis k."""
    count = 36 if full else 26
    return SimpleNamespace(
        full=full,
        head_maps=lambda: (torch.eye(count, 512, dtype=torch.float64), torch.arange(count, dtype=torch.float64)),
        directions=lambda: torch.eye(512, count),
    )


@pytest.fixture
def made(monkeypatch):
    DRAWERS.clear()
    monkeypatch.setattr(model_module, "_renderer", Drawer)
    torch.manual_seed(0)
    audio = Audio2Lip().requires_grad_(False).eval()
    return lambda precision="full", full=True: Model(
        SimpleNamespace(generator=generator(full), audio=audio), CPU, precision
    )


def pictures(*reds: int) -> np.ndarray:
    made = np.zeros((len(reds), 256, 256, 3), np.uint8)
    made[..., 0] = np.array(reds)[:, None, None]
    return made


def weights(*mouths: float) -> Weights:
    mouth = np.zeros((len(mouths), 20), np.float32)
    mouth[:, 0] = mouths
    return Weights(mouth, np.zeros((len(mouths), 6), np.float32), np.zeros((len(mouths), 10), np.float32))


def test_pictures_become_minus_one_to_one(made):
    model = made()
    codes = model.encode_codes(pictures(0, 255, 51))
    assert codes.shape == (3, 512)
    assert codes[:, 7] == pytest.approx([-1, 1, -0.6])
    assert [entry.code[3] for entry in model.encode(pictures(0, 255))] == [-1, 1]
    assert model.encode_codes(pictures()).shape == (0, 512)
    assert model.encode(pictures()) == []


def test_weights_and_motion_know_their_parts(made):
    model = made()
    codes = np.zeros((2, 512))
    codes[1, 0], codes[1, 20], codes[1, 26] = 0.5, 0.25, 0.125
    found = model.weights(codes)
    assert (found.mouth.shape, found.pose.shape, found.expression.shape) == ((2, 20), (2, 6), (2, 10))
    assert found.mouth[1, 0] == 0.5 and found.pose[1, 0] == 20.25 and found.expression[1, 0] == 26.125
    assert model.motion(found)[1, :36] == pytest.approx(np.arange(36) + codes[1, :36])
    assert model.expression(found)[1, 26:36] == pytest.approx(np.arange(26, 36) + codes[1, 26:36])
    assert not model.expression(found)[:, :26].any()


def test_the_small_model_has_no_expression(made):
    model = made(full=False)
    found = model.weights(np.zeros((3, 512)))
    assert not model.full
    assert found.expression.shape == (3, 0)
    assert model.motion(found).shape == (3, 512)
    assert not model.expression(found).any()


def test_frames_are_the_code_moved(made):
    model = made()
    (code,) = model.encode(pictures(153))  # 0.2
    raw = model.decode_raw(code, weights(0.5, 1, -9))
    assert raw.shape == (3, 256, 256, 3) and raw.dtype == np.float32
    assert raw[:, 9, 9, 2] == pytest.approx([2.7, 3.2, -6.8], abs=1e-5)
    (code,) = model.encode(pictures(128))
    value = 11 * (128 / 255 - 0.5) * 2
    assert model.decode(code, weights(0.5, 5, -9))[:, 0, 0, 0] == pytest.approx([(value + 1.5) / 2, 1, 0], abs=1e-5)
    assert model.decode(code, weights()).shape == (0, 256, 256, 3)


def test_frames_come_in_batches_that_shrink_when_memory_runs_out(made, monkeypatch):
    model = made()
    model._batches.size = 4
    plain = Drawer.draw

    def small(self, features, latents, expressions):
        if len(features) > 1:
            raise torch.OutOfMemoryError("injected")
        return plain(self, features, latents, expressions)

    monkeypatch.setattr(Drawer, "draw", small)
    (code,) = model.encode(pictures(128))
    DRAWERS[0].batches.clear()
    frames = list(model.decoded_raw(code, weights(1, 2, 3)))
    assert [len(batch) for batch in frames] == [1, 1, 1]
    assert frames[2][0, 0, 0, 0] - frames[0][0, 0, 0, 0] == pytest.approx(2)


def test_what_is_not_finite_is_repeated_in_32_bit_and_so_is_the_rest(made, monkeypatch, caplog):
    monkeypatch.setattr(model_module, "_half_type", lambda device, precision: torch.float16)
    model = made("half")
    (code,) = model.encode(pictures(128))
    with caplog.at_level(logging.WARNING):
        frames = [model.decode_raw(code, weights(1)), model.decode_raw(code, weights(2))]
    assert all(np.isfinite(frame).all() for frame in frames)
    assert model.half is None
    assert [drawer.half for drawer in DRAWERS] == [torch.float16, None]
    assert sum("not finite" in record.message for record in caplog.records) == 1


def test_numbers_that_are_not_finite_in_32_bit_either_are_told(made):
    model = made()
    (code,) = model.encode(pictures(128))
    with pytest.raises(TalkingHeadError) as caught:
        model.decode_raw(code, weights(float("nan")))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_a_sound_gives_the_same_mouth_in_batches_of_any_size(made):
    model = made()
    samples = np.random.default_rng(2).normal(0, 0.1, 640 * 9 + 100).astype(np.float32)
    whole = model.mouth_of_sound(samples)
    assert whole.shape == (9, 20) and whole.dtype == np.float32
    assert np.ptp(whole, axis=0).min() > 0
    model._sound_batches.size = 2
    assert model.mouth_of_sound(samples) == pytest.approx(whole, abs=1e-5)


def test_a_sound_shorter_than_a_frame_has_no_mouth(made):
    assert made().mouth_of_sound(np.zeros(639, np.float32)).shape == (0, 20)


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
