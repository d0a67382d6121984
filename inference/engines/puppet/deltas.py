# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From sliders to landmark displacements: a fixed set of movements, each scaled by an amplitude.

All constants are in eye spans (U) of face coordinates, as in the table of the puppet engine's design notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .frame import FaceFrame, smoothstep
from .mouth_deltas import Mouth, mouth_deltas
from .rows import EYES, SKIN_POINTS, EyeRows

BROW_RAISE = 0.085
# Both brow sliders of a side add up to at most this; further, the skin between lid and brow would fold.
LOWEST_BROW, HIGHEST_BROW = -1.1, 1.15
# Parts of the lid gap that the lids travel at a full blink, row by row from the edge outwards.
UPPER_LID, LOWER_LID = (0.86, 0.62, 0.16), (0.14, 0.10, 0.05)
# Landmarks of the lid's edge sit inside the iris; the lid is taken to end this part of the eye width above them.
LID_LIFT = 0.035
# Parts of the lid gap by which the upper lid goes with a gaze up and down.
LID_RISES, LID_SINKS = 0.22, 0.40
SIDES = ("right", "left")


@dataclass(frozen=True)
class Eye:
    """Measures of one eye in face coordinates.

    Attributes:
        width: distance of the corners.
        gap: (9,) opening at each column of the lid rows, corners included.
    """

    rows: EyeRows
    width: float
    gap: np.ndarray

    @classmethod
    def of(cls, frame: FaceFrame, rows: EyeRows) -> Eye:
        """Measure an eye."""
        upper, lower = frame.points[list(rows.upper[0])], frame.points[list(rows.lower[0])]
        width = max(float(np.linalg.norm(upper[-1] - upper[0])), 0.02)
        return cls(rows, width, np.maximum(lower[:, 1] - upper[:, 1], 0))


@dataclass(frozen=True)
class Movements:
    """All movements of one face.

    Attributes:
        names: name of each movement; empty when they were combined for one pose.
        deltas: (n, 468, 2) float64 displacement of the landmarks at amplitude 1, face coordinates.
        eyes: right and left.
    """

    names: tuple[str, ...]
    deltas: np.ndarray
    eyes: tuple[Eye, Eye]
    mouth: Mouth

    @classmethod
    def of(cls, frame: FaceFrame) -> Movements:
        """Prepare the movements of a face."""
        eyes = (Eye.of(frame, EYES[0]), Eye.of(frame, EYES[1]))
        mouth = Mouth.of(frame)
        found: dict[str, np.ndarray] = {}
        for side, eye in zip(SIDES, eyes, strict=True):
            found[f"brow_{side}"] = _brow(frame, eye.rows, -BROW_RAISE, 0.0)
            found[f"frown_{side}"] = _brow(frame, eye.rows, 0.8 * BROW_RAISE, 0.03)
            found[f"blink_{side}"] = _blink(eye)
            found[f"widen_{side}"] = _widen(eye)
        found.update(mouth_deltas(frame, mouth))
        return cls(tuple(found), np.stack(list(found.values())), eyes, mouth)

    def amplitudes(self, pose: Mapping[str, float]) -> np.ndarray:
        """(n,) amplitude of each movement in a pose; all 0 at rest."""
        values = {**_eye_amplitudes(pose), **_mouth_amplitudes(pose, self.mouth.toothy)}
        return np.array([values[name] for name in self.names])

    def of_name(self, name: str) -> np.ndarray:
        """(468, 2) displacement of one movement at amplitude 1."""
        return self.deltas[self.names.index(name)]

    def total(self, amplitudes: np.ndarray) -> np.ndarray:
        """(468, 2) displacement of the landmarks at these amplitudes (n,)."""
        return np.tensordot(amplitudes, self.deltas, 1)

    def combined(self, amplitudes: np.ndarray) -> Movements:
        """One movement that is all of them at these amplitudes (n,)."""
        return replace(self, names=(), deltas=self.total(amplitudes)[None])


def jaw_drop(pose: Mapping[str, float]) -> float:
    """Amplitude of the jaw, 0 to 1."""
    return 0.85 * pose["jaw_open"] + 0.10 * max(pose["mouth_wide"], 0.0) + 0.10 * max(pose["mouth_pucker"], 0.0)


