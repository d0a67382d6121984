# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts to the rows of numbers that Wan's transformers read: umt5-xxl and its tokenizer."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import UMT5Config, UMT5EncoderModel

from ...errors import Action, ErrorCode, TalkingHeadError
from ..diffusion.kept_rows import KeptRows
from ..engine import Notes
from ..neural.strict_loading import wrong_file
from . import shapes
from .hold import Hold
from .names import umt5_names
from .scaled import UNUSED
from .strict import strict

# Rows that the transformers read; shorter prompts are filled up with zeros.
ROWS = 512
# ComfyUI's files of the encoder have the tokenizer's words in them.
_WORDS = "spiece_model"


def load_umt5(
    tensors: Mapping[str, Tensor], source: str = "umt5-xxl", dtype: torch.dtype | None = None
) -> UMT5EncoderModel:
    """The text encoder from tensors with the official names or transformers'; on the CPU.

    Args:
        dtype: of its numbers; None for as they are given.

    Raises:
        TalkingHeadError: WEIGHTS_CORRUPT.
    """
    tensors = umt5_names({name: tensor for name, tensor in tensors.items() if not name.endswith((*UNUSED, _WORDS))})
    try:
        config = shapes.umt5(tensors)
    except LookupError as error:
        raise wrong_file(f"{source} cannot be the text encoder umt5: {error.args[0]} is missing.") from error
    network = strict(
        lambda: UMT5EncoderModel(UMT5Config(**config)),
        tensors,
        "the text encoder umt5",
        source,
        dtype,
        keep_exact=(),
        unpacked=("wo",),  # transformers computes in the type of these weights
    )
    assert isinstance(network, UMT5EncoderModel)
    network.encoder.set_input_embeddings(network.shared)  # one table, which is not held twice
    return network


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a file ``tokenizer.json``.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    if not path.is_file():
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_MISSING,
            f"The model file {path.name} is not there.",
            "Get the models, or name the folder that has them.",
            Action.GET_MODELS,
            str(path),
        )
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers package raises plain Exception
        raise TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"{path.name} is not the file of a tokenizer.",
            "Delete it and get it again.",
            Action.GET_MODELS,
            f"{path}: {error}",
        ) from error


class Texts:
    """The text encoder and what it made of prompts. A prompt that is remembered needs no network.

    Args:
        encoder: gives the network (``load_umt5``), held for computing; called for the first prompt that is not
            remembered, and again after ``release``.
        tokenizer: gives the tokenizer; as above.
        notes: where rows are remembered; None for in memory only.
        key: of ``form_key.rows_key``: names the weights, and how they are held.
    """

    def __init__(
        self,
        encoder: Callable[[], Hold],
        tokenizer: Callable[[], Tokenizer],
        notes: Notes | None = None,
        key: str = "",
    ) -> None:
        self._load_encoder, self._load_tokenizer = encoder, tokenizer
        self._encoder: Hold | None = None
        self._tokenizer: Tokenizer | None = None
        self._kept = KeptRows(notes, "umt5-text/1", key)

    def embed(self, prompt: str) -> np.ndarray:
        """The last hidden states of a prompt, cut to the 512 tokens that the transformers read.

        Returns:
            (rows, width) float32, one row for each token, with the one for the end.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT where tokenizer and encoder do not belong together; as ``Hold.using``;
                whatever the loaders raise.
        """
        return self._kept.of(cleaned(prompt), self._embedded)

    def release(self) -> None:
        """Let the network go, which is large; it is read again if another prompt comes."""
        self._encoder = None

    def _embedded(self, prompt: str) -> np.ndarray:
        if self._tokenizer is None:
            self._tokenizer = self._load_tokenizer()
        ids = np.asarray(token_ids(self._tokenizer, prompt))
        if self._encoder is None:
            self._encoder = self._load_encoder()
        words = self._encoder.network.config.vocab_size
        if ids.max(initial=0) >= words:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                f"The tokenizer has {self._tokenizer.get_vocab_size()} words, and the text encoder knows {words}.",
                "Get the models again, or name a folder where all files belong together.",
                Action.GET_MODELS,
            )
        return states(self._encoder, ids[None])[0]


def states(encoder: Hold, ids: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """What the encoder makes of tokens.

    Args:
        ids: (texts, tokens) integers.
        mask: (texts, tokens), 1 for a token and 0 for what fills up; None for tokens only.

    Returns:
        (texts, tokens, width) float32.
    """
    with encoder.using():
        given = None if mask is None else encoder.tensor(mask)
        found = encoder.network(input_ids=encoder.tensor(ids), attention_mask=given)
        return found.last_hidden_state.float().cpu().numpy()


def cleaned(prompt: str) -> str:
    """A prompt as the encoder was trained on: without HTML's escapes, and with single spaces."""
    return " ".join(html.unescape(html.unescape(prompt)).split())


def token_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """A prompt's tokens, at most 512, of which the last ends the text."""
    ids = tokenizer.encode(prompt).ids
    return ids if len(ids) <= ROWS else [*ids[: ROWS - 1], ids[-1]]


def padded(rows: np.ndarray) -> np.ndarray:
    """(rows, width) filled up with zeros to (512, width)."""
    full = np.zeros((ROWS, rows.shape[1]), np.float32)
    full[: len(rows)] = rows
    return full
