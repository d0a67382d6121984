# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures portraits for ``calibration``: redraws, tracks, keeps what was read by the portrait's content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...face.face import Face
from ...face.tracker import FaceTracker
from ..engine import Notes, Quality
from .calibration import Calibration, fitted, steps
from .crop import NETWORK_PX
from .description import EDTALK
from .readings import READINGS, readings_of
from .source_faces import Networks, SourceFace
from .weights import Weights

# Portraits whose readings are kept, those of canceled requests as far as they came.
_KEPT = 16


# Pictures are compared in this size; those that are further apart in the mean, of 255, show something else.
_LOOK, _SAME = (16, 16), 4.0


@dataclass(eq=False)
class _Portrait:
    """What was read of a portrait.

    Attributes:
        look: (16, 16, 3) float32, its square in small.
        readings: (n, len(READINGS)) of the first pictures of ``steps``.
    """

    look: np.ndarray
    readings: np.ndarray

    def apart(self, other: _Portrait) -> float:
        """Mean difference of the looks."""
        return float(np.abs(self.look - other.look).mean())


class Calibrator:
    """Calibrations of portraits, measured once each.

    Args:
        version: all that decides what the networks draw: their files and how exactly they compute.
    """

    def __init__(self, tracker: FaceTracker, model: Networks, version: str) -> None:
        self._tracker = tracker
        self._model = model
        self._version = version
        self._portraits: dict[str, _Portrait] = {}
        self._last: tuple[SourceFace, Face | None] | None = None

    def of(
        self,
        source: SourceFace,
        quality: Quality,
        check: Callable[[], object],
        notes: Notes | None,
        at_once: int,
    ) -> Calibration | None:
        """The calibration of a portrait; None where its redrawn pictures show no face.

        A picture of 256 px a step is drawn, which takes a CPU about a minute. What was measured before a cancel is
        kept. Previews, whose pictures are reduced as the view needs it, take what was measured on the same portrait in
        another size.

        Args:
            check: called before each pictures that are drawn at once; raises when the request was canceled.
            notes: where the readings are kept for other processes, and progress is told.
            at_once: pictures that are drawn together.
        """
        key, rows = self._key(source), steps(source.own)
        known = self._known(key, source, notes)
        if quality is Quality.PREVIEW:
            known = self._alike(known, len(rows))
        while len(known.readings) < len(rows):
            check()
            if notes:
                notes.progress(len(known.readings), len(rows))
            # Meanwhile another request may have measured the same portrait.
            known = self._known(key, source, notes)
            if len(known.readings) < len(rows):
                known.readings = self._continued(source, rows, known.readings, at_once)
            if len(known.readings) == len(rows) and notes:
                notes.progress(len(rows), len(rows))
                notes.remember(key, known.readings)
        return fitted(known.readings)

    def _known(self, key: str, source: SourceFace, notes: Notes | None) -> _Portrait:
        """What was read of a portrait as yet."""
        if key not in self._portraits:
            kept = notes.remembered(key) if notes else None
            fits = kept is not None and kept.shape[1:] == (len(READINGS),) and kept.dtype == np.float64
            readings = kept if kept is not None and fits else np.zeros((0, len(READINGS)))
            look = cv2.resize(source.crop, _LOOK, interpolation=cv2.INTER_AREA).astype(np.float32)
            self._portraits[key] = _Portrait(look, readings)
        while len(self._portraits) > _KEPT:
            self._portraits.pop(next(iter(self._portraits)))
        return self._portraits[key]

    def _alike(self, portrait: _Portrait, count: int) -> _Portrait:
        """A portrait that looks the same and was measured to the end; the given one where there is none."""
        measured = [one for one in self._portraits.values() if len(one.readings) == count]
        nearest = min([portrait, *measured], key=lambda one: (len(one.readings) < count, one.apart(portrait)))
        return nearest if nearest.apart(portrait) < _SAME else portrait

    def _continued(self, source: SourceFace, rows: np.ndarray, readings: np.ndarray, at_once: int) -> np.ndarray:
        """Readings with those of the next pictures; without a face at rest the others are not drawn."""
        done = len(readings)
        rest = self._rest(source, rows)
        if rest is None:
            return np.full((len(rows), len(READINGS)), np.nan)
        found = [self._read(face, rest) for face in self._faces(source, rows[done : done + at_once], rest)]
        return np.concatenate([readings, *np.reshape(found, (len(found), 1, -1))])

    def _rest(self, source: SourceFace, rows: np.ndarray) -> Face | None:
        """The face in the picture with the portrait's own weights."""
        if self._last is None or self._last[0] is not source:
            self._last = source, self._faces(source, rows[:1], in_crop(source))[0]
        return self._last[1]

    def _faces(self, source: SourceFace, rows: np.ndarray, near: Face) -> list[Face | None]:
        """The face in redrawn pictures, None where there is none."""
        drawn = self._model.decode(source.code, Weights.of_rows(rows))
        pictures = np.rint(np.clip(drawn, 0, 1)[..., ::-1] * 255).astype(np.uint8)
        return [self._tracker.refine(np.ascontiguousarray(bgr), near) for bgr in pictures]

    def _read(self, face: Face | None, rest: Face) -> np.ndarray:
        if face is None:
            return np.full(len(READINGS), np.nan)
        return readings_of(face, rest, self._tracker.mesh)

    def _key(self, source: SourceFace) -> str:
        content = hashlib.blake2b(source.crop.tobytes(), digest_size=16).hexdigest()
        return f"{EDTALK.name} {EDTALK.version} calibration {self._version} {content}"


def in_crop(source: SourceFace) -> Face:
    """The source's face in px of its 256 px square."""
    matrix = source.square.to_crop(NETWORK_PX)
    points = source.face.landmarks @ np.diag([1, 1, NETWORK_PX / source.square.side])
    points[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return replace(source.face, landmarks=points)
