# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture with its face, prepared for expressions: movements, skin layers, eyes, mouth, spectacles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...face.face import Face
from .act import Act
from .colour import Canvas
from .deltas import Movements
from .eye import EyeLook
from .frame import FaceFrame
from .mouth import MouthLook
from .skin import SkinLayers, skin_layers
from .spectacles import Spectacles
from .tone import Tone


@dataclass(frozen=True)
class Portrait:
    """A picture whose face can make expressions.

    Attributes:
        canvas: the picture.
        face: the landmarks it was prepared for.
        frame, movements, layers: geometry of the face.
        eyes: right and left.
        spectacles: None when none are worn.
        only: the one thing it was prepared for; None when it can do anything.
    """

    canvas: Canvas
    face: Face
    frame: FaceFrame
    movements: Movements
    layers: SkinLayers
    eyes: tuple[EyeLook, EyeLook]
    mouth: MouthLook
    spectacles: Spectacles | None
    only: Act | None = None

    @classmethod
    def of(
        cls,
        canvas: Canvas,
        face: Face,
        spectacles: bool = False,
        only: Mapping[str, float] | None = None,
        motion: np.ndarray | None = None,
    ) -> Portrait:
        """Prepare a picture for any pose, or faster for ``only`` one.

        Args:
            spectacles: they are worn, and stay still.
            motion: (468, 2) of an actor, on top of the one pose; face coordinates.
        """
        frame = FaceFrame.of(face)
        worn = Spectacles.of(frame, canvas) if spectacles else None
        movements = Movements.of(frame)
        act = None
        if only is not None:
            wanted = Act.of(movements, only, motion)
            movements = movements.combined(wanted.amplitudes)
            act = replace(wanted, amplitudes=np.ones(1))
        tone = Tone.of(frame, canvas)
        right, left = (EyeLook.of(frame, eye, canvas, tone) for eye in movements.eyes)
        return cls(
            canvas,
            face,
            frame,
            movements,
            skin_layers(
                frame,
                movements.deltas,
                None if worn is None else worn.still,
                act.motion.moved if act and act.motion else None,
            ),
            (right, left),
            MouthLook.of(frame, movements.mouth, tone),
            worn,
            act,
        )
