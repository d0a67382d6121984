# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the face tracker reads in a picture, and what one of each rig slider changes in it.

The numbers are those by which driving clips become sliders (``capture.mapping``), so that a slider means the same here
as on the puppet and in a capture. Only what goes both ways about evenly is read; blendshapes, which saturate, are not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...capture.mapping import (
    BROW_DOWN,
    BROW_UP,
    CLOSE_GAP,
    GAZE_X,
    JAW_GAP,
    PUCKER,
    SMILE,
    WIDE,
)
from ...capture.measures import MEASURES, measures_of
from ...controls import BY_NAME, RIG_NAMES
from ...face.face import Face
from ...face.mesh import CanonicalMesh

# What is read, and how sure the tracker is of it in redrawn faces of 256 px (twice what second differences of small
# steps left over, on two portraits). Angles in degrees; ``x`` and ``y`` in face widths, to the image's right and up;
# ``scale`` as a factor; lengths in the face in distances of the outer eye corners.
NOISE: Mapping[str, float] = {
    "yaw": 0.2, "pitch": 0.3, "roll": 0.12, "x": 0.003, "y": 0.003, "scale": 0.003,
    "mouth_gap": 0.005, "mouth_width": 0.008, "mouth_corner": 0.003,
    "eye_right": 0.01, "eye_left": 0.01, "brow_right": 0.004, "brow_left": 0.004, "gaze_x": 0.008,
}  # fmt: skip
READINGS = tuple(NOISE)
# An eye that lost this part of its opening is closed.
_CLOSED = 0.62
# Side effects of the mouth's sliders, as in ``capture.mapping``; corners rise between the puppet's and people's part.
_SMILE_WIDENS, _GAP_NARROWS, _CORNER_BY_GAP, _WIDE_GAP, _PUCKER_GAP = 0.12, 0.14, 0.19, 0.09, 0.03
_BROW = (BROW_UP + BROW_DOWN) / 2
_PITCH_GAIN = 1.08
# Heads that look up seem to lower their brows, in brow sliders for a degree.
_BROW_BY_PITCH = 0.02


def readings_of(face: Face, rest: Face, mesh: CanonicalMesh) -> np.ndarray:
    """(len(READINGS),) of a face; see ``NOISE`` for the units.

    Args:
        rest: the face at rest, in whose size ``x``, ``y`` and ``scale`` are told.
    """
    values, size = (_measured(one, mesh) for one in (face, rest))
    values["x"], values["y"] = values["pivot_x"] / size["width"], -values["pivot_y"] / size["width"]
    values["scale"] /= size["scale"]
    return np.array([values[name] for name in READINGS])


def _measured(face: Face, mesh: CanonicalMesh) -> dict[str, float]:
    return {str(name): value for name, value in zip(MEASURES, measures_of(face, mesh)[0], strict=True)}


def slider_changes(rest: np.ndarray) -> dict[str, np.ndarray]:
    """What one unit of each rig slider changes in the readings of a face.

    Sliders that nothing tells from others, or that are not read, are missing.

    Args:
        rest: the face's readings at rest.
    """
    right, left = (_CLOSED * rest[READINGS.index(name)] for name in ("eye_right", "eye_left"))
    lowered = -_BROW_BY_PITCH * _BROW
    gap = {"mouth_gap": JAW_GAP, "mouth_width": -_GAP_NARROWS * JAW_GAP, "mouth_corner": _CORNER_BY_GAP * JAW_GAP}
    changed = {
        "head_pitch": {"pitch": _PITCH_GAIN, "brow_right": lowered, "brow_left": lowered},
        "head_yaw": {"yaw": 1.0},
        "head_roll": {"roll": 1.0},
        "head_x": {"x": 1.0},
        "head_y": {"y": 1.0},
        "head_scale": {"scale": 1.0},
        "eye_open": {"eye_right": right, "eye_left": left},
        "wink_r": {"eye_right": -right},
        "wink_l": {"eye_left": -left},
        "gaze_x": {"gaze_x": GAZE_X},
        "brow": {"brow_right": _BROW, "brow_left": _BROW, "pitch": 2.0},
        "brow_r": {"brow_right": _BROW, "pitch": 1.0},
        "brow_l": {"brow_left": _BROW, "pitch": 1.0},
        "jaw_open": {**gap, "pitch": 2.8},
        "mouth_wide": {"mouth_width": WIDE, "mouth_gap": _WIDE_GAP, "pitch": 0.5},
        "mouth_pucker": {"mouth_width": -PUCKER, "mouth_gap": _PUCKER_GAP},
        "mouth_smile": {"mouth_corner": SMILE, "mouth_width": _SMILE_WIDENS, "pitch": -1.5},
        "mouth_close": {"mouth_gap": -CLOSE_GAP},
    }
    return {name: np.array([one.get(reading, 0.0) for reading in READINGS]) for name, one in changed.items()}


def slider_offsets(pose: Mapping[str, float]) -> dict[str, float]:
    """Distances from their rest of the rig's sliders that are off it."""
    offsets = {name: pose.get(name, BY_NAME[name].rest) - BY_NAME[name].rest for name in RIG_NAMES}
    return {name: offset for name, offset in offsets.items() if offset != 0}
