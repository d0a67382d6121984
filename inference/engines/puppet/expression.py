# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A face in one pose: its skin layers' displacement, and the drawing of eyes, mouth and spectacles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ...controls import BY_NAME, RIG_NAMES, Group
from ..engine import Quality
from .act import Act
from .colour import Canvas
from .deltas import lid_closing
from .eye import EyePose, draw_eye
from .field import CoarseField
from .mouth import MouthPose, draw_mouth, inner_edges
from .openings import Curve
from .portrait import Portrait
from .region import lay_lower_skin, resample
from .rows import SKIN_POINTS
from .stretch import FULL
from .warp import Box, Warp, box_of_cells

# Amplitudes below this move nothing by a visible amount.
STILL = 1e-5
# The layers are one where they differ by less, so that nothing needs compositing.
SAME_PX = 0.02


@dataclass(frozen=True)
class Expression:
    """A portrait's face in one pose.

    Attributes:
        layers: forward displacement of the upper and the lower skin layer.
        behind_spectacles: lids or brows move.
    """

    portrait: Portrait
    layers: tuple[CoarseField, CoarseField]
    eyes: tuple[EyePose, EyePose]
    mouth: MouthPose
    behind_spectacles: bool

    @property
    def pixels(self) -> np.ndarray:
        """The picture, without spectacles when the skin behind them moves."""
        worn = self.portrait.spectacles
        return worn.skin if worn is not None and self.behind_spectacles else self.portrait.canvas.pixels

    def draw(self, work: np.ndarray, warp: Warp, quality: Quality, executor: Executor | None = None) -> list[Box]:
        """Composite eyes, mouth and spectacles into the frame ``work``, which holds the upper skin layer.

        Returns:
            Pixel boxes that were drawn into.
        """
        boxes = self._boxes(warp)
        openings = (
            partial(self._draw_mouth, boxes[2], work, warp, quality),
            partial(self._draw_eye, 0, boxes[0], work, warp, quality),
            partial(self._draw_eye, 1, boxes[1], work, warp, quality),
        )
        # Openings lie apart, so they can be drawn at the same time.
        for _ in (map if executor is None else executor.map)(_call, openings):
            pass
        boxes.append(self._draw_spectacles(work, warp, quality))
        return [box for box in boxes if box is not None]

    def _draw_eye(self, which: int, box: Box | None, work: np.ndarray, warp: Warp, quality: Quality) -> None:
        if box is None:
            return
        portrait, look, pose = self.portrait, self.portrait.eyes[which], self.eyes[which]
        region = lay_lower_skin(work, self.pixels, warp, box, look.masks, quality)
        if region is not None:
            _put(work, region.box, draw_eye(look, portrait.frame, region, pose), portrait.canvas)

    def _draw_mouth(self, box: Box | None, work: np.ndarray, warp: Warp, quality: Quality) -> None:
        if box is None:
            return
        portrait = self.portrait
        region = lay_lower_skin(work, self.pixels, warp, box, portrait.mouth.masks, quality)
        if region is not None:
            drawn = draw_mouth(portrait.mouth, portrait.frame, portrait.canvas, region, self.mouth)
            _put(work, region.box, drawn, portrait.canvas)

    def _draw_spectacles(self, work: np.ndarray, warp: Warp, quality: Quality) -> Box | None:
        """Put the upper rims back over the skin that moved behind them."""
        worn, canvas = self.portrait.spectacles, self.portrait.canvas
        if worn is None or not self.behind_spectacles:
            return None
        assert warp.plane is not None
        positions = warp.plane.centres() + warp.plane.grid
        margin = 2 * warp.plane.step
        inside = (positions > np.array(worn.box[:2]) - margin) & (positions < np.array(worn.box[2:]) + margin)
        box = box_of_cells(np.asarray(inside.all(axis=2)), warp.plane, canvas.size)
        if box is None:
            return None
        plane = warp.plane.map(*box)
        shifted = plane - np.array(worn.box[:2], np.float32)
        weight = cv2.remap(worn.rims, shifted, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[..., None]  # type: ignore[call-overload]
        x0, y0, x1, y1 = box
        out = work[y0:y1, x0:x1].astype(np.float32)
        out += weight * (resample(canvas.pixels, plane, quality) - out)
        _put(work, box, out, canvas)
        return box

    def _boxes(self, warp: Warp) -> list[Box | None]:
        """Output boxes of right eye, left eye and mouth; None for those that are still."""
        upper, lower = self.layers
        near = self.portrait.layers.near
        apart = np.abs(upper.grid - lower.grid)
        apart = np.maximum(apart[..., 0], apart[..., 1])
        assert warp.lower is not None
        found = upper.sampled(near, warp.lower.centres() + warp.lower.grid) > 0.02
        boxes: list[Box | None] = []
        for which in range(near.shape[2]):
            moves = float((apart * near[..., which]).max()) >= SAME_PX
            if which < len(self.eyes):
                pose = self.eyes[which]
                moves |= bool(np.abs(pose.shift).max() > 0 or abs(pose.closing) > STILL)
            boxes.append(box_of_cells(found[..., which], warp.lower, self.portrait.canvas.size) if moves else None)
        return boxes


def face_rests(pose: Mapping[str, float]) -> bool:
    """Whether all controls of a pose but the head's are at rest."""
    face = (BY_NAME[name] for name in RIG_NAMES if BY_NAME[name].group is not Group.HEAD)
    return all(pose[control.name] == control.rest for control in face)


def expression_of(portrait: Portrait, pose: Mapping[str, float], motion: np.ndarray | None = None) -> Expression | None:
    """A portrait's face in a pose, or None when it is at rest.

    Args:
        motion: (468, 2) displacement of its landmarks on top, in face coordinates.
    """
    act = portrait.only or Act.of(portrait.movements, pose, motion)
    gaze = (pose["gaze_x"], pose["gaze_y"])
    if act.motion is None and np.abs(act.amplitudes).max() < STILL and max(map(abs, gaze)) < STILL:
        return None
    layers = portrait.layers.fields(act.amplitudes)
    points = portrait.frame.points.copy()
    points[:SKIN_POINTS] += portrait.movements.total(act.amplitudes)
    shares = FULL
    if act.motion is not None:
        layers, shares = portrait.layers.with_motion(layers, act.motion.moved)
        points[:SKIN_POINTS] += shares.at(points[:SKIN_POINTS, 1])[:, None] * act.motion.moved
    closing = lid_closing(pose)
    eyes = tuple(
        EyePose(look.gaze_shift(*gaze), amount, Curve.through(points[list(look.eye.rows.upper[0])]))
        for look, amount in zip(portrait.eyes, closing, strict=True)
    )
    mouth = MouthPose(*inner_edges(points), jaw=act.jaw(shares.mouth), pucker=act.pucker(shares.mouth))
    behind = (act.motion is not None and act.motion.brows) or _moves_behind_spectacles(pose)
    return Expression(portrait, layers, (eyes[0], eyes[1]), mouth, behind)


def _call(function: Callable[[], None]) -> None:
    function()


def _put(work: np.ndarray, box: Box, values: np.ndarray, canvas: Canvas) -> None:
    x0, y0, x1, y1 = box
    work[y0:y1, x0:x1] = canvas.to_native(values)


def _moves_behind_spectacles(pose: Mapping[str, float]) -> bool:
    """Whether a lid or a brow moves."""
    names = ("brow", "brow_l", "brow_r", "wink_l", "wink_r", "gaze_y")
    return pose["eye_open"] != 1 or any(pose[name] != 0 for name in names)
