# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The motion weights that a frame shall have: the source's own, driven by clips and sound, moved by the sliders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..engine import DrivingPlace, FrameRequest, Quality
from .driving_weights import DrivingWeights
from .emotions import expressed
from .source_faces import SourceFace
from .speech import SpokenMouth
from .weights import EXPRESSION, EXPRESSIONS, MOUTH, MOUTHS, POSE, POSES

_BANKS = ((MOUTH, "mouth", MOUTHS), (POSE, "pose", POSES), (EXPRESSION, "expression", EXPRESSIONS))


@dataclass(frozen=True)
class Driving:
    """What drives a session besides the sliders; see ``Drivers``.

    Attributes:
        head, expression: of clips of their own; None for the acting clip's.
    """

    acting: DrivingWeights | None = None
    head: DrivingWeights | None = None
    expression: DrivingWeights | None = None
    speech: SpokenMouth | None = None


class Targets:
    """Weights of frames with one choice of settings."""

    def __init__(self, driving: Driving, settings: Mapping[str, object]) -> None:
        self._driving = driving
        self._relative = settings["motion"] == "relative"

    def row(self, source: SourceFace, request: FrameRequest, quality: Quality, rig: np.ndarray) -> np.ndarray:
        """(36 or 26,) weights of a frame; exactly the source's own where nothing moves.

        Each bank of a driver with strength s gives own + s * (driver - own), or with relative motion
        own + s * (driver - driver at rest). A sound has no rest: its mouth is always taken as it is, and the clip's
        does not count beside it.

        Args:
            rig: (36 or 26,) what the head's, eyes' and mouth's sliders add.
        """
        row = source.own.copy()
        self._drive(row, request, quality)
        if len(row) > EXPRESSION.start:
            row[EXPRESSION] = expressed(row[EXPRESSION], request.pose)
        row += rig
        row += raw_offsets(request.pose)[: len(row)]
        return row

    def _drive(self, row: np.ndarray, request: FrameRequest, quality: Quality) -> None:
        place = request.driving
        if place is not None and self._driving.acting is not None:
            mouth = 0.0 if self._speaks(request) else place.mouth
            strengths = {"mouth": mouth, "pose": place.head, "expression": _face_strength(place)}
            self._follow(row, self._driving.acting, place, quality, strengths)
        place = request.driving_head
        if place is not None and self._driving.head is not None:
            self._follow(row, self._driving.head, place, quality, {"pose": place.head})
        place = request.driving_expression
        if place is not None and self._driving.expression is not None:
            self._follow(row, self._driving.expression, place, quality, {"expression": _face_strength(place)})
        if self._speaks(request):
            self._speak(row, request)

    def _follow(
        self,
        row: np.ndarray,
        clip: DrivingWeights,
        place: DrivingPlace,
        quality: Quality,
        strengths: Mapping[str, float],
    ) -> None:
        for bank, name, _ in _BANKS:
            strength = strengths.get(name, 0.0)
            if strength:
                seen = clip.at(place.position, quality)[bank]
                row[bank] += strength * (seen - (clip.neutral(quality)[bank] if self._relative else row[bank]))

    def _speaks(self, request: FrameRequest) -> bool:
        return request.speech is not None and self._driving.speech is not None

    def _speak(self, row: np.ndarray, request: FrameRequest) -> None:
        assert request.speech is not None and self._driving.speech is not None
        spoken = self._driving.speech.at(request.speech.time_s)
        if spoken is not None:
            row[MOUTH] += request.speech.strength * (spoken - row[MOUTH])


def _face_strength(place: DrivingPlace) -> float:
    """Eyes and brows have one bank, so it is driven by the larger of their strengths."""
    return max(place.eyes, place.brows)


def raw_offsets(pose: Mapping[str, float]) -> np.ndarray:
    """(36,) of the sliders that are added to single weights."""
    names = [f"edtalk_{name}_{number:02d}" for _, name, count in _BANKS for number in range(1, count + 1)]
    return np.array([pose.get(name, 0.0) for name in names])
