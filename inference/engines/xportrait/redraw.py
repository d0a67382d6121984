# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X-Portrait's networks at work: all that needs PyTorch, loaded when the first section is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np

from ..diffusion.base_model import load_text_encoder, load_tokenizer, load_vae
from ..diffusion.noise import film_noise
from ..diffusion.pictures import Pictures
from ..diffusion.placing import Placing
from ..diffusion.text import Texts
from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from .loading import load_networks
from .model import Model
from .sampling import FilmAsk, draw_film


class Redraw:
    """The networks of a weight set on a device; shared by sessions.

    Args:
        paths: files by part: "xportrait", "sd15_vae", "sd15_text", "sd15_vocab", "sd15_merges".
        key: digest of the files.
        precision, memory: the settings.

    All methods raise TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY.
    """

    def __init__(self, paths: Mapping[str, Path], key: str, precision: str, memory: str) -> None:
        self._paths = paths
        self._key = key
        self._placing = Placing(choose_device(), precision, memory)
        self._pictures = Pictures(lambda: load_vae(paths["sd15_vae"]), self._placing)

    @cached_property
    def _model(self) -> Model:
        """Read for the first drawing: what was drawn earlier is decoded without it."""
        with self._told_failures():
            return Model(load_networks(self._paths["xportrait"]), self._placing)

    @property
    def channels(self) -> int:
        """Of the latents."""
        return self._model.latent_channels

    def empty_text(self, notes: Notes | None) -> np.ndarray:
        """(77, width) float32: the empty prompt's rows; read from the notes where they are known."""
        texts = Texts(
            lambda: load_text_encoder(self._paths["sd15_text"]),
            lambda: load_tokenizer(self._paths["sd15_vocab"], self._paths["sd15_merges"]),
            self._placing,
            notes,
            self._key,
        )
        with self._told_failures():
            return texts.embed("")

    def noise(self, seed: int, frames: range, size: tuple[int, int]) -> np.ndarray:
        """(n, channels, *size) float32 start noise of the film's frames."""
        return film_noise(seed, frames, (self.channels, *size), "start").numpy()

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """(n, channels, S / 8, S / 8) float32 of (n, S, S, 3) uint8 R, G, B."""
        with self._told_failures():
            return self._pictures.encode(pictures)

    def decode(self, latents: np.ndarray) -> Iterator[np.ndarray]:
        """(S, S, 3) float32 R, G, B, 0 to 1, of each of such latents."""
        with self._told_failures():
            yield from self._pictures.decode(latents)

    def draw(self, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_film``."""
        with self._told_failures():
            return draw_film(self._model, ask, told)

    def release(self) -> None:
        """Take the networks off the device."""
        self._placing.release()

    @contextmanager
    def _told_failures(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise_failure(self._placing.device, error)
