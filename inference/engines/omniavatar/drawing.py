# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar's networks at work: all that needs PyTorch, loaded when the first section is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from ...weights.tensors import read_tensors
from ..engine import Notes
from ..video.drawing import TEXT, VideoDrawing
from ..video.fit import Part
from ..video.held import Held
from ..video.hold import Told, silent
from ..video.load import Load
from ..video.lora import add_lora
from ..video.needs import part_of, text_part, transformer_part, vae_part
from ..video.segments import latent_frames
from ..video.tensors_in import part_paths, read_files
from ..video.text import padded
from ..video.vae import SCALE, Vae, load_vae
from ..wananimate.files import ModelFiles
from .hearing import Hearing, load_hearing
from .loading import base_from, completed
from .model import Model
from .sampling import SectionAsk, draw_section

BASE, VAE, SOUND = "video model", "VAE", "sound encoder"
LATENT_CHANNELS = 16
# Bytes that the sound encoder needs besides its numbers, for its longest pieces.
_SOUND_WORKING = 10**9


class Drawing(VideoDrawing):
    """The networks of a choice of files; see ``VideoDrawing``.

    Args:
        files: parts "base" or "base_1" ..., "adapter", "vae", "umt5", "tokenizer", "wav2vec".
    """

    def __init__(self, files: ModelFiles, precision: str, memory: str) -> None:
        super().__init__(files.paths, files.digest("umt5", "tokenizer"), precision, memory)
        self._files = files

    def texts(self, notes: Notes | None, prompts: Sequence[str]) -> list[np.ndarray]:
        """(512, width) float32 of each prompt, filled up with zeros; the encoder is let go afterwards."""
        return [padded(rows) for rows in super().texts(notes, prompts)]

    @cached_property
    def hearing(self) -> Hearing:
        """What makes features of a sound."""
        with self.told_failures():
            return load_hearing(self._files.paths["wav2vec"], self.placing)

    def latent_size(self, frames: int, height: int, width: int) -> tuple[int, int, int, int]:
        """(16, T, h, w) of latents."""
        return LATENT_CHANNELS, latent_frames(frames), height // SCALE, width // SCALE

    def encode(self, video: np.ndarray, told: Told = silent) -> np.ndarray:
        """(16, T, h, w) float32 of (3, n, H, W) float32 RGB, -1 to 1."""
        return self.attempt(lambda: self._vae.encode(video, told))

    def decode(self, latents: np.ndarray, told: Told = silent) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1, of such latents."""
        return self.attempt(lambda: np.clip(self._vae.decode(latents, told), -1, 1))

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_section``."""
        return self.attempt(lambda: draw_section(self._model, ask, told))

    @cached_property
    def _model(self) -> Model:
        files = self._files
        adapter = read_tensors(files.paths["adapter"])
        base = read_files(part_paths(files.paths, "base"), windows=True)
        transformer = base_from(base, adapter, files.paths["adapter"].name)
        del base
        held, pack = completed(
            transformer, adapter, files.paths["adapter"].name, lambda network: Held(network, self.placing, BASE)
        )
        if files.lora is not None:
            add_lora(transformer, files.lora, files.lora_strength)
        return Model(held, pack, self.placing)

    @cached_property
    def _vae(self) -> Vae:
        path = self._files.paths["vae"]
        network = load_vae(read_files([path]), path.name)
        self.placing.tile(network)
        return Vae(network, self.placing)

    def _parts(self, load: Load) -> Sequence[Part]:
        paths = self._files.paths
        return (
            transformer_part(BASE, part_paths(paths, "base"), load.tokens),
            text_part(TEXT, part_paths(paths, "umt5")),
            vae_part(VAE, [paths["vae"]], load.height, load.width),
            part_of(SOUND, [paths["wav2vec"]], _SOUND_WORKING, exact=True),
        )
