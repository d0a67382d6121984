# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of one choice of models, each read when it is first needed. Shared by sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from ..video.clip_vision import ClipVision, load_clip
from ..video.drawing import TEXT, VideoDrawing
from ..video.fit import Part
from ..video.held import Held
from ..video.load import Load
from ..video.lora import add_lora
from ..video.needs import part_of, text_part, transformer_part, vae_part
from ..video.tensors_in import part_paths, read_files
from ..video.transformers_from import animate_from
from ..video.vae import Vae, load_vae
from .files import ModelFiles
from .model import Model
from .sampling import SegmentAsk, draw_segment

_TRANSFORMER, _VISION, _VAE = "video model", "image encoder", "VAE"
# Bytes for the 257 patches of a picture; next to nothing beside the others.
_VISION_WORKING = 100_000_000


class Drawing(VideoDrawing):
    """Networks that draw; see ``VideoDrawing``.

    Args:
        files: where they are.
    """

    def __init__(self, files: ModelFiles, precision: str, memory: str) -> None:
        super().__init__(files.paths, files.digest("umt5", "tokenizer"), precision, memory)
        self.files = files

    @cached_property
    def model(self) -> Model:
        """The networks but the text encoder."""
        paths = self.files.paths
        with self.told_failures():
            vae = load_vae(read_files(part_paths(paths, "vae")), paths_name(paths, "vae"))
            self.placing.tile(vae)
            clip = load_clip(read_files(part_paths(paths, "clip")), paths_name(paths, "clip"))
            return Model(self._transformer(), Vae(vae, self.placing), ClipVision(clip, self.placing))

    def draw(self, ask: SegmentAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_segment``; with less on the device where memory ran out. Faces may have any size."""
        side = self.model.face_px
        if ask.faces.shape[1] != side:
            ask = replace(ask, faces=np.stack([cv2.resize(face, (side, side)) for face in ask.faces]))
        return self.attempt(lambda: draw_segment(self.model, ask, told))

    def decode(self, latents: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        """(3, n, H, W) float32 RGB, about -1 to 1, of (16, T, h, w) latents."""
        return self.attempt(lambda: self.model.vae.decode(latents, told))

    def _parts(self, load: Load) -> Sequence[Part]:
        return parts_of(self.files.paths, load)

    def _transformer(self) -> Held:
        files = part_paths(self.files.paths, "transformer")
        network = animate_from(read_files(files, windows=True), files[0].name)
        held = Held(network, self.placing, _TRANSFORMER)
        # After it was given its form: what is added is not rounded with it.
        if self.files.relights:
            add_lora(network, self.files.paths["relight"], 1.0)
        if self.files.lora is not None:
            add_lora(network, self.files.lora, self.files.lora_strength)
        return held


def parts_of(paths: Mapping[str, Path], load: Load) -> tuple[Part, ...]:
    """What the networks need, before they are read.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    tokens = load.tokens + load.frame_tokens  # the reference has a frame of its own
    return (
        transformer_part(_TRANSFORMER, part_paths(paths, "transformer"), tokens),
        text_part(TEXT, part_paths(paths, "umt5")),
        part_of(_VISION, part_paths(paths, "clip"), _VISION_WORKING, exact=True),
        vae_part(_VAE, part_paths(paths, "vae"), load.height, load.width),
    )


def paths_name(paths: Mapping[str, Path], part: str) -> str:
    """File name of a part, for errors."""
    return part_paths(paths, part)[0].name
