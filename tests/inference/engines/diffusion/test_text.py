# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts as rows, and which of them need a network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("diffusers")

import sd15_weights
import torch

from inference.engines.diffusion import base_model
from inference.engines.diffusion.placing import Placing
from inference.engines.diffusion.text import Texts
from inference.engines.neural.device import Device
from inference.errors import ErrorCode, TalkingHeadError


class Kept:
    """Notes in memory."""

    def __init__(self):
        self.arrays = {}

    def remembered(self, what):
        return self.arrays.get(what)

    def remember(self, what, values):
        self.arrays[what] = values

    def progress(self, done, total):
        pass


@pytest.fixture(scope="module")
def files():
    return sd15_weights.diffusers_paths(sd15_weights.diffusers_folder())


@pytest.fixture(scope="module")
def encoder(files):
    return base_model.load_text_encoder(files["sd15_text"])


@pytest.fixture
def opened(files, encoder):
    """Makes ``Texts``; counts how often the network was asked for."""

    def make(notes=None, key="weights", precision="auto"):
        def load():
            make.loads += 1
            return encoder

        def tokenizer():
            return base_model.load_tokenizer(files["sd15_vocab"], files["sd15_merges"])

        return Texts(load, tokenizer, Placing(Device("cpu"), precision), notes, key)

    make.loads = 0
    return make


def test_rows_are_the_last_states_of_all_tokens(opened, encoder, files):
    rows = opened().embed("a face")
    tokenizer = base_model.load_tokenizer(files["sd15_vocab"], files["sd15_merges"])
    tokens = tokenizer(["a face"], padding="max_length", max_length=77, return_tensors="pt")
    with torch.inference_mode():
        expected = encoder(tokens.input_ids).last_hidden_state[0].numpy()
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, expected)
    assert rows.shape == (77, 16)


def test_other_words_give_other_rows(opened):
    texts = opened()
    assert np.abs(texts.embed("a face") - texts.embed("")).max() > 0.1
    assert opened.loads == 1


def test_words_that_are_too_many_are_cut(opened):
    texts = opened()
    np.testing.assert_array_equal(texts.embed("the " * 75 + "end of all"), texts.embed("the " * 75))


def test_what_is_remembered_needs_no_network(opened):
    notes = Kept()
    rows = opened(notes).embed("a face")
    np.testing.assert_array_equal(opened(notes).embed("a face"), rows)
    assert opened.loads == 1
    opened(notes, key="other weights").embed("a face")
    opened(notes).embed("another face")
    assert opened.loads == 3
    assert len(notes.arrays) == 3


def test_rows_do_not_depend_on_the_precision(opened, monkeypatch):
    monkeypatch.setattr(Device, "half", torch.bfloat16)
    exact = opened(precision="full").embed("a face")
    np.testing.assert_array_equal(opened(precision="half").embed("a face"), exact)


def test_the_network_can_be_let_go(opened):
    texts = opened()
    texts.embed("a face")
    texts.release()
    texts.embed("a face")
    assert opened.loads == 1
    texts.embed("two faces")
    assert opened.loads == 2


def test_a_tokenizer_of_other_weights_is_refused(opened, monkeypatch, encoder):
    monkeypatch.setattr(encoder.config, "vocab_size", 100)
    with pytest.raises(TalkingHeadError) as caught:
        opened().embed("a face")
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
    assert "knows 100" in caught.value.message
