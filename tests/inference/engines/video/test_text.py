# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts of Wan's models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import torch
import wan_layout
import wan_weights

from inference.engines.diffusion.placing import Placing
from inference.engines.neural.device import Device
from inference.engines.video.hold import Placed
from inference.engines.video.text import ROWS, Texts, cleaned, load_tokenizer, load_umt5, padded, states, token_ids
from inference.errors import ErrorCode, TalkingHeadError

END = 1


class InMemory:
    """Notes of one run."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def remembered(self, what: str) -> np.ndarray | None:
        return self.kept.get(what)

    def remember(self, what: str, values: np.ndarray) -> None:
        self.kept[what] = values

    def progress(self, done: int, total: int) -> None:
        raise AssertionError("not asked for")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(wan_weights.official_paths(wan_weights.official_folder())["tokenizer"])


@pytest.fixture(scope="module")
def encoder() -> Placed:
    tensors = {name: torch.as_tensor(value) for name, value in wan_layout.states()["umt5"].items()}
    return Placed(load_umt5(tensors), Placing(Device("cpu"), "full"))


def never():
    raise AssertionError("must not be loaded")


def test_rows(tokenizer, encoder):
    rows = Texts(lambda: encoder, lambda: tokenizer).embed("a person is here")
    ids = token_ids(tokenizer, "a person is here")
    assert ids[-1] == END and rows.shape == (len(ids), 32) and rows.dtype == np.float32
    assert np.array_equal(rows, states(encoder, np.array([ids]))[0])


def test_filled_up_is_the_same(tokenizer, encoder):
    """Tokens do not see what fills up; so it need not be computed."""
    ids = token_ids(tokenizer, "a person")
    filled = np.array([ids + [0] * 5])
    mask = np.array([[1] * len(ids) + [0] * 5])
    found = states(encoder, filled, mask)[0, : len(ids)]
    assert np.allclose(found, states(encoder, np.array([ids]))[0], atol=1e-5)


def test_remembered(tokenizer, encoder):
    notes = InMemory()
    rows = Texts(lambda: encoder, lambda: tokenizer, notes, "digest").embed("a person")
    again = Texts(never, never, notes, "digest")
    assert np.array_equal(again.embed("a  person "), rows)
    with pytest.raises(AssertionError, match="must not be loaded"):
        Texts(never, never, notes, "another digest").embed("a person")


def test_released(tokenizer, encoder):
    loaded = []
    texts = Texts(lambda: loaded.append(1) or encoder, lambda: tokenizer)
    texts.embed("a")
    texts.embed("the")
    texts.release()
    texts.embed("a")
    assert len(loaded) == 1
    texts.embed("is")
    assert len(loaded) == 2


def test_long_prompts(tokenizer):
    ids = token_ids(tokenizer, "person is " * 400)
    assert len(ids) == ROWS and ids[-1] == END


def test_cleaned():
    assert cleaned("  a &amp;amp;\n b ") == "a & b"


def test_padded():
    rows = padded(np.ones((3, 4), np.float32))
    assert rows.shape == (ROWS, 4) and rows[:3].all() and not rows[3:].any()


def test_empty_prompt(tokenizer, encoder):
    assert Texts(lambda: encoder, lambda: tokenizer).embed("").shape == (1, 32)


def test_another_tokenizer(tokenizer, encoder):
    fewer = {name: value for name, value in encoder.network.state_dict().items()}
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        fewer[name] = fewer[name][:5]
    small = Placed(load_umt5(fewer), encoder.placing)
    with pytest.raises(TalkingHeadError, match="tokenizer has 64 words, and the text encoder knows 5") as caught:
        Texts(lambda: small, lambda: tokenizer).embed("a person")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT


def test_eight_bit_file(tokenizer, encoder):
    """As ComfyUI has the encoder: scaled 8 bit, with the tokenizer's words beside."""
    plain = encoder.network.state_dict()
    held = {"spiece_model": torch.zeros(9, dtype=torch.uint8), "scaled_fp8": torch.zeros(2)}
    for name, tensor in plain.items():
        if ".SelfAttention." in name or ".DenseReluDense." in name:
            held[name] = (tensor * 4).to(torch.float8_e4m3fn)
            held[name.replace(".weight", ".scale_weight")] = torch.tensor(0.25)
        else:
            held[name] = tensor
    rounded = {name: held[name].float() * 0.25 if held[name].dtype.itemsize == 1 else held[name] for name in plain}
    ids = np.array([token_ids(tokenizer, "a person")])
    found = states(Placed(load_umt5(held, dtype=torch.float32), encoder.placing), ids)
    assert np.allclose(found, states(Placed(load_umt5(rounded), encoder.placing), ids), atol=1e-4)


def test_not_a_tokenizer(tmp_path):
    with pytest.raises(TalkingHeadError, match="is not there"):
        load_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(TalkingHeadError, match="not the file of a tokenizer"):
        load_tokenizer(tmp_path / "tokenizer.json")
