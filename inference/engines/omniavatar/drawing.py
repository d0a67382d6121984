# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's networks at work: all that needs PyTorch, loaded when the first section is drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...weights.tensors import read_tensors
from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from ..video.fit import Part
from ..video.held import Held, VideoPlacing
from ..video.hold import Hold, Told, silent
from ..video.lora import add_lora
from ..video.needs import fitting, part_of, text_part, transformer_part, vae_part
from ..video.segments import drawn_frames, latent_frames
from ..video.tensors_in import part_paths, read_files
from ..video.text import Texts, load_tokenizer, load_umt5, padded
from ..video.vae import SCALE, Vae, load_vae
from ..wananimate.files import ModelFiles
from .hearing import Hearing, load_hearing
from .loading import base_from, completed
from .model import Model
from .sampling import SectionAsk, draw_section

_LOG = logging.getLogger(__name__)
BASE, TEXT, VAE, SOUND = "video model", "text encoder", "VAE", "sound encoder"
LATENT_CHANNELS = 16
# Bytes that the sound encoder needs besides its numbers, for its longest pieces.
_SOUND_WORKING = 10**9


@dataclass(frozen=True)
class Load:
    """The most that is drawn together: frames, and their height and width in px."""

    frames: int
    height: int
    width: int

    @property
    def tokens(self) -> int:
        """Of the transformer."""
        return latent_frames(drawn_frames(self.frames)) * (self.height // 16) * (self.width // 16)


class Drawing:
    """The networks of a choice of files on a device; shared by sessions. Each is read when it is first needed.

    Args:
        files: parts "base" or "base_1" ..., "adapter", "vae", "umt5", "tokenizer", "wav2vec".
        load: what is drawn.
        precision, memory: the settings.

    All methods raise TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY, UNSUPPORTED_INPUT where the device fails.
    """

    def __init__(self, files: ModelFiles, load: Load, precision: str, memory: str) -> None:
        self._files = files
        self._device = choose_device()
        fit = fitting(self._parts(load), self._device, precision, memory)
        _LOG.info("%s", fit.sentence)
        self._placing = VideoPlacing(fit, self._device)

    def texts(self, notes: Notes | None, prompts: tuple[str, ...]) -> list[np.ndarray]:
        """(512, width) float32 of each prompt, filled up with zeros; the encoder is let go afterwards."""
        paths = self._files.paths
        texts = Texts(
            self._encoder,
            lambda: load_tokenizer(paths["tokenizer"]),
            notes,
            self._files.digest("umt5", "tokenizer"),
        )
        with self._told_failures():
            return [padded(texts.embed(prompt)) for prompt in prompts]

    @cached_property
    def hearing(self) -> Hearing:
        """What makes features of a sound."""
        with self._told_failures():
            return load_hearing(self._files.paths["wav2vec"], self._placing)

    def latent_size(self, frames: int, height: int, width: int) -> tuple[int, int, int, int]:
        """(16, T, h, w) of latents."""
        return LATENT_CHANNELS, latent_frames(frames), height // SCALE, width // SCALE

    def encode(self, video: np.ndarray, told: Told = silent) -> np.ndarray:
        """(16, T, h, w) float32 of (3, n, H, W) float32 RGB, -1 to 1."""
        with self._told_failures():
            return self._placing.attempt(lambda: self._vae.encode(video, told))

    def decode(self, latents: np.ndarray, told: Told = silent) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1, of such latents."""
        with self._told_failures():
            return self._placing.attempt(lambda: np.clip(self._vae.decode(latents, told), -1, 1))

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_section``."""
        with self._told_failures():
            return self._placing.attempt(lambda: draw_section(self._model, ask, told))

    def release(self) -> None:
        """Take the networks off the device."""
        self._placing.release()

    @cached_property
    def _model(self) -> Model:
        files = self._files
        adapter = read_tensors(files.paths["adapter"])
        base = read_files(part_paths(files.paths, "base"), windows=self._placing.in_eight_bit(BASE))
        transformer = base_from(base, adapter, files.paths["adapter"].name)
        del base
        held, pack = completed(
            transformer, adapter, files.paths["adapter"].name, lambda network: Held(network, self._placing, BASE)
        )
        if files.lora is not None:
            add_lora(transformer, files.lora, files.lora_strength)
        return Model(held, pack, self._placing)

    @cached_property
    def _vae(self) -> Vae:
        path = self._files.paths["vae"]
        network = load_vae(read_files([path]), path.name)
        if self._placing.fit.tiles:
            network.enable_tiling()
        return Vae(network, self._placing)

    def _encoder(self) -> Hold:
        paths = part_paths(self._files.paths, "umt5")
        network = load_umt5(read_files(paths, windows=self._placing.in_eight_bit(TEXT)), paths[0].name)
        return Held(network, self._placing, TEXT)

    def _parts(self, load: Load) -> list[Part]:
        """What the files need."""
        paths = self._files.paths
        return [
            transformer_part(BASE, part_paths(paths, "base"), load.tokens),
            text_part(TEXT, part_paths(paths, "umt5")),
            vae_part(VAE, [paths["vae"]], load.height, load.width),
            part_of(SOUND, [paths["wav2vec"]], _SOUND_WORKING, exact=True),
        ]

    @contextmanager
    def _told_failures(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise_failure(self._device, error)
