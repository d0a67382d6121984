# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording made into motion: neutral frame, mapping, smoothing, holding. Cheap, so it is done again at will."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from fractions import Fraction

import numpy as np

from ..face.mesh import VERTICES
from ..face.tables import (
    LEFT_EYE_LOWER,
    LEFT_EYE_OUTER,
    LEFT_EYE_UPPER,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_OUTER,
    RIGHT_EYE_UPPER,
)
from ..motion.track import Track
from .findings import findings_of
from .holding import Holding
from .mapping import controls_of
from .neutral import neutral_picture
from .recording import COLUMNS, Recording
from .smoothing import Reach, smoothed, window

_LID_COLUMNS = [i for i, name in enumerate(COLUMNS) if name.startswith(("eye_", "eyeBlink", "eyeWide", "eyeSquint"))]
_MOUTH_COLUMNS = [i for i, name in enumerate(COLUMNS) if name.startswith(("mouth", "jaw"))]
_LIDS = np.unique(np.concatenate([RIGHT_EYE_UPPER, RIGHT_EYE_LOWER, LEFT_EYE_UPPER, LEFT_EYE_LOWER]))
_OTHERS = np.setdiff1d(np.arange(VERTICES), _LIDS)
# Pictures to each side of the neutral one whose lids are asked.
_AROUND = 3


class Capture:
    """A driving clip as motion.

    Attributes:
        track: pose controls, one sample a picture.
        pictures: pictures of the clip.
        faces: how many faces were seen at once at most.
        cached: the clip had been watched before.
        recording: what was seen.
        content: digest of the clip's content and the face choice.
    """

    def __init__(
        self,
        recording: Recording,
        rate: Fraction,
        neutral: int,
        smoothing: float,
        cached: bool,
        content: str = "",
    ) -> None:
        self.pictures = len(recording)
        self.faces = recording.faces
        self.cached = cached
        self.recording = recording
        self.content = content
        self._holding = Holding.over(recording.found, rate)
        self._segments = segments_of(recording.found, recording.cuts)
        self._reach = Reach.of(smoothing, rate)
        at = neutral_picture(recording, neutral)
        self._neutral_shape = self._shape(at)
        self._span = float(np.linalg.norm(self._neutral_shape[LEFT_EYE_OUTER] - self._neutral_shape[RIGHT_EYE_OUTER]))
        self.track = self._track(rate, at)

    def known(self) -> Capture:
        """The same capture for those who ask again."""
        other = copy(self)
        other.cached = True
        return other

    def motion(self, position: float) -> np.ndarray:
        """(468, 3) displacement of each landmark from the neutral frame.

        In distances between the outer eye corners, in the un-rotated frame of the face: x to the image's right, y
        down, z away. Smoothed and held as the track is.

        Args:
            position: place in the clip in pictures and parts of one; the ends are held.
        """
        position = min(max(float(position), 0.0), self.pictures - 1.0)
        low = int(position)
        part = position - low
        moved = self._held(low)
        if part > 0 and low + 1 < self.pictures and low + 1 not in self.recording.cuts:
            moved = moved * (1 - part) + self._held(low + 1) * part
        return (moved - self._neutral_shape) / self._span

    def _track(self, rate: Fraction, neutral: int) -> Track:
        filled = self._holding.filled(self.recording.seen.astype(np.float64))
        seen = smoothed(filled, self._segments, self._reach.head)
        for columns, half in ((_MOUTH_COLUMNS, self._reach.mouth), (_LID_COLUMNS, self._reach.lids)):
            seen[:, columns] = smoothed(filled[:, columns], self._segments, half)
        # Lost pictures are made of the smoothed ones beside them, or the hold would begin and end with a jump.
        seen = self._holding.filled(seen)
        return Track(
            rate=rate,
            values=controls_of(seen, self._neutral_row(seen, neutral), float(rate)),
            breaks=self.recording.cuts,
            neutral=neutral,
            findings=findings_of(self.recording, self._holding),
        )

    def _neutral_row(self, seen: np.ndarray, neutral: int) -> np.ndarray:
        """(len(COLUMNS),) measures of the neutral frame; lids, which are smoothed least, as the median around it."""
        first, last = self._segment_of(neutral)
        around = seen[max(first, neutral - _AROUND) : min(last, neutral + _AROUND) + 1]
        row = seen[neutral].copy()
        row[_LID_COLUMNS] = np.median(around[:, _LID_COLUMNS], axis=0)
        return row

    def _segment_of(self, picture: int) -> tuple[int, int]:
        """The stretch that holds a picture in which the face was found."""
        return next(segment for segment in self._segments if segment[0] <= picture <= segment[1])

    def _held(self, picture: int) -> np.ndarray:
        holding = self._holding
        before, after, part = int(holding.before[picture]), int(holding.after[picture]), float(holding.part[picture])
        shape = self._shape(before)
        return shape if part == 0 else shape * (1 - part) + self._shape(after) * part

    def _shape(self, picture: int) -> np.ndarray:
        """(468, 3) float64 smoothed landmarks of a picture in which the face was found."""
        first, last = self._segment_of(picture)
        landmarks = self.recording.landmarks
        shape = landmarks[picture].astype(np.float64)
        for half, points in ((self._reach.mouth, _OTHERS), (self._reach.lids, _LIDS)):
            if half:
                low, weights = window(picture, first, last, half)
                part = np.asarray(landmarks[low : low + len(weights)], np.float64)[:, points]
                shape[points] = np.tensordot(weights, part, 1)
        return shape


def segments_of(found: np.ndarray, cuts: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """First and last picture of each stretch in which the face was found, parted at cuts."""
    starts = found & ~np.concatenate([[False], found[:-1]])
    for picture in cuts:
        starts[picture] = found[picture]
    ends = found & np.concatenate([~found[1:] | starts[1:], [True]])
    return tuple((int(a), int(b)) for a, b in zip(np.flatnonzero(starts), np.flatnonzero(ends), strict=True))
