# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of one choice of models, each read when it is first needed. Shared by sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from transformers import CLIPTextModel

from ..diffusion.base_model import add_lora, load_text_encoder, load_tokenizer, load_unet, load_vae
from ..diffusion.noise import film_noise
from ..diffusion.pictures import Pictures
from ..diffusion.placing import Placing
from ..diffusion.text import Texts
from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from .files import DrawingFiles
from .head_pose import HeadPoses
from .loading import load_networks
from .model import Model
from .prompts import whole_prompt
from .readings import Readings
from .sampling import FilmAsk, draw_film


@dataclass(frozen=True)
class Prompts:
    """Rows of prompts, (77, width) float32 each; see ``sampling.FilmAsk``."""

    negative: np.ndarray
    positive: np.ndarray
    negative_ref: np.ndarray
    positive_ref: np.ndarray


@dataclass(frozen=True)
class FilmNoise:
    """Noise of a section, by the frames' places in the film: a ``sampling.NoiseSource``.

    Attributes:
        seed: the setting.
        first: place of the section's first frame.
        shape: of a latent.
    """

    seed: int
    first: int
    shape: tuple[int, ...]

    def base(self, count: int) -> np.ndarray:
        """(count, *shape)."""
        return self._of(count, "base")

    def step(self, level: int, step: int, count: int) -> np.ndarray:
        """(count, *shape)."""
        return self._of(count, f"level {level} step {step}")

    def _of(self, count: int, stream: str) -> np.ndarray:
        return film_noise(self.seed, range(self.first, self.first + count), self.shape, stream).numpy()


class Drawing:
    """Networks that read and draw. For one thread at a time.

    Args:
        files: where they are.
        precision, memory: the settings.
    """

    def __init__(self, files: DrawingFiles, precision: str, memory: str) -> None:
        self.files = files
        self.placing = Placing(choose_device(), precision, memory)

    @cached_property
    def model(self) -> Model:
        """HelloMeme's networks with the two U-Nets, which are one where nothing tells them apart."""
        files = self.files
        with self.told_failures():
            networks = load_networks(files.paths, files.version)
            unet = load_unet(files.base("sd15_unet", drawing=True))
            if files.lora is not None:
                add_lora(unet, None, files.lora, files.lora_strength)
            unet_ref = unet if files.is_even else load_unet(files.base("sd15_unet", drawing=False))
            return Model(networks, unet, unet_ref, self.placing)

    @cached_property
    def pictures(self) -> Pictures:
        """What encodes and decodes pictures."""
        return Pictures(lambda: load_vae(self.files.base("sd15_vae", drawing=False)), self.placing)

    @cached_property
    def readings(self) -> Readings:
        """What reads faces."""
        return Readings(self.model.emotions, HeadPoses(self.files.paths["hello_3dmm"]))

    @property
    def readings_version(self) -> str:
        """Names all that decides what is read."""
        return self.files.digest("pd_fgc", "hello_3dmm")

    def prompts(self, words: str, negative: str, notes: Notes | None) -> Prompts:
        """Rows of a prompt and a negative prompt.

        Args:
            notes: where rows are kept.
        """
        files = self.files
        of_drawing = files.base("sd15_text", drawing=False), files.lora
        of_portrait = files.paths["sd15_text"], files.lora if files.everything else None
        texts = {one: self._texts(*one, notes) for one in dict.fromkeys((of_drawing, of_portrait))}
        sentences = negative.strip(), whole_prompt(words, files.version)
        with self.told_failures():
            rows = [texts[one].embed(sentence) for one in (of_drawing, of_portrait) for sentence in sentences]
        return Prompts(*rows)

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """(n, 4, S / 8, S / 8) float32 of (n, S, S, 3) uint8 R, G, B."""
        with self.told_failures():
            return self.pictures.encode(pictures)

    def decode(self, latents: np.ndarray) -> Iterator[np.ndarray]:
        """(S, S, 3) float32 R, G, B, 0 to 1, of each of such latents."""
        with self.told_failures():
            yield from self.pictures.decode(latents)

    def draw(self, ask: FilmAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_film``."""
        with self.told_failures():
            return draw_film(self.model, ask, told)

    def release(self) -> None:
        """Take the networks off the device."""
        self.placing.release()

    @contextmanager
    def told_failures(self) -> Iterator[None]:
        """What PyTorch raises inside of the ``with`` is told as the user's error.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT.
        """
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise_failure(self.placing.device, error)

    def _texts(self, path: Path, lora: Path | None, notes: Notes | None) -> Texts:
        files = self.files
        vocab, merges = files.paths["sd15_vocab"], files.paths["sd15_merges"]

        def load() -> CLIPTextModel:
            encoder = load_text_encoder(path)
            if lora is not None:
                add_lora(None, encoder, lora, files.lora_strength)
            return encoder

        key = [files.digest("sd15_text", "sd15_vocab", "sd15_merges")]
        key += [files.states[0]] if path == files.checkpoint else []
        key += [files.states[1], f"{files.lora_strength:.6f}"] if lora is not None else []
        return Texts(load, lambda: load_tokenizer(vocab, merges), self.placing, notes, "-".join(key))
