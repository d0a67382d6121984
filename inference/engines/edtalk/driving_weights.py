# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion weights at any place of a driving clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..engine import DrivingClip, Quality
from ..liveportrait.crop import Square
from ..neural.clip_rows import Bank, ClipPicture, ClipRows
from .crop import cut, shot_square
from .description import EDTALK
from .source_faces import Networks, rows_of
from .weights import EXPRESSION, MOUTH, POSE, row_length

# Mouth and head have filters of their own, as in Acting.
_BANKS = (Bank(MOUTH, "mouth"), Bank(POSE, "head"), Bank(EXPRESSION, "head"))


class DrivingWeights:
    """Weights of a clip with pictures.

    Args:
        version: all that decides what the networks find: their files and how exactly they compute.
    """

    def __init__(self, clip: DrivingClip, model: Networks, version: str) -> None:
        self._clip = clip
        self._model = model
        self._squares: dict[int, Square] = {}
        what = f"{EDTALK.name} {EDTALK.version} weights {version}"
        self._rows = ClipRows(clip, what, row_length(model.full), _BANKS, self._look)

    def at(self, position: float, quality: Quality) -> np.ndarray:
        """(36 or 26,) weights at a place in pictures; see ``ClipRows.at``."""
        return self._rows.at(position, quality)

    def neutral(self, quality: Quality) -> np.ndarray:
        """(36 or 26,) weights at rest."""
        return self._rows.neutral(quality)

    def _look(self, pictures: Sequence[ClipPicture]) -> np.ndarray:
        crops = np.stack([cut(picture.bgr, self._square(picture.shot)) for picture in pictures])
        return rows_of(self._model, self._model.encode_codes(crops))

    def _square(self, shot: int) -> Square:
        if shot not in self._squares:
            self._squares[shot] = shot_square([self._clip.landmarks(index) for index in self._rows.pictures_of(shot)])
        return self._squares[shot]
