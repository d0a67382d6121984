# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning the head: a height field over the ear plane, rotated and projected, faded out into the surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from ...controls import BY_NAME
from ...face.face import Face
from ...face.tables import CHIN, FOREHEAD
from .depth import Relief, height_over_ears
from .field import CoarseField, cell_centres, invert
from .frame import FaceFrame, smoothstep

HEAD_NAMES = ("head_yaw", "head_pitch", "head_roll", "head_x", "head_y", "head_scale")
# Cells across the face; the height field is smooth at that size.
_CELLS_PER_FACE = 24
# How far from the face's centre anything may move, in face widths.
_REACH = 4.0
# Weak perspective: growth for each face width that a point comes nearer.
_PERSPECTIVE = 0.132
# The head turns about a point this far below the ears, in face heights.
_PIVOT = 0.25


class Background(str, Enum):
    """What the surroundings do: follow the head softly, or stay (and be covered by a plate)."""

    STRETCH = "stretch"
    HOLD = "hold"


@dataclass(frozen=True)
class HeadShape:
    """The head as it stands in the picture, on a grid. Lengths in px along the face's axes.

    Attributes:
        width, height: of the face: ear to ear, forehead to chin.
        place: (gh, gw, 2) float32 each cell's position relative to the pivot.
        relief: height over the ear plane.
        radius: (gh, gw) float32 elliptic distance from the face's centre, 1 on the head's outline.
        below: (gh, gw) float32 distance below the face's centre in half face heights.
    """

    width: float
    height: float
    place: np.ndarray
    relief: Relief
    radius: np.ndarray
    below: np.ndarray


@dataclass(frozen=True)
class Fade:
    """Where the head's motion ends: starts and lengths of the ramps, in elliptic radii and half face heights."""

    start: float
    length: float
    neck_start: float
    neck_length: float


_FADES = {Background.STRETCH: Fade(1.0, 1.3, 1.0, 1.15), Background.HOLD: Fade(1.7, 1.5, 0.95, 1.35)}
# Half axes of the head's outline: sideways in half face widths, up and down in half face heights.
_OUTLINES = {Background.STRETCH: (1.30, 1.62, 1.12), Background.HOLD: (1.30, 1.70, 1.70)}
# Ramps are as long as this many times the motion that they take up: steepest slope 1.5 / 2.5, so that nothing folds.
_ROOM = 2.5
# The same at the picture's edges, where only stretching happens.
_EDGE_ROOM = 2.2
# Turns up to the first are made as they are; larger ones approach the second, where a turned height field folds.
_STRAIGHT_DEG, _STEEPEST_DEG = 25.0, 38.0
# A turned surface keeps at least this part of its width everywhere.
_LEAST_WIDTH = 0.3
# Motions below this are not made.
_STILL_PX = 0.01
_MOST_ITERATIONS = 48


@dataclass(frozen=True)
class TurnGains:
    """Factors on the height field, one for each way of turning. Landmark models give flatter faces than there are."""

    right: float = 1.0
    left: float = 1.0
    up: float = 1.0
    down: float = 1.0


