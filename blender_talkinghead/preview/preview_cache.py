# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the preview, kept in memory by all that decides them. No bpy here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

# About 20 s at 24 frames a second and 640 x 360 px.
MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class Drawn:
    """What the worker drew.

    Attributes:
        pixels: (h, w, 4) uint8, R, G, B, A straight, origin top left.
        size: (width, height) of the full frame in px.
        number: differs from every other picture.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    number: int


class PreviewCache:
    """The pictures that were drawn last; the longest unused ones go.

    Args:
        most_bytes: how much the pixels may take together. One picture is kept in any case.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, Drawn] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Drawn | None:
        """The picture of a key, if it is kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, drawn: Drawn) -> None:
        """Keep a picture."""
        old = self._kept.pop(key, None)
        self._kept[key] = drawn
        self.size_bytes += drawn.pixels.nbytes - (old.pixels.nbytes if old else 0)
        while self.size_bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self.size_bytes -= dropped.pixels.nbytes

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self.size_bytes = 0
