# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a pipeline on a device: memory, prompts, failures; what they draw the adapter knows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from ..video.held import Held, VideoPlacing
from ..video.hold import Told, silent
from ..video.needs import fitting
from ..video.tensors_in import part_paths, read_files
from ..video.text import Texts, load_tokenizer, load_umt5
from .adapter import Adapter, Load, SectionAsk

_LOG = logging.getLogger(__name__)
TEXT = "text encoder"


class Drawing:
    """Networks that draw. For one thread at a time; each is read when it is first needed.

    Args:
        make: the adapter's class.
        paths: files by the parts' names, with "umt5" and "tokenizer".
        key: digest of these two.
        load: decides with the settings how networks are held.
        precision, memory: the settings.

    All methods raise TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY, UNSUPPORTED_INPUT where the device fails.
    """

    def __init__(
        self, make: type[Adapter], paths: Mapping[str, Path], key: str, load: Load, precision: str, memory: str
    ) -> None:
        self._paths, self._key = paths, key
        self._device = choose_device()
        fit = fitting(make.parts(paths, load), self._device, precision, memory)
        _LOG.info("%s", fit.sentence)
        self._placing = VideoPlacing(fit, self._device)
        self.adapter = make(paths, self._placing)

    def texts(self, notes: Notes | None, prompts: tuple[str, ...]) -> list[np.ndarray]:
        """(rows, width) float32 of each prompt; the encoder is let go afterwards."""
        paths = self._paths
        texts = Texts(
            lambda: Held(load_umt5(read_files(part_paths(paths, "umt5"))), self._placing, TEXT),
            lambda: load_tokenizer(paths["tokenizer"]),
            notes,
            self._key,
        )
        with self._told_failures():
            return [texts.embed(prompt) for prompt in prompts]

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``Adapter.draw``; with less on the device where memory ran out."""
        with self._told_failures():
            return self._placing.attempt(lambda: self.adapter.draw(ask, told))

    def decode(self, latents: np.ndarray, told: Told = silent) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1, of latents."""
        with self._told_failures():
            return self._placing.attempt(lambda: np.clip(self.adapter.decode(latents, told), -1, 1))

    def release(self) -> None:
        """Take the networks off the device."""
        self._placing.release()

    @contextmanager
    def _told_failures(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise_failure(self._device, error)
