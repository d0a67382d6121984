# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of a clip's or a source's pictures: each is looked for once, and remembered by the pictures' content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from ...face.picture_8bit import to_bgr8
from ...media.picture import PictureReader
from .helpers import TRACKING, Helpers
from .preprocess.body import BODY, FACE, HAND, Body

# Pictures whose bodies are remembered together.
_BLOCK = 256
_POINTS = np.cumsum([BODY, HAND, HAND, FACE])


class Memory(Protocol):
    """Where arrays are kept: a driving clip, or ``engine.Notes``."""

    def remembered(self, what: str) -> np.ndarray | None:
        """See ``engine.Notes``."""
        ...

    def remember(self, what: str, values: np.ndarray) -> None:
        """See ``engine.Notes``."""
        ...


class Bodies:
    """Bodies by picture.

    Args:
        memory: None for in this object only.
        face: (n, 2) points in px of the face in a picture, whose person it is; None where no face is looked for.
        who: names the choice of the face, where ``memory`` does not know it.
    """

    def __init__(
        self,
        helpers: Helpers,
        memory: Memory | None,
        face: Callable[[int], np.ndarray | None] = lambda picture: None,
        who: str = "",
    ) -> None:
        self._helpers = helpers
        self._memory = memory
        self._face = face
        self._who = who
        self._blocks: dict[str, np.ndarray] = {}

    def of(self, reader: PictureReader, pictures: Sequence[int], told: Callable[[], None]) -> list[Body]:
        """The body in each picture as it was found; a picture's depends on that alone.

        Args:
            pictures: indices, each inside of the reader's range.
            told: called for each picture that is looked at; may raise to cancel.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT; what reading the pictures raises.
        """
        names = {block: self._name(reader, block) for block in {picture // _BLOCK for picture in pictures}}
        changed = set()
        for picture in sorted(set(pictures)):
            name = names[picture // _BLOCK]
            row = self._block(name)[picture % _BLOCK]
            if np.isnan(row[0, 0]):
                told()
                face = self._face(picture)
                head = None if face is None else face.mean(axis=0)
                found = self._helpers.tracker().body(to_bgr8(reader.read(picture)), head)
                row[:] = np.concatenate([found.body, found.left, found.right, found.face])
                changed.add(name)
        for name in changed if self._memory is not None else ():
            self._memory.remember(name, self._blocks[name])  # type: ignore[union-attr]
        return [_body(self._block(names[picture // _BLOCK])[picture % _BLOCK]) for picture in pictures]

    def _block(self, name: str) -> np.ndarray:
        """(256, 131, 3) float32, no numbers where nobody looked yet."""
        if name not in self._blocks:
            kept = None if self._memory is None else self._memory.remembered(name)
            empty = np.full((_BLOCK, int(_POINTS[-1]), 3), np.nan, np.float32)
            self._blocks[name] = np.array(kept) if kept is not None and kept.shape == empty.shape else empty
        return self._blocks[name]

    def _name(self, reader: PictureReader, block: int) -> str:
        digest = hashlib.sha256(self._who.encode())
        for picture in range(block * _BLOCK, min((block + 1) * _BLOCK, len(reader))):
            digest.update(reader.digest(picture).encode())
        return f"wan-bodies/1/{self._helpers.digest(TRACKING)}/{block}/{digest.hexdigest()}"


def _body(row: np.ndarray) -> Body:
    points = row.astype(np.float64)
    body, left, right, face = np.split(points, _POINTS[:-1])
    return Body(body, left, right, face)
