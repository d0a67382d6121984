# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of one choice of models, each read when it is first needed. Shared by sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from ..video.clip_vision import ClipVision, load_clip
from ..video.fit import Part
from ..video.held import Held, VideoPlacing
from ..video.lora import add_lora
from ..video.needs import fitting, part_of, text_part, transformer_part, vae_part
from ..video.tensors_in import part_paths, read_files
from ..video.text import Texts, load_tokenizer, load_umt5
from ..video.transformers_from import animate_from
from ..video.vae import Vae, load_vae
from .files import ModelFiles
from .model import Model
from .sampling import SegmentAsk, draw_segment

log = logging.getLogger(__name__)

_TRANSFORMER, _TEXT, _VISION, _VAE = "video model", "text encoder", "image encoder", "VAE"
# Bytes for the 257 patches of a picture; next to nothing beside the others.
_VISION_WORKING = 100_000_000


@dataclass(frozen=True)
class Work:
    """What is drawn at once, as far as memory goes.

    Attributes:
        area_px: of a frame.
        frames: how many.
    """

    area_px: int
    frames: int

    @property
    def tokens(self) -> int:
        """What the transformer works on: 16 x 16 px of 4 frames each, and of the reference."""
        return self.area_px // 256 * ((self.frames + 2) // 4 + 2)


class Drawing:
    """Networks that draw. For one thread at a time.

    Args:
        files: where they are.
        precision, memory: the settings.
        work: decides with them how networks are held; later works may differ.
    """

    def __init__(self, files: ModelFiles, precision: str, memory: str, work: Work) -> None:
        self.files = files
        self._wanted = precision, memory
        self._work = work

    @cached_property
    def placing(self) -> VideoPlacing:
        """What the networks run on.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, before anything is read; WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        device = choose_device()
        fit = fitting(parts_of(self.files.paths, self._work), device, *self._wanted)
        log.info("%s", fit.sentence)
        return VideoPlacing(fit, device)

    @cached_property
    def model(self) -> Model:
        """The networks but the text encoder."""
        paths = self.files.paths
        with self.told_failures():
            vae = load_vae(read_files(part_paths(paths, "vae")), paths_name(paths, "vae"))
            if self.placing.fit.tiles:
                vae.enable_tiling()
            clip = load_clip(read_files(part_paths(paths, "clip")), paths_name(paths, "clip"))
            return Model(self._transformer(), Vae(vae, self.placing), ClipVision(clip, self.placing))

    def texts(self, notes: Notes | None, prompts: Sequence[str]) -> list[np.ndarray]:
        """(rows, width) float32 of each prompt; the text encoder is let go afterwards.

        Args:
            notes: where rows are kept.
        """
        paths = self.files.paths
        texts = Texts(
            lambda: Held(load_umt5(read_files(part_paths(paths, "umt5"))), self.placing, _TEXT),
            lambda: load_tokenizer(paths["tokenizer"]),
            notes,
            self.files.digest("umt5", "tokenizer"),
        )
        with self.told_failures():
            return [texts.embed(prompt) for prompt in prompts]

    def draw(self, ask: SegmentAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``sampling.draw_segment``; with less on the device where memory ran out. Faces may have any size."""
        with self.told_failures():
            side = self.model.face_px
            if ask.faces.shape[1] != side:
                ask = replace(ask, faces=np.stack([cv2.resize(face, (side, side)) for face in ask.faces]))
            return self.placing.attempt(lambda: draw_segment(self.model, ask, told))

    def decode(self, latents: np.ndarray, told: Callable[[], None]) -> np.ndarray:
        """(3, n, H, W) float32 RGB, about -1 to 1, of (16, T, h, w) latents."""
        with self.told_failures():
            return self.placing.attempt(lambda: self.model.vae.decode(latents, told))

    def release(self) -> None:
        """Take the networks off the device."""
        if "placing" in self.__dict__:
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
            raise_failure(choose_device(), error)

    def _transformer(self) -> Held:
        files = part_paths(self.files.paths, "transformer")
        network = animate_from(read_files(files, windows=self.placing.in_eight_bit(_TRANSFORMER)), files[0].name)
        held = Held(network, self.placing, _TRANSFORMER)
        # After it was given its form: what is added is not rounded with it.
        if self.files.relights:
            add_lora(network, self.files.paths["relight"], 1.0)
        if self.files.lora is not None:
            add_lora(network, self.files.lora, self.files.lora_strength)
        return held


def parts_of(paths: Mapping[str, Path], work: Work) -> tuple[Part, ...]:
    """What the networks need, before they are read.

    Raises:
        TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
    """
    # Of a frame only the area is known: a square.
    side = round(work.area_px**0.5)
    return (
        transformer_part(_TRANSFORMER, part_paths(paths, "transformer"), work.tokens),
        text_part(_TEXT, part_paths(paths, "umt5")),
        part_of(_VISION, part_paths(paths, "clip"), _VISION_WORKING, exact=True),
        vae_part(_VAE, part_paths(paths, "vae"), side, side),
    )


def paths_name(paths: Mapping[str, Path], part: str) -> str:
    """File name of a part, for errors."""
    return part_paths(paths, part)[0].name
