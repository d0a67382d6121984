# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks of all video engines share: how they are held, by what is drawn, and prompts, which visit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...give_back import give_back
from ..engine import Notes
from ..neural.device import choose_device, raise_failure
from .fit import Fit, Part
from .form_key import form_of, rows_key
from .held import Held, VideoPlacing
from .hold import Hold
from .load import Load
from .needs import fitting, has_room
from .tensors_in import part_paths, read_files
from .text import Texts, load_tokenizer, load_umt5

_LOG = logging.getLogger(__name__)
TEXT = "text encoder"
Result = TypeVar("Result")


class VideoDrawing:
    """Networks of a choice of files on a device. For one thread at a time; shared by sessions.

    Engines add their networks as cached properties, so that each is read when it is first needed and ``forget`` lets
    go of it. Before anything else, and for other sizes again, ``prepare`` is called.

    Args:
        paths: files by the parts' names, with "umt5" (or its shards) and "tokenizer".
        texts_key: digest of these two.
        precision, memory: the settings.

    All methods raise TalkingHeadError: WEIGHTS_CORRUPT, OUT_OF_MEMORY, UNSUPPORTED_INPUT where the device fails.
    """

    def __init__(self, paths: Mapping[str, Path], texts_key: str, precision: str, memory: str) -> None:
        self._paths, self._texts_key = paths, texts_key
        self._wanted = precision, memory
        self._device = choose_device()
        self._placing: VideoPlacing | None = None
        self._load: Load | None = None

    @property
    def placing(self) -> VideoPlacing:
        """What the networks run on, once it was said what is drawn."""
        assert self._placing is not None, "prepare was not called"
        return self._placing

    @property
    def form(self) -> str:
        """How the networks are held, as far as it shows in what they draw."""
        return form_of(self.placing.fit)

    def prepare(self, load: Load) -> None:
        """Hold the networks as fits what will be drawn. Where that asks for other forms, they are read again.

        Args:
            load: the most of the film.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, before anything is read; WEIGHTS_MISSING.
        """
        if load == self._load:
            return
        self._load = None
        if not self._adapted(load):
            self.forget()
            self._placing = VideoPlacing(self._fit(load), self._device)
        self._load = load
        _LOG.info("%s", self.placing.fit.sentence)

    def texts(self, notes: Notes | None, prompts: Sequence[str]) -> list[np.ndarray]:
        """(rows, width) float32 of each prompt; the text encoder is let go afterwards.

        Args:
            notes: where rows are kept.
        """
        read: list[Hold] = []

        def encoder() -> Hold:
            read.append(self._encoder())
            return read[-1]

        tokenizer = self._paths["tokenizer"]
        key = rows_key(self._texts_key, self.placing.fit, TEXT)
        texts = Texts(encoder, lambda: load_tokenizer(tokenizer), notes, key)
        memory = self.placing.memory
        try:
            return self.attempt(lambda: [texts.embed(prompt) for prompt in prompts])
        finally:
            self.placing.memory = memory  # what the encoder needed says nothing of the other networks
            if read:
                read.clear()
                texts.release()
                self.release()
                give_back()

    def attempt(self, draw: Callable[[], Result]) -> Result:
        """What a function draws; see ``VideoPlacing.attempt``."""
        with self.told_failures():
            return self.placing.attempt(draw)

    def release(self) -> None:
        """Take the networks off the device."""
        if self._placing is not None:
            self._placing.release()

    def forget(self) -> None:
        """Let go of all networks; those that are needed again are read again."""
        self.release()
        for name in list(vars(self)):
            if isinstance(getattr(type(self), name, None), cached_property):
                del self.__dict__[name]
        give_back()

    @contextmanager
    def told_failures(self) -> Iterator[None]:
        """What PyTorch raises inside of the ``with`` is told as the user's error.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT.
        """
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise_failure(self._device, error)

    def _parts(self, load: Load) -> Sequence[Part]:
        """What the networks need, before they are read.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        raise NotImplementedError

    def _fit(self, load: Load, held: int = 0) -> Fit:
        return fitting(self._parts(load), self._device, *self._wanted, held=held)

    def _adapted(self, load: Load) -> bool:
        """Whether the networks that were read can stay in their forms; then they are placed as fits the load."""
        if self._placing is None:
            return False
        self._placing.release()
        try:
            fit = self._fit(load, self._placing.bytes)
        except TalkingHeadError as error:
            if error.code is not ErrorCode.OUT_OF_MEMORY:
                raise
            return False  # what is held may be more than was counted
        return self._placing.adapt(fit)

    def _encoder(self) -> Hold:
        """The text encoder, for which the other networks make room."""
        self.release()
        if not has_room(self.placing.fit.held[TEXT]):
            _LOG.info("The other networks are let go of, so that there is room for the text encoder")
            self.forget()
        files = part_paths(self._paths, "umt5")
        return Held(load_umt5(read_files(files, windows=True), files[0].name), self.placing, TEXT)
