# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a pipeline on a device; what they draw the adapter knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ..video.drawing import VideoDrawing
from ..video.fit import Part
from ..video.hold import Told, silent
from ..video.load import Load
from .adapter import Adapter, SectionAsk


class Drawing(VideoDrawing):
    """Networks that draw; see ``VideoDrawing``.

    Args:
        make: the adapter's class.
    """

    def __init__(self, make: type[Adapter], paths: Mapping[str, Path], key: str, precision: str, memory: str) -> None:
        super().__init__(paths, key, precision, memory)
        self._make = make

    @cached_property
    def adapter(self) -> Adapter:
        """What holds the networks, once it was said what is drawn."""
        return self._make(self._paths, self.placing)

    def draw(self, ask: SectionAsk, told: Callable[[int], None]) -> np.ndarray:
        """See ``Adapter.draw``; with less on the device where memory ran out."""
        return self.attempt(lambda: self.adapter.draw(ask, told))

    def decode(self, latents: np.ndarray, told: Told = silent) -> np.ndarray:
        """(3, n, H, W) float32 RGB, -1 to 1, of latents."""
        return self.attempt(lambda: np.clip(self.adapter.decode(latents, told), -1, 1))

    def _parts(self, load: Load) -> Sequence[Part]:
        return self._make.parts(self._paths, load)
