# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks read at any place of a driving clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..engine import DrivingClip, Quality
from ..neural.clip_rows import Bank, ClipPicture, ClipRows
from .description import HELLOMEME
from .readings import ANGLES, BROWS, EYES, MOUTH, SIZE, TRANSLATION, WIDTH, FacePicture, FacePlace, Readings

# Each region has the filter of its group in Acting.
_BANKS = (
    Bank(EYES, "lids"),
    Bank(BROWS, "head"),
    Bank(MOUTH, "mouth"),
    Bank(slice(ANGLES.start, SIZE + 1), "head"),
)
assert TRANSLATION.start == ANGLES.stop and SIZE + 1 == WIDTH


class ClipReadings:
    """Rows of a clip with pictures; where the face is lost, between those beside.

    Args:
        version: digests of the files of the networks that read.
    """

    def __init__(self, clip: DrivingClip, readings: Readings, version: str) -> None:
        self._clip = clip
        self._readings = readings
        self._places: dict[int, FacePlace] = {}
        what = f"{HELLOMEME.name} {HELLOMEME.version} readings {version}"
        self._rows = ClipRows(clip, what, WIDTH, _BANKS, self._look)

    def at(self, position: float) -> np.ndarray:
        """(WIDTH,) at a place in pictures."""
        return self._rows.at(position, Quality.FINAL)

    def neutral(self) -> np.ndarray:
        """(WIDTH,) on the picture on which the actor's face rests."""
        return self._rows.neutral(Quality.FINAL)

    def _look(self, pictures: Sequence[ClipPicture]) -> np.ndarray:
        return self._readings.of(
            [FacePicture(one.bgr, self._clip.landmarks(one.index), self._place(one.shot)) for one in pictures]
        )

    def _place(self, shot: int) -> FacePlace:
        """Where the face is at rest: all pictures of a shot share it, so that the head's way is seen."""
        if shot not in self._places:
            seen = self._rows.pictures_of(shot)
            self._places[shot] = FacePlace.mean([FacePlace.of(self._clip.landmarks(index)) for index in seen])
        return self._places[shot]