def lid_closing(pose: Mapping[str, float]) -> tuple[float, float]:
    """How far the right and the left eye close: 0 as in the source, 1 closed, down to -0.5 wide open."""
    blink = 1 - pose["eye_open"]
    sides = []
    for wink in (pose["wink_r"], pose["wink_l"]):
        closing = max(blink, 0.0) + wink + min(blink, 0.0) * (1 - wink)
        follow = LID_RISES if pose["gaze_y"] > 0 else LID_SINKS
        closing -= follow * pose["gaze_y"] * (1 - min(max(closing, 0.0), 1.0))
        sides.append(min(max(closing, -0.5), 1.0))
    return sides[0], sides[1]


def _eye_amplitudes(pose: Mapping[str, float]) -> dict[str, float]:
    values: dict[str, float] = {}
    for side, closing, own in zip(SIDES, lid_closing(pose), (pose["brow_r"], pose["brow_l"]), strict=True):
        brow = min(max(pose["brow"] + own, LOWEST_BROW), HIGHEST_BROW)
        values[f"brow_{side}"], values[f"frown_{side}"] = max(brow, 0.0), max(-brow, 0.0)
        values[f"blink_{side}"], values[f"widen_{side}"] = max(closing, 0.0), max(-closing, 0.0)
    return values


def _mouth_amplitudes(pose: Mapping[str, float], toothy: float) -> dict[str, float]:
    wide, pucker = max(pose["mouth_wide"], 0.0), max(pose["mouth_pucker"], 0.0)
    jaw = jaw_drop(pose)
    # Pursed lips leave only a small opening, so a toothy source closes behind them, but not an opening jaw.
    close = min(pose["mouth_close"] + pucker * toothy * (1 - 0.9 * pose["jaw_open"]), 1.0)
    # Lips that are kept closed hold the jaw up: they only reach so far.
    jaw *= 1 - 0.55 * pose["mouth_close"]
    return {
        "jaw": jaw,
        "smile": max(pose["mouth_smile"], 0.0),
        "frown": max(-pose["mouth_smile"], 0.0),
        "wide": wide,
        "narrow": max(-pose["mouth_wide"], 0.0),
        "pucker": pucker,
        "press": max(-pose["mouth_pucker"], 0.0),
        "close": close,
        "close_jaw": pose["mouth_close"] * jaw,
    }


def _brow(frame: FaceFrame, rows: EyeRows, down: float, inward: float) -> np.ndarray:
    points = frame.points[:SKIN_POINTS]
    brow = points[list(rows.brow)]
    centre, half = brow.mean(axis=0), np.ptp(brow[:, 0]) / 2
    dx = np.maximum(np.abs(points[:, 0] - centre[0]) - 0.9 * half, 0)
    dy = points[:, 1] - np.interp(points[:, 0], *_sorted_curve(brow))
    reach = np.where(dy < 0, 0.20, 0.10)
    lid = points[list(rows.upper[0])][:, 1].min()
    weight = np.exp(-((dx / 0.20) ** 2) - (dy / reach) ** 2) * smoothstep(-0.02, 0.05, lid - points[:, 1])
    inner = smoothstep(-half, half, (centre[0] - points[:, 0]) * np.sign(centre[0]))
    return np.stack([-inward * np.sign(centre[0]) * weight * inner, down * weight], axis=1)


def _sorted_curve(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X ascending and y of a row of points whose two edges are averaged by a straight fit of third order."""
    x = np.linspace(points[:, 0].min(), points[:, 0].max(), 9)
    return x, np.polyval(np.polyfit(points[:, 0], points[:, 1], 2), x)


def _blink(eye: Eye) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    seal = LID_LIFT * eye.width * np.sqrt(np.sin(np.pi * np.arange(9) / 8).clip(0))
    for share, row in zip(UPPER_LID, eye.rows.upper, strict=True):
        extra = seal if row is eye.rows.upper[0] else 0 * seal
        out[list(row[1:-1]), 1] = (share * eye.gap + extra)[1:-1]
    for share, row in zip(LOWER_LID, eye.rows.lower, strict=True):
        out[list(row[1:-1]), 1] = -share * eye.gap[1:-1]
    return out


def _widen(eye: Eye) -> np.ndarray:
    out = np.zeros((SKIN_POINTS, 2))
    # A narrow eye has little gap to scale, so part of the travel comes from the eye's width.
    travel = np.maximum(eye.gap, 0.24 * eye.width * np.sin(np.pi * np.arange(9) / 8))
    for share, row in zip((0.9, 0.62, 0.25), eye.rows.upper, strict=True):
        out[list(row[1:-1]), 1] = -share * travel[1:-1]
    for share, row in zip((0.16, 0.10, 0.05), eye.rows.lower, strict=True):
        out[list(row[1:-1]), 1] = share * travel[1:-1]
    return out
