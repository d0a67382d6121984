# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompts to the rows of numbers that the networks read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from transformers import CLIPTextModel, CLIPTokenizer

from ...errors import Action, ErrorCode, TalkingHeadError
from ..engine import Notes
from .kept_rows import KeptRows
from .placing import Placing


class Texts:
    """The text encoder and what it made of prompts. A prompt that is remembered needs no network.

    Args:
        encoder: gives the network; called for the first prompt that is not remembered.
        tokenizer: gives the tokenizer; as above.
        placing: where the network runs, in 32 bit.
        notes: where rows are remembered; None for in memory only.
        key: digest of the weights, and of a LoRA and its strength where there is one.
    """

    def __init__(
        self,
        encoder: Callable[[], CLIPTextModel],
        tokenizer: Callable[[], CLIPTokenizer],
        placing: Placing,
        notes: Notes | None = None,
        key: str = "",
    ) -> None:
        self._load_encoder, self._load_tokenizer = encoder, tokenizer
        self._encoder: CLIPTextModel | None = None
        self._tokenizer: CLIPTokenizer | None = None
        self._placing = placing
        self._kept = KeptRows(notes, "sd15-text/1", key)

    def embed(self, prompt: str) -> np.ndarray:
        """The last hidden states of a prompt, cut or filled up to the 77 tokens that the encoder takes.

        Returns:
            (77, width) float32.

        Raises:
            TalkingHeadError: WEIGHTS_CORRUPT where tokenizer and encoder do not belong together; as ``Placing.using``;
                whatever the loaders raise.
        """
        return self._kept.of(prompt, self._embedded)

    def release(self) -> None:
        """Let the network go; it is read again if another prompt comes."""
        self._encoder = None

    def _embedded(self, prompt: str) -> np.ndarray:
        if self._encoder is None:
            self._encoder = self._load_encoder()
        if self._tokenizer is None:
            self._tokenizer = self._load_tokenizer()
        config = self._encoder.config
        length = config.max_position_embeddings
        tokens = self._tokenizer(prompt, padding="max_length", max_length=length, truncation=True).input_ids
        if max(tokens) >= config.vocab_size:
            raise TalkingHeadError(
                ErrorCode.WEIGHTS_CORRUPT,
                f"vocab.json has {len(self._tokenizer)} words, and the text encoder knows {config.vocab_size}.",
                "Get the models again, or name a folder where all files belong together.",
                Action.GET_MODELS,
            )
        with self._placing.using(self._encoder, exact=True):
            rows = self._encoder(self._placing.tensor(torch.tensor([tokens]))).last_hidden_state
            return rows[0].cpu().numpy()
