# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A segment of Wan-Animate: what it depends on, how it tells, and how it is canceled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout
from torch import nn
from wananimate_recorded import model_from

from inference.engines.video.transformers_from import animate_from
from inference.engines.wananimate.model import Model
from inference.engines.wananimate.sampling import SegmentAsk, draw_segment

FRAMES, HEIGHT, WIDTH = 5, 32, 16


class InHalf:
    """Holds a network that is in 16 bit already."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    @contextmanager
    def using(self, told=lambda: None) -> Iterator[None]:
        with torch.inference_mode():
            yield

    def tensor(self, values):
        tensor = torch.as_tensor(values)
        return tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor


@pytest.fixture(scope="module")
def model():
    return model_from(wan_layout.states())


@pytest.fixture(scope="module")
def ask(model) -> SegmentAsk:
    random = np.random.default_rng(7)

    def pictures(*shape: int) -> np.ndarray:
        return random.integers(0, 256, shape, np.uint8)

    return SegmentAsk(
        pose=pictures(FRAMES, HEIGHT, WIDTH, 3),
        faces=np.broadcast_to(pictures(1, model.face_px, model.face_px, 3), (FRAMES, model.face_px, model.face_px, 3)),
        reference=pictures(HEIGHT, WIDTH, 3),
        background=None,
        mask=None,
        known=None,
        text=random.normal(size=(4, 32)).astype(np.float32),
        negative=random.normal(size=(6, 32)).astype(np.float32),
        steps=2,
        guidance=1.0,
        solver="unipc",
        shift=5.0,
        noise=random.normal(size=(16, FRAMES // 4 + 2, HEIGHT // 8, WIDTH // 8)).astype(np.float32),
    )


@pytest.fixture(scope="module")
def drawn(model, ask) -> np.ndarray:
    return draw_segment(model, ask, lambda done: None)


def test_told(model, ask, drawn):
    told: list[int] = []
    found = draw_segment(model, ask, told.append)
    assert np.array_equal(found, drawn)
    assert found.shape == (16, 2, HEIGHT // 8, WIDTH // 8) and found.dtype == np.float32
    assert told == sorted(told) and set(told) == {0, 1, 2} and told[-1] == 2
    assert told.count(0) > 3  # also while its inputs are encoded


@pytest.mark.parametrize("at", [0, 1])
def test_canceled(model, ask, drawn, at):
    def cancel(done: int) -> None:
        if done == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_segment(model, ask, cancel)
    assert "forward" not in vars(model.transformer.network.motion_encoder)
    assert np.array_equal(draw_segment(model, ask, lambda done: None), drawn)


def test_all_counts(model, ask, drawn):
    """Each input changes what is drawn."""
    random = np.random.default_rng(8)
    others = {
        "pose": 255 - ask.pose,
        "faces": 255 - ask.faces,
        "reference": 255 - ask.reference,
        "known": random.uniform(-1, 1, (1, 3, HEIGHT, WIDTH)).astype(np.float32),
        "background": 255 - ask.pose,
        "mask": np.pad(np.ones((FRAMES, 16, WIDTH), np.uint8), ((0, 0), (0, 16), (0, 0))),
        "text": -ask.text,
        "noise": -ask.noise,
        "shift": 2.0,
        "solver": "euler",
        "steps": 1,
        "guidance": 3.0,
    }
    for name, value in others.items():
        found = draw_segment(model, replace(ask, **{name: value}), lambda done: None)
        assert not np.allclose(found, drawn, atol=1e-6), name


def test_the_negative_prompt_counts_with_guidance_only(model, ask, drawn):
    other = replace(ask, negative=-ask.negative)
    assert np.array_equal(draw_segment(model, other, lambda done: None), drawn)
    guided = [draw_segment(model, replace(each, guidance=2.0), lambda done: None) for each in (ask, other)]
    assert not np.allclose(*guided, atol=1e-6)


def test_sixteen_bit(model, ask, drawn):
    """In bfloat16, with what must be exact in 32 bit, nearly the same is drawn."""
    transformer = {name: torch.as_tensor(value) for name, value in wan_layout.states()["transformer"].items()}
    hold = InHalf(animate_from(transformer, "recorded", torch.bfloat16))
    found = draw_segment(Model(hold, model.vae, model.clip), ask, lambda done: None)
    assert 0 < np.abs(found - drawn).std() < 0.05 * drawn.std()


def test_faces_are_read_once(model, ask):
    seen = []
    hook = model.transformer.network.motion_encoder.conv_in.register_forward_hook(lambda *_: seen.append(1))
    try:
        draw_segment(model, ask, lambda done: None)
    finally:
        hook.remove()
    assert len(seen) == 1


def test_the_reference_is_remembered(model, ask):
    encoded = []
    hook = model.clip.network.register_forward_hook(lambda *_: encoded.append(1))
    try:
        model.reference(ask.reference)
        model.reference(ask.reference.copy())
        model.reference(255 - ask.reference)
    finally:
        hook.remove()
    assert len(encoded) <= 2
    assert len({model.reference(each)[1].tobytes() for each in (ask.reference, 255 - ask.reference)}) == 2
