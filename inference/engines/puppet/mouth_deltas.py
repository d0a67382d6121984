# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each mouth slider does to the landmarks. Units: eye spans (U) in face coordinates, y down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .frame import FaceFrame, smoothstep
from .rows import LOWER_LIP, MOUTH_CORNERS, SKIN_POINTS, UPPER_LIP, between_ends

OPEN_GAP = 0.02
JAW_DROP = 0.28
# Parts of the gap that the upper lip comes down and the lower lip comes up by when the mouth closes.
UPPER_SHARE, LOWER_SHARE = 0.35, 0.65
# Share of the drop that each lip row takes part in when the lips come together, inner edge to outer edge.
CLOSING_ROWS = (1.0, 0.95, 0.88, 0.75)


@dataclass(frozen=True)
class Mouth:
    """Measures of a source's mouth.

    Attributes:
        middle, half_width: centre and half width of the inner corners along x.
        corner_y: mean y of the outer corners.
        gap: (11,) distance of the inner edges at each column, corners included.
        toothy: 0 to 1, how open the source's mouth is.
    """

    middle: float
    half_width: float
    corner_y: float
    gap: np.ndarray
    toothy: float

    @classmethod
    def of(cls, frame: FaceFrame) -> Mouth:
        """Measure the mouth of a face."""
        points = frame.points
        gap = np.maximum(points[list(LOWER_LIP[0]), 1] - points[list(UPPER_LIP[0]), 1], 0)
        return cls(
            middle=float(points[78, 0] + points[308, 0]) / 2,
            half_width=max(float(points[308, 0] - points[78, 0]) / 2, 0.05),
            corner_y=float(points[61, 1] + points[291, 1]) / 2,
            gap=gap,
            toothy=float(smoothstep(OPEN_GAP * 0.5, OPEN_GAP * 1.5, gap[3:8].mean())),
        )


@dataclass(frozen=True)
class MouthGrid:
    """Per-landmark coordinates that the slider formulas use, each (468,)."""

    x: np.ndarray
    y: np.ndarray
    t: np.ndarray
    side: np.ndarray
    corner: np.ndarray
    lips: np.ndarray
    upper: np.ndarray
    lower: np.ndarray


def _grid(frame: FaceFrame, mouth: Mouth) -> MouthGrid:
    x = frame.points[:SKIN_POINTS, 0] - mouth.middle
    y = frame.points[:SKIN_POINTS, 1] - mouth.corner_y
    beyond = np.maximum(np.abs(np.abs(x) - mouth.half_width) - 0.02, 0)
    upper, lower, lips = (np.zeros(SKIN_POINTS, bool) for _ in range(3))
    upper[between_ends(UPPER_LIP)] = True
    lower[between_ends(LOWER_LIP)] = True
    lips[list(MOUTH_CORNERS)] = True
    return MouthGrid(
        x=x,
        y=y,
        t=np.clip(x / mouth.half_width, -1.3, 1.3),
        side=np.sign(x),
        corner=np.sign(x) * np.exp(-(beyond**2 + y**2) / 0.19**2),
        lips=lips | upper | lower,
        upper=upper,
        lower=lower,
    )


def mouth_deltas(frame: FaceFrame, mouth: Mouth) -> dict[str, np.ndarray]:
    """(468, 2) displacement of each landmark at amplitude 1, by the name of the movement."""
    grid = _grid(frame, mouth)
    width = frame.width
    return {
        "jaw": _jaw(grid, mouth, width),
        "smile": _smile(frame, grid, mouth),
        "frown": _frown(grid),
        "wide": _wide(grid),
        "narrow": _narrow(grid),
        "pucker": _pucker(frame, grid, mouth),
        "press": _press(frame, grid, mouth),
        "close": closing(mouth.gap),
        "close_jaw": closing(_jaw_gap(grid)),
    }


def _jaw(grid: MouthGrid, mouth: Mouth, width: float) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    away = np.abs(grid.x)
    drop = smoothstep(0, 0.16, grid.y) * (0.25 + 0.75 * (1 - smoothstep(0.55, 1, away / 0.62)))
    drop *= 1 - 0.85 * smoothstep(0.75, 1.02, away / (0.5 * width))
    drop = np.where(grid.lower, _lower_lip_drop(grid.t), drop)
    drop[grid.upper] = 0
    drop[list(MOUTH_CORNERS)] = 0.28
    near = np.exp(-((away - mouth.half_width) ** 2 + grid.y**2) / 0.13**2)
    out[:, 0] = -0.045 * grid.side * near
    out[:, 1] = JAW_DROP * drop
    out[grid.upper, 1] -= 0.012
    return out


def _lower_lip_drop(t: np.ndarray) -> np.ndarray:
    return 1 - 0.72 * np.minimum(np.abs(t), 1) ** 2.6


def _jaw_gap(grid: MouthGrid) -> np.ndarray:
    """(11,) how far an amplitude of 1 of the jaw opens the lips at each column."""
    gap = JAW_DROP * _lower_lip_drop(grid.t[list(LOWER_LIP[0])]) + 0.012
    gap[[0, -1]] = 0
    return gap


