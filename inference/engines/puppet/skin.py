# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin-plate splines from landmark displacements to two dense skin layers.

Lids and lips are discontinuities that no single smooth field can show. The *upper* layer ignores what lies below the
lids' and lips' opening, the *lower* layer what lies above; ``apertures`` shows each on its own side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from .field import CoarseField, cell_centres
from .frame import FaceFrame, smoothstep
from .rows import EYES, LOWER_LIP, MOUTH_CORNERS, OVAL, SKIN_POINTS, UPPER_LIP, between_ends
from .spectacles import freedom
from .stretch import Shares, Skin

GRID_WIDTH = 76
RIDGE = 1e-5
# Rings around the face's outline that do not move, and where the field fades out, as factors of the outline.
RINGS = (1.42, 1.75)
FADE = (1.42, 1.72)
# Below the chin there is a neck to take up the jaw's motion, so rings and fade lie further out there.
BELOW = 0.45

Layers = tuple[CoarseField, CoarseField]


@dataclass(frozen=True)
class SkinLayers:
    """Dense fields of every movement.

    Attributes:
        upper, lower: (n, gh * gw * 2) float32 forward displacement in px at amplitude 1.
        shape: (gh, gw).
        left, top, step: as in ``CoarseField``.
        near: (gh, gw, 3) float32: 1 around right eye, left eye and mouth, 0 away from them.
        spread: what makes such fields of any displacement.
        ahead: both layers' fields of the one motion that will be asked for; None to make them when they are wanted.
    """

    upper: np.ndarray
    lower: np.ndarray
    shape: tuple[int, int]
    left: int
    top: int
    step: int
    near: np.ndarray
    spread: Spread
    ahead: tuple[np.ndarray, np.ndarray] | None = None

    def fields(self, amplitudes: np.ndarray) -> Layers:
        """Forward displacement of the upper and the lower layer for amplitudes (n,)."""
        weights = amplitudes.astype(np.float32)
        shape = (*self.shape, 2)
        upper, lower = ((weights @ layer).reshape(shape) for layer in (self.upper, self.lower))
        return (
            CoarseField(upper, self.left, self.top, self.step),
            CoarseField(lower, self.left, self.top, self.step),
        )

    def with_motion(self, layers: Layers, moved: np.ndarray) -> tuple[Layers, Shares]:
        """Layers with motion on top, as far as nothing folds.

        Args:
            moved: (468, 2) displacement of the landmarks, face coordinates.

        Returns:
            Both layers, and the shares of the motion that they have.
        """
        made = self.ahead or self.spread.of_motion(moved)
        motion = [layer.reshape(*self.shape, 2) for layer in made]
        above = self.spread.above_lips.reshape(self.shape)
        height = self.spread.centres[:, 1].reshape(self.shape)
        lids = self.near[..., :2].max(axis=2)
        upper, lower = (Skin(field.grid, field.step, shown, lids, height)
                        for field, shown in zip(layers, (above, ~above), strict=True))  # fmt: skip
        apart = self.spread.apart.reshape(*self.shape, 1).astype(np.float32)
        high = upper.eased(motion[0])
        low = high + apart * (lower.eased(motion[1]) - high)
        shares = upper.shares(high).least(lower.shares(low))
        share = shares.at(height)[..., None].astype(np.float32)
        both = zip(layers, (high, low), strict=True)
        first, second = (replace(field, grid=field.grid + share * more) for field, more in both)
        return (first, second), shares


def skin_layers(
    frame: FaceFrame, deltas: np.ndarray, spectacles: np.ndarray | None = None, moved: np.ndarray | None = None
) -> SkinLayers:
    """Solve both layers for displacements (n, 468, 2) in face coordinates.

    Args:
        spectacles: a mask of what stays still.
        moved: (468, 2) of the one motion that will be asked for.
    """
    left, top, step, rows, columns = _grid_of(frame)
    centres = frame.to_face(cell_centres(rows, columns, left, top, step).reshape(-1, 2).astype(np.float64))
    ring = _rings(frame)
    share = _fade(frame, centres)
    if spectacles is not None:
        share = share * freedom(spectacles, centres)
    near = _near_openings(frame, centres)
    kernel = _Kernel(np.concatenate([frame.points[:SKIN_POINTS], ring]))
    omitted = (_not_upper(frame), _not_lower(frame))
    spread = Spread(frame, kernel, centres, omitted, share, np.max(near, axis=0))
    around = np.stack(near, axis=-1).reshape(rows, columns, len(near)).astype(np.float32)
    if moved is None:
        return SkinLayers(*spread.layers(deltas), (rows, columns), left, top, step, around, spread)
    upper, lower = spread.layers(np.concatenate([deltas, moved[None]]))
    count = len(deltas)
    ahead = (upper[count:], lower[count:])
    return SkinLayers(upper[:count], lower[:count], (rows, columns), left, top, step, around, spread, ahead)


