# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture with its face, prepared for expressions: movements, skin layers, eyes and mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...face.face import Face
from ..engine import Quality
from .colour import Canvas
from .deltas import Movements, jaw_drop, lid_closing
from .eye import EyeLook, EyePose, draw_eye
from .field import CoarseField
from .frame import FaceFrame
from .mouth import MouthLook, MouthPose, draw_mouth, inner_edges
from .openings import Curve
from .region import region_of
from .rows import SKIN_POINTS
from .skin import SkinLayers, skin_layers
from .spectacles import FrontView, frame_mask
from .warp import Box, Warp, box_of_cells, sample_cells

# Amplitudes below this move nothing by a visible amount.
STILL = 1e-5
# The layers are one where they differ by less, so that nothing needs compositing.
SAME_PX = 0.02


@dataclass(frozen=True)
class Portrait:
    """A picture whose face can make expressions.

    Attributes:
        canvas: the picture.
        face: the landmarks it was prepared for.
        frame, movements, layers: geometry of the face.
        eyes: right and left; mouth.
    """

    canvas: Canvas
    face: Face
    frame: FaceFrame
    movements: Movements
    layers: SkinLayers
    eyes: tuple[EyeLook, EyeLook]
    mouth: MouthLook

    @classmethod
    def of(
        cls, canvas: Canvas, face: Face, spectacles: bool = False, only: Mapping[str, float] | None = None
    ) -> Portrait:
        """Prepare a picture for any pose, or faster for ``only`` one. Worn ``spectacles`` stay still."""
        frame = FaceFrame.of(face)
        mask = frame_mask(frame, FrontView.of(frame, canvas)) if spectacles else None
        movements = Movements.of(frame)
        if only is not None:
            movements = movements.combined(movements.amplitudes(only))
        return cls(
            canvas,
            face,
            frame,
            movements,
            skin_layers(frame, movements.deltas, mask),
            (EyeLook.of(frame, movements.eyes[0], canvas), EyeLook.of(frame, movements.eyes[1], canvas)),
            MouthLook.of(frame, movements.mouth, canvas),
        )

    def expression(self, pose: Mapping[str, float]) -> Expression | None:
        """The face in a pose, or None when it is at rest."""
        amplitudes = self.movements.amplitudes(pose)
        gaze = (pose["gaze_x"], pose["gaze_y"])
        if np.abs(amplitudes).max() < STILL and max(map(abs, gaze)) < STILL:
            return None
        layers = self.layers.fields(amplitudes)
        points = self.frame.points.copy()
        points[:SKIN_POINTS] += np.tensordot(amplitudes, self.movements.deltas, 1)
        closing = lid_closing(pose)
        eyes = tuple(
            EyePose(look.gaze_shift(*gaze), amount, Curve.through(points[list(look.eye.rows.upper[0])]))
            for look, amount in zip(self.eyes, closing, strict=True)
        )
        mouth = MouthPose(*inner_edges(points), jaw=jaw_drop(pose), pucker=max(pose["mouth_pucker"], 0.0))
        return Expression(self, layers, (eyes[0], eyes[1]), mouth)


@dataclass(frozen=True)
class Expression:
    """A portrait's face in one pose.

    Attributes:
        layers: forward displacement of the upper and the lower skin layer.
    """

    portrait: Portrait
    layers: tuple[CoarseField, CoarseField]
    eyes: tuple[EyePose, EyePose]
    mouth: MouthPose

    def draw_openings(self, work: np.ndarray, warp: Warp, quality: Quality) -> None:
        """Composite eyes and mouth into the frame ``work``, which holds the upper skin layer."""
        portrait = self.portrait
        for which, (look, pose) in enumerate(zip(portrait.eyes, self.eyes, strict=True)):
            moves = bool(np.abs(pose.shift).max() > 0 or abs(pose.closing) > STILL)
            box = self._box(portrait.layers.near_eyes[which], warp, moves)
            if box is not None:
                region = region_of(work, portrait.canvas.pixels, warp, box, quality)
                _put(work, box, draw_eye(look, portrait.frame, region, pose), portrait.canvas)
        box = self._box(portrait.layers.near_mouth, warp, False)
        if box is not None:
            region = region_of(work, portrait.canvas.pixels, warp, box, quality)
            _put(work, box, draw_mouth(portrait.mouth, portrait.frame, portrait.canvas, region, self.mouth), portrait.canvas)

    def _box(self, near: np.ndarray, warp: Warp, always: bool) -> Box | None:
        """Output box of an opening whose surroundings on the grid are marked ``near``, or None when it is still."""
        upper, lower = self.layers
        if not always and (np.abs(upper.grid - lower.grid).max(axis=2) * near).max() < SAME_PX:
            return None
        assert warp.lower is not None
        positions = warp.lower.centres() + warp.lower.grid
        found = sample_cells(near, upper, positions)
        return box_of_cells(found > 0.02, warp.lower, self.portrait.canvas.size)


def _put(work: np.ndarray, box: Box, values: np.ndarray, canvas: Canvas) -> None:
    x0, y0, x1, y1 = box
    if work.dtype == np.float32:
        work[y0:y1, x0:x1] = values
    else:
        work[y0:y1, x0:x1] = np.rint(np.clip(values, 0, canvas.peak))