@dataclass(frozen=True)
class HeadWarp:
    """The head of one picture, ready to be turned.

    Attributes:
        size: (width, height) of the picture in px.
        frame: the face's own coordinates.
        shape: the head on the grid.
        left, top, step: the grid, as in ``CoarseField``.
        background: what the surroundings do.
        gains: factors on the height for each turn, from calibration.
    """

    size: tuple[int, int]
    frame: FaceFrame
    shape: HeadShape
    left: int
    top: int
    step: int
    background: Background
    gains: TurnGains = TurnGains()

    @classmethod
    def build(cls, face: Face, size: tuple[int, int], background: Background | str = Background.STRETCH) -> HeadWarp:
        """Prepare a face of a picture of (width, height) px."""
        frame = FaceFrame.of(face)
        background = Background(background)
        ear_width = frame.width * frame.span_px
        step = max(1, round(ear_width / _CELLS_PER_FACE))
        middle = frame.to_picture(frame.oval()[0])
        low = np.maximum(np.floor(middle - _REACH * ear_width), 0).astype(int)
        high = np.minimum(np.ceil(middle + _REACH * ear_width), size).astype(int)
        columns, rows = (int(n) for n in np.maximum(-((low - high) // step), 2))
        centres = cell_centres(rows, columns, int(low[0]), int(low[1]), step)
        shape = _head_shape(face, frame, centres, background)
        return cls(size, frame, shape, int(low[0]), int(low[1]), step, background)

    def with_gains(self, gains: TurnGains) -> HeadWarp:
        """The same head with other factors on its height."""
        return replace(self, gains=gains)

    def forward(self, pose: Mapping[str, float]) -> CoarseField | None:
        """Where each place of the picture goes: displacement in px, or None when the head is at rest."""
        if head_rests(pose):
            return None
        motion = self._motion(pose) @ self.frame.axes.astype(np.float32)
        field = CoarseField(self._kept_inside(motion), self.left, self.top, self.step)
        return field if np.abs(field.grid).max() >= _STILL_PX else None

    def inverse(self, pose: Mapping[str, float]) -> CoarseField | None:
        """Where each place of the output comes from: displacement in px, or None when the head is at rest."""
        forward = self.forward(pose)
        if forward is None:
            return None
        # Strong compression converges slowly.
        extent = float(np.abs(forward.grid).max()) / (self.shape.width + 1e-6)
        return invert(forward, iterations=min(10 + int(60 * extent), _MOST_ITERATIONS))

    def _motion(self, pose: Mapping[str, float]) -> np.ndarray:
        """(gh, gw, 2) float32 displacement in px along the face's axes."""
        shape = self.shape
        shift = np.array([pose["head_x"], -pose["head_y"]], np.float32) * np.float32(shape.width)
        # The shift is along the picture's axes, everything else along the face's.
        shift = (self.frame.axes @ shift).astype(np.float32)
        scale = float(pose["head_scale"])
        weight = self._weight(self._motion_px(pose))
        turned = shape.place + (self._turned(pose) - shape.place) * cv2.merge([weight, weight])
        # Roll and scale fade as angle and exponent instead of as displacement: that never folds by itself.
        angle = np.float32(np.radians(pose["head_roll"])) * weight
        growth = np.exp(np.float32(np.log(scale)) * weight)
        cos, sin = np.cos(angle) * growth, np.sin(angle) * growth
        x, y = turned[..., 0], turned[..., 1]
        moved = np.dstack([x * cos - y * sin, x * sin + y * cos])
        return moved + cv2.merge([shift[0] * weight, shift[1] * weight]) - shape.place

    def _turned(self, pose: Mapping[str, float]) -> np.ndarray:
        """(gh, gw, 2) float32 places after yaw and pitch, in weak perspective."""
        yaw, pitch = np.radians(bounded_turn(pose))
        x, y = self.shape.place[..., 0], self.shape.place[..., 1]
        yaw_gain = self.gains.right if yaw > 0 else self.gains.left
        pitch_gain = self.gains.up if pitch > 0 else self.gains.down
        above = self._above(yaw, pitch, max(yaw_gain, pitch_gain))
        z = above * np.float32(yaw_gain)
        x1 = x * np.float32(np.cos(yaw)) + z * np.float32(np.sin(yaw))
        z1 = above * np.float32(np.cos(yaw)) - x * np.float32(np.sin(yaw))
        y1 = y * np.float32(np.cos(pitch)) - z1 * np.float32(pitch_gain * np.sin(pitch))
        z2 = z1 * np.float32(np.cos(pitch)) + y * np.float32(np.sin(pitch))
        growth = 1 + np.float32(_PERSPECTIVE / self.shape.width) * (z2 - above)
        return np.dstack([x1 * growth, y1 * growth])

    def _above(self, yaw: float, pitch: float, gain: float) -> np.ndarray:
        """(gh, gw) float32 height over the ears in px, no steeper than these angles in radians can show unfolded."""
        angle = float(np.hypot(yaw, pitch))
        if angle < 1e-6:
            return self.shape.relief.heights[0]
        slope = (np.cos(angle) - _LEAST_WIDTH) / (gain * np.sin(angle))
        return self.shape.relief.at_most(float(slope))

    def _motion_px(self, pose: Mapping[str, float]) -> float:
        """About how far the head's outline moves towards its surroundings."""
        width = self.shape.width
        yaw, pitch = np.radians(bounded_turn(pose))
        shift = np.hypot(pose["head_x"], pose["head_y"])
        growth = max(float(pose["head_scale"]) - 1, 0.0)
        roll = 2 * np.sin(np.radians(abs(pose["head_roll"])) / 2)
        turn = 2 - np.cos(yaw) - np.cos(pitch) + 0.15 * (abs(np.sin(yaw)) + abs(np.sin(pitch)))
        return float(width * (shift + 1.3 * growth + 0.5 * roll + turn))

    def _weight(self, motion_px: float) -> np.ndarray:
        """(gh, gw) float32: 1 on the head, 0 where nothing moves; the ramps grow with what they must take up."""
        fade, shape = _FADES[self.background], self.shape
        outline = _OUTLINES[self.background][0] * shape.width / 2
        length = np.hypot(fade.length, _ROOM * motion_px / outline)
        neck = np.hypot(fade.neck_length, _ROOM * motion_px / (shape.height / 2))
        around = 1 - smoothstep(fade.start, fade.start + length, shape.radius)
        return (around * (1 - smoothstep(fade.neck_start, fade.neck_start + neck, shape.below))).astype(np.float32)

    def _kept_inside(self, motion: np.ndarray) -> np.ndarray:
        """Motion (gh, gw, 2) in px that pulls nothing in from beyond the picture's edges; outward motion is free."""
        rows, columns = motion.shape[:2]
        x = self.left + (np.arange(columns) + 0.5) * self.step - 0.5
        y = self.top + (np.arange(rows) + 0.5) * self.step - 0.5
        for axis, places, length in ((0, x, self.size[0]), (1, y[:, None], self.size[1])):
            component = motion[..., axis]
            first, last = (component[:, 0], component[:, -1]) if axis == 0 else (component[0], component[-1])
            if places.flat[0] < self.step and first.max() > 0:
                ramp = smoothstep(-0.5, _EDGE_ROOM * float(first.max()), places)
                component = np.where(component > 0, component * ramp, component)
            if places.flat[-1] > length - 1 - self.step and last.min() < 0:
                ramp = smoothstep(-0.5, -_EDGE_ROOM * float(last.min()), length - 1 - places)
                component = np.where(component < 0, component * ramp, component)
            motion[..., axis] = component
        return np.ascontiguousarray(motion, np.float32)


def head_rests(pose: Mapping[str, float]) -> bool:
    """Whether all head controls of a pose are at rest."""
    return all(pose[name] == BY_NAME[name].rest for name in HEAD_NAMES)


def bounded_turn(pose: Mapping[str, float]) -> tuple[float, float]:
    """Yaw and pitch in degrees as they are made: themselves up to 25 degrees together, then ever less, below 38."""
    yaw, pitch = pose["head_yaw"], pose["head_pitch"]
    size = float(np.hypot(yaw, pitch))
    if size <= _STRAIGHT_DEG:
        return yaw, pitch
    room = _STEEPEST_DEG - _STRAIGHT_DEG
    share = (_STRAIGHT_DEG + room * float(np.tanh((size - _STRAIGHT_DEG) / room))) / size
    return yaw * share, pitch * share


def _head_shape(face: Face, frame: FaceFrame, centres: np.ndarray, background: Background) -> HeadShape:
    points, span = frame.points, frame.span_px
    height = float(np.linalg.norm(points[CHIN] - points[FOREHEAD])) * span
    width = frame.width * span
    pivot = (points[234] + points[454]) / 2 + (0, _PIVOT * height / span)
    place = frame.to_face(centres)
    middle = frame.oval()[0]
    off = (place - middle) * span
    side, up, down = _OUTLINES[background]
    vertical = np.where(off[..., 1] < 0, up, down) * height / 2
    radius = np.hypot(off[..., 0] / (side * width / 2), off[..., 1] / vertical)
    if background is Background.HOLD:
        # Below, the neck's ramp ends the motion; the sideways one must not cut through the shoulders earlier.
        radius = np.where(off[..., 1] < 0, radius, np.abs(off[..., 0]) / (side * width / 2))
    return HeadShape(
        width,
        height,
        ((place - pivot) * span).astype(np.float32),
        Relief.of(height_over_ears(face, frame, centres), float(centres[0, 1, 0] - centres[0, 0, 0])),
        radius.astype(np.float32),
        (off[..., 1] / (height / 2)).astype(np.float32),
    )