@dataclass(frozen=True)
class Spread:
    """From displacements of the landmarks to both layers.

    Attributes:
        frame: the face's coordinates.
        kernel: the spline through landmarks and still points.
        centres: (p, 2) places in face coordinates.
        omitted: landmarks that the upper and the lower layer ignore.
        share: (p,) how much of the motion each place takes part in.
        apart: (p,) 1 where the layers differ, 0 where they are one.
    """

    frame: FaceFrame
    kernel: _Kernel
    centres: np.ndarray
    omitted: tuple[np.ndarray, np.ndarray]
    share: np.ndarray
    apart: np.ndarray

    def layers(self, deltas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both layers' fields (n, p * 2), float32 px, of displacements (n, 468, 2) in face coordinates."""
        still = len(self.kernel) - SKIN_POINTS
        values = np.concatenate([deltas, np.zeros((len(deltas), still, 2))], axis=1)
        values = values.transpose(1, 0, 2).reshape(len(self.kernel), -1)
        weights = np.concatenate([self.kernel.solve(values, points) for points in self.omitted], axis=1)
        dense = self.kernel.evaluate(self.centres, weights).reshape(len(self.centres), 2, len(deltas), 2)
        dense = self.frame.vectors_to_picture(dense) * self.share[:, None, None, None]
        upper, lower = dense[:, 0], dense[:, 1]
        # Away from the openings both layers are one, so that no seam shows where their compositing ends.
        lower = upper + self.apart[:, None, None] * (lower - upper)
        flat = [layer.transpose(1, 0, 2).reshape(len(deltas), -1).astype(np.float32) for layer in (upper, lower)]
        return flat[0], flat[1]

    def of_motion(self, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both layers' fields (1, p * 2) as ``layers`` makes them, for one displacement (468, 2) after the other."""
        weights = [self.frame.vectors_to_picture(solution @ moved) for solution in self._solutions]
        places, basis = self._basis
        found = np.zeros((len(self.centres), 4), np.float32)
        found[places] = basis @ np.concatenate(weights, axis=1).astype(np.float32)
        upper, lower = found[:, :2], found[:, 2:]
        lower = upper + self.apart[:, None].astype(np.float32) * (lower - upper)
        return upper.reshape(1, -1), lower.reshape(1, -1)

    @cached_property
    def above_lips(self) -> np.ndarray:
        """(p,) bool: places above the line on which the lips meet, where the upper layer is seen."""
        lips = (self.frame.points[list(UPPER_LIP[0])] + self.frame.points[list(LOWER_LIP[0])]) / 2
        order = np.argsort(lips[:, 0])
        return self.centres[:, 1] < np.interp(self.centres[:, 0], *lips[order].T)

    @cached_property
    def _solutions(self) -> list[np.ndarray]:
        """(m + 3, 468) for each layer: from displacements of the landmarks to the spline's weights."""
        unit = np.eye(len(self.kernel), SKIN_POINTS)
        return [self.kernel.solve(unit, points) for points in self.omitted]

    @cached_property
    def _basis(self) -> tuple[np.ndarray, np.ndarray]:
        """The places that move, and what the spline's weights are multiplied with for their displacement."""
        places = np.flatnonzero(self.share)
        return places, self.kernel.basis(self.centres[places]) * self.share[places, None].astype(np.float32)


class _Kernel:
    """Thin-plate spline through control points: phi = r^2 log r, plus an affine part (Bookstein 1989)."""

    def __init__(self, control: np.ndarray) -> None:
        self._centre = control.mean(axis=0)
        self._scale = 1 / np.ptp(control, axis=0).max()
        self._control = (control - self._centre) * self._scale
        self._phi = self._matrix(self._control)

    def __len__(self) -> int:
        return len(self._control)

    def solve(self, values: np.ndarray, omitted: np.ndarray) -> np.ndarray:
        """Weights (n + 3, m) for values (n, m) at the control points, leaving out some points' values."""
        keep = np.setdiff1d(np.arange(len(self._control)), omitted)
        count = len(keep)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = self._phi[np.ix_(keep, keep)]
        system[np.arange(count), np.arange(count)] += RIDGE
        system[:count, count] = system[count, :count] = 1
        system[:count, count + 1 :] = self._control[keep]
        system[count + 1 :, :count] = self._control[keep].T
        solved = np.linalg.solve(system, np.concatenate([values[keep], np.zeros((3, values.shape[1]))]))
        weights = np.zeros((len(self._control) + 3, values.shape[1]))
        weights[np.concatenate([keep, len(self._control) + np.arange(3)])] = solved
        return weights

    def evaluate(self, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Values (p, m) at points (p, 2)."""
        return self.basis(points) @ weights.astype(np.float32)

    def basis(self, points: np.ndarray) -> np.ndarray:
        """(p, n + 3) float32 what weights are multiplied with for values at points (p, 2)."""
        at = (points - self._centre) * self._scale
        affine = np.concatenate([np.ones((len(at), 1)), at], axis=1)
        return np.concatenate([self._matrix(at), affine], axis=1).astype(np.float32)

    def _matrix(self, points: np.ndarray) -> np.ndarray:
        at, control = points.astype(np.float32), self._control.astype(np.float32)
        squared = np.subtract.outer(at[:, 0], control[:, 0])
        squared *= squared
        dy = np.subtract.outer(at[:, 1], control[:, 1])
        dy *= dy
        squared += dy
        np.maximum(squared, 1e-12, out=squared)
        logs = cv2.log(squared, dst=dy)
        squared *= logs
        squared *= 0.5
        return squared


def _extent(frame: FaceFrame, points: np.ndarray) -> np.ndarray:
    """(...,) elliptical radius about the outline's centroid, 1 at its half extents, shortened below the chin."""
    centre, half = frame.oval()
    offset = (points - centre) / half
    return np.hypot(offset[..., 0], offset[..., 1]) / (1 + _below(offset))


def _below(offset: np.ndarray) -> np.ndarray:
    downwards = offset[..., 1] / np.maximum(np.hypot(offset[..., 0], offset[..., 1]), 1e-6)
    return BELOW / 1.6 * smoothstep(0.3, 1.0, downwards)


def _rings(frame: FaceFrame) -> np.ndarray:
    """Points (72, 2) around the face that stay."""
    centre, half = frame.oval()
    offset = frame.points[list(OVAL)] - centre
    stretch = 1 + _below(offset / half)[:, None]
    return np.concatenate([centre + offset * stretch * factor for factor in RINGS])


def _grid_of(frame: FaceFrame) -> tuple[int, int, int, int, int]:
    """left, top, step, rows, columns of the grid over everything that expressions may move."""
    centre, half = frame.oval()
    reach = FADE[1] * half
    below = reach[1] * (1 + BELOW / 1.6)
    corners = np.array([[x, y] for x in (-reach[0], reach[0]) for y in (-reach[1], below)]) + centre
    low, high = frame.to_picture(corners).min(axis=0), frame.to_picture(corners).max(axis=0)
    step = max(1, round(float(high[0] - low[0]) / GRID_WIDTH))
    left, top = (int(np.floor(v)) - step for v in low)
    columns, rows = (int(np.ceil((end - start) / step)) + 1 for end, start in zip(high, (left, top), strict=True))
    return left, top, step, rows, columns


def _fade(frame: FaceFrame, points: np.ndarray) -> np.ndarray:
    return 1 - smoothstep(*FADE, _extent(frame, points))


def _near_openings(frame: FaceFrame, points: np.ndarray) -> list[np.ndarray]:
    """For right eye, left eye and mouth: 1 around it, 0 away from it, where the lower layer is not its own.

    The lower layer only shows below an opening's upper edge, so that little is needed above.
    """
    found = []
    for rows in EYES:
        eye = frame.points[[n for row in (*rows.upper[:1], *rows.lower) for n in row]]
        found.append(_inside(points, eye, 0.10, 0.08, above=0.10))
    mouth = frame.points[[*(n for row in (UPPER_LIP[0], *LOWER_LIP) for n in row), 152, 148, 377, 176, 400]]
    return [*found, _inside(points, mouth, 0.12, 0.25, above=0.14)]


def _inside(points: np.ndarray, of: np.ndarray, full: float, fall: float, above: float) -> np.ndarray:
    """1 within ``full`` of the points' box, 0 beyond ``full + fall``; ``above`` it, 1 within a third of that."""
    low, high = of.min(axis=0), of.max(axis=0)
    beyond = np.maximum(np.maximum(low - points, points - high), 0)
    up = 1 - smoothstep(above / 3, above, low[1] - points[:, 1])
    beyond[:, 1] = np.maximum(points[:, 1] - high[1], 0)
    return up * (1 - smoothstep(full, full + fall, np.hypot(beyond[:, 0], beyond[:, 1])))


def _not_upper(frame: FaceFrame) -> np.ndarray:
    """Landmarks that the upper layer ignores; a blink travels far and needs all of the lower lid as room."""
    lids = np.concatenate([between_ends(rows.lower) for rows in EYES])
    seam = float(frame.points[[13, 14], 1].mean())
    return np.concatenate([lids, between_ends(LOWER_LIP), _in_mouth_span(frame, seam, frame.points[152, 1] + 0.02)])


def _not_lower(frame: FaceFrame) -> np.ndarray:
    """Landmarks that the lower layer ignores."""
    lids = np.concatenate([between_ends(rows.upper[:2]) for rows in EYES])
    seam = float(frame.points[[13, 14], 1].mean())
    return np.concatenate([lids, between_ends(UPPER_LIP), _in_mouth_span(frame, frame.points[4, 1] - 0.12, seam)])


def _in_mouth_span(frame: FaceFrame, top: float, bottom: float) -> np.ndarray:
    """Landmarks within 0.85 of the mouth's half width between two heights, the mouth's corners excepted."""
    points = frame.points[:SKIN_POINTS]
    middle, half = (points[308, 0] + points[78, 0]) / 2, (points[308, 0] - points[78, 0]) / 2
    inside = (np.abs(points[:, 0] - middle) < 0.85 * half) & (points[:, 1] > top) & (points[:, 1] < bottom)
    return np.setdiff1d(np.flatnonzero(inside), MOUTH_CORNERS)