def _smile(frame: FaceFrame, grid: MouthGrid, mouth: Mouth) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = 0.075 * grid.corner
    out[:, 1] = -0.085 * np.abs(grid.corner)
    part = np.minimum(np.abs(grid.t), 1.15)
    out[grid.lips, 0] = (0.075 * grid.side * part**1.2)[grid.lips]
    out[grid.lips, 1] = (-0.085 * np.minimum(part, 1.1) ** 2 + 0.012)[grid.lips]
    points = frame.points[:SKIN_POINTS]
    for centre, lid in ((-0.42, 145), (0.42, 374)):
        dx, dy = grid.x - centre, grid.y + 0.30
        lift = np.exp(-((dx / 0.16) ** 2) - (dy / 0.17) ** 2)
        lift *= smoothstep(0, 0.06, points[:, 1] - points[lid, 1] - 0.02)
        out[~grid.lips, 1] -= 0.035 * lift[~grid.lips]
    return out


def _frown(grid: MouthGrid) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = 0.012 * grid.corner
    out[:, 1] = 0.07 * np.abs(grid.corner)
    part = np.minimum(np.abs(grid.t), 1.1)
    out[grid.lips, 0] = (0.012 * grid.side * part)[grid.lips]
    out[grid.lips, 1] = (0.07 * part**2 - 0.015)[grid.lips]
    chin = np.exp(-((grid.x / 0.22) ** 2) - ((grid.y - 0.3) / 0.12) ** 2)
    out[~grid.lips, 1] -= 0.02 * chin[~grid.lips]
    return out


def _wide(grid: MouthGrid) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = 0.075 * grid.corner
    bow = 1 - np.minimum(np.abs(grid.t), 1) ** 3
    out[grid.lips, 0] = (0.075 * grid.side * np.minimum(np.abs(grid.t), 1.15))[grid.lips]
    out[grid.lower, 1] = (0.055 * bow)[grid.lower]
    out[grid.upper, 1] = (-0.03 * bow)[grid.upper]
    chin = np.exp(-((grid.x / 0.35) ** 2)) * smoothstep(0.1, 0.2, grid.y)
    out[~grid.lips, 1] += 0.03 * chin[~grid.lips]
    return out


def _narrow(grid: MouthGrid) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = -0.07 * grid.corner
    out[grid.lips, 0] = (-0.07 * grid.side * np.minimum(np.abs(grid.t), 1.15))[grid.lips]
    return out


def _pucker(frame: FaceFrame, grid: MouthGrid, mouth: Mouth) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = -0.115 * grid.corner
    out[grid.lips, 0] = (-0.135 * grid.side * np.minimum(np.abs(grid.t), 1.3) ** 0.9)[grid.lips]
    # A smile's corners come down to the height of the lips' middle: pursed lips cannot smile.
    middle = float(frame.points[[13, 14], 1].mean()) - mouth.corner_y
    out[:, 1] += 0.7 * middle * np.abs(grid.corner)
    out[grid.lips, 1] = (0.7 * middle * np.minimum(np.abs(grid.t), 1.1) ** 2)[grid.lips]
    bow = 1 - np.minimum(np.abs(grid.t), 1) ** 2.5
    for amount, upper, lower in zip((0.020, 0.028, 0.036, 0.040), UPPER_LIP, LOWER_LIP, strict=True):
        up, down = np.array(upper[1:-1]), np.array(lower[1:-1])
        out[up, 1] -= amount * bow[up]
        out[down, 1] += amount * bow[down]
    return out


def _press(frame: FaceFrame, grid: MouthGrid, mouth: Mouth) -> np.ndarray:
    """Lips rolled in and drawn slightly apart: the opposite of a pucker."""
    out = np.zeros((SKIN_POINTS, 2))
    out[:, 0] = 0.04 * grid.corner
    out[grid.lips, 0] = (0.04 * grid.side * np.minimum(np.abs(grid.t), 1.15))[grid.lips]
    y = frame.points[:, 1]
    for rows in (UPPER_LIP, LOWER_LIP):
        for share, row in zip((0.0, 0.35, 0.5, 0.5), rows, strict=True):
            numbers = np.array(row[1:-1])
            out[numbers, 1] += share * (y[list(rows[0][1:-1])] - y[numbers])
    return out


def closing(gap: np.ndarray) -> np.ndarray:
    """(468, 2) lips brought together over ``gap`` (11,), or apart where it is negative."""
    out = np.zeros((SKIN_POINTS, 2))
    for share, upper, lower in zip(CLOSING_ROWS, UPPER_LIP, LOWER_LIP, strict=True):
        out[list(upper[1:-1]), 1] = UPPER_SHARE * share * gap[1:-1]
        out[list(lower[1:-1]), 1] = -LOWER_SHARE * share * gap[1:-1]
    return out
