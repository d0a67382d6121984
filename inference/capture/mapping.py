# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From measures of a face to the sliders, relative to the neutral frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..controls import BY_NAME, POSE_NAMES
from ..face.mesh import CanonicalMesh
from ..motion.track import REST
from .measures import face_width
from .recording import COLUMNS

# Change of a measure that a slider's 1 stands for.
GAP, WIDE, PUCKER, CORNER, BROW = 0.22, 0.09, 0.12, 0.06, 0.085
GAZE_X, GAZE_Y = 0.20, 0.12
CLOSED = 0.45
WIDE_EYES = 0.5
# One eye has to close this much more than the other to be a wink.
WINK = 0.25


def controls_of(seen: np.ndarray, neutral: np.ndarray, mesh: CanonicalMesh) -> np.ndarray:
    """Pose controls of a clip.

    Args:
        seen: (n, len(COLUMNS)), no NaN.
        neutral: (len(COLUMNS),) the row from which everything is measured.

    Returns:
        (n, len(POSE_NAMES)), absolute values within the controls' limits.
    """

    def moved(name: str) -> np.ndarray:
        place = COLUMNS.index(name)
        return seen[:, place] - neutral[place]

    values = np.tile(REST, (len(seen), 1))
    for part in (_head(moved, neutral, mesh), _eyes(moved), _brows(moved), _mouth(moved)):
        for name, column in part.items():
            control = BY_NAME[name]
            values[:, POSE_NAMES.index(name)] = np.clip(column, control.minimum, control.maximum)
    return values


def _head(moved: Callable[[str], np.ndarray], neutral: np.ndarray, mesh: CanonicalMesh) -> dict[str, np.ndarray]:
    scale = float(neutral[COLUMNS.index("scale")])
    width_px = face_width(mesh) * scale
    return {
        "head_yaw": moved("yaw"),
        "head_pitch": moved("pitch"),
        "head_roll": moved("roll"),
        "head_x": moved("pivot_x") / width_px,
        "head_y": -moved("pivot_y") / width_px,
        "head_scale": 1 + moved("scale") / scale,
    }


def _eyes(moved: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
    right, left = moved("eyeBlinkRight") / CLOSED, moved("eyeBlinkLeft") / CLOSED
    both = np.minimum(right, left)
    apart = right - left
    wide = (moved("eyeWideRight") + moved("eyeWideLeft")) / 2 / WIDE_EYES
    return {
        "eye_open": np.where(both > 0, 1 - both, 1 + np.clip(wide, 0, 0.5)),
        "wink_r": np.clip((apart - WINK) / (1 - WINK), 0, 1),
        "wink_l": np.clip((-apart - WINK) / (1 - WINK), 0, 1),
        "gaze_x": moved("gaze_x") / GAZE_X,
        "gaze_y": -moved("gaze_y") / GAZE_Y,
    }


def _brows(moved: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
    right, left = moved("brow_right") / BROW, moved("brow_left") / BROW
    mean = (right + left) / 2
    return {"brow": mean, "brow_r": right - mean, "brow_l": left - mean}


def _mouth(moved: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
    width = moved("mouth_width")
    return {
        "jaw_open": moved("mouth_gap") / GAP,
        "mouth_wide": 0.6 * width / WIDE,
        "mouth_pucker": -0.8 * width / PUCKER,
        "mouth_smile": 0.6 * moved("mouth_corner") / CORNER,
    }
