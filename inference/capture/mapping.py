# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From measures of a face to the sliders, relative to the neutral frame.

The constants invert what the puppet's sliders do to a portrait as the same tracker sees it (sweeps of each slider over
two portraits), so that a driver made with a slider at 0.5 gives 0.5 back. Fixed factors for single measures, which were
tried first, did not: a smile widens the mouth as much as "wide" does, a pucker was taken for twice as much, an opening
jaw for a smile and a nod. So what one motion does to another's measure is taken out. Where people move otherwise than
the puppet the constants were drawn towards a real clip: brows rise about twice as far, corners of the mouth sink more
when the jaw opens. Lengths are in distances U between the outer eye corners.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..controls import BY_NAME, POSE_NAMES
from ..motion.track import REST
from .lids import lids_of
from .recording import COLUMNS

# Change of a measure for 1 of a slider.
JAW_GAP, CLOSE_GAP, WIDE, PUCKER, SMILE, SMILE_SHAPE = 0.215, 0.12, 0.105, 0.24, 0.055, 0.85
BROW_UP, BROW_UP_SHAPE, BROW_DOWN, BROW_DOWN_SHAPE = 0.050, 0.50, 0.035, 0.30
GAZE_X, GAZE_X_SHAPE, GAZE_UP_SHAPE, GAZE_DOWN_SHAPE = 0.17, 0.70, 0.20, 0.50
# The mouth's width changes by this much with a whole smile, and less by this part of an opening gap.
_SMILE_WIDENS, _GAP_NARROWS = 0.12, 0.14
# Corners rise against the lips' middle by this part of an opening gap: on the puppet, and on people. Between the two
# nobody can say whether the corners moved.
_CORNER_BY_GAP = (0.30, 0.08)
# Purse lips, and a neutral smile's corners come down to this height, by this part of the way.
_LEVEL_CORNER, _PUCKER_LEVELS, _PUCKER_SINKS = 0.02, 0.7, 0.012
# The gap of 1 of "wide" and of "pucker".
_WIDE_GAP, _PUCKER_GAP = 0.09, 0.03
_WIDE_UNSURE = 0.01
# How the pucker shape answers to the slider.
_PUCKER_SHAPE = ((0.05, 0.23, 0.53, 0.94), (0.0, 0.375, 0.5, 0.65))
# Changes of the shapes of looking up and down that the head's turning brings about by itself.
_GAZE_UNSURE = (0.03, 0.05)
# A face that moves seems to nod a little (degrees of pitch for 1 of each slider), a nod is seen a little too large,
# and a head that nods seems to lower its brows when it looks up (part of the brow slider for a degree).
_PITCH_BY = {"jaw_open": 2.8, "brow": 2.0, "mouth_wide": 0.5, "mouth_smile": -1.5}
_PITCH_GAIN, _BROW_BY_PITCH = 1.08, 0.02
# The puppet's upper lids go down with the gaze by this part, so a gaze down explains as much of their closing.
_LIDS_SINK = 0.40
# Brows have to differ by this much of a slider.
_BROWS_APART = 0.15


class Moved:
    """Measures of a clip as differences to the neutral frame."""

    def __init__(self, seen: np.ndarray, neutral: np.ndarray) -> None:
        self._seen = seen
        self._neutral = neutral

    def __call__(self, name: str) -> np.ndarray:
        """(n,) difference of a column."""
        place = COLUMNS.index(name)
        return self._seen[:, place] - self._neutral[place]

    def neutral(self, name: str) -> float:
        """A column in the neutral frame."""
        return float(self._neutral[COLUMNS.index(name)])


def controls_of(seen: np.ndarray, neutral: np.ndarray, rate: float) -> np.ndarray:
    """Pose controls of a clip.

    Args:
        seen: (n, len(COLUMNS)), no NaN.
        neutral: (len(COLUMNS),) the row from which everything is measured.
        rate: pictures a second.

    Returns:
        (n, len(POSE_NAMES)), absolute values within the controls' limits.
    """
    moved = Moved(seen, neutral)
    lids = lids_of(moved, rate)
    gaze = _limited(_gaze(moved, lids.shut))
    lids = lids.opened(_LIDS_SINK * np.maximum(-gaze["gaze_y"], 0))
    face = _limited({**lids.controls(), **gaze, **_brows(moved), **_mouth(moved)})
    values = np.tile(REST, (len(seen), 1))
    for name, column in {**face, **_limited(_head(moved, face))}.items():
        values[:, POSE_NAMES.index(name)] = column
    return values


def _limited(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.clip(column, BY_NAME[name].minimum, BY_NAME[name].maximum) for name, column in columns.items()}


def _head(moved: Moved, face: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    scale = moved.neutral("scale")
    width_px = moved.neutral("width")
    seeming = sum(degrees * face[name] for name, degrees in _PITCH_BY.items())
    return {
        "head_yaw": moved("yaw"),
        "head_pitch": (moved("pitch") - seeming) / _PITCH_GAIN,
        "head_roll": moved("roll"),
        "head_x": moved("pivot_x") / width_px,
        "head_y": -moved("pivot_y") / width_px,
        "head_scale": 1 + moved("scale") / scale,
    }


def _gaze(moved: Moved, shut: np.ndarray) -> dict[str, np.ndarray]:
    """Where eyes look; while they are shut, on the way from before to after.

    The iris's height in the eye hardly follows the gaze, since the lids go along; the blendshapes tell it better.
    """
    sideways = (
        moved("eyeLookInRight") + moved("eyeLookOutLeft") - moved("eyeLookOutRight") - moved("eyeLookInLeft")
    ) / 2
    up = (moved("eyeLookUpRight") + moved("eyeLookUpLeft")) / 2
    down = (moved("eyeLookDownRight") + moved("eyeLookDownLeft")) / 2
    gaze = {
        "gaze_x": (moved("gaze_x") / GAZE_X + sideways / GAZE_X_SHAPE) / 2,
        "gaze_y": _beyond(up, _GAZE_UNSURE[0]) / GAZE_UP_SHAPE - _beyond(down, _GAZE_UNSURE[1]) / GAZE_DOWN_SHAPE,
    }
    seen = np.flatnonzero(~shut)
    if not seen.size:
        return {name: np.zeros_like(values) for name, values in gaze.items()}
    return {name: np.interp(np.arange(len(shut)), seen, values[seen]) for name, values in gaze.items()}


def _brows(moved: Moved) -> dict[str, np.ndarray]:
    right, left = (_brow(moved, side) for side in ("Right", "Left"))
    mean, apart = (right + left) / 2, right - left
    apart = _beyond(apart, _BROWS_APART)
    return {"brow": mean, "brow_r": apart / 2, "brow_l": -apart / 2}


def _brow(moved: Moved, side: str) -> np.ndarray:
    height = moved(f"brow_{side.lower()}")
    raised = (moved("browInnerUp") + moved(f"browOuterUp{side}")) / 2
    up = np.maximum(height, 0) / BROW_UP + np.maximum(raised, 0) / BROW_UP_SHAPE
    down = np.maximum(-height, 0) / BROW_DOWN + np.maximum(moved(f"browDown{side}"), 0) / BROW_DOWN_SHAPE
    return (up - down) / 2 + _BROW_BY_PITCH * moved("pitch")


def _mouth(moved: Moved) -> dict[str, np.ndarray]:
    gap = moved("mouth_gap")
    width = moved("mouth_width") + _GAP_NARROWS * np.maximum(gap, 0)
    pucker = _pucker(moved, width)
    smile = _smile(moved, gap, pucker)
    wide = (width - _SMILE_WIDENS * np.maximum(smile, 0) - _WIDE_UNSURE) / WIDE
    wide = np.maximum(wide, 0)
    return {
        "jaw_open": (gap - _WIDE_GAP * wide - _PUCKER_GAP * pucker) / JAW_GAP,
        "mouth_wide": wide,
        "mouth_pucker": pucker,
        "mouth_smile": smile,
        "mouth_close": -gap / CLOSE_GAP,
    }


def _pucker(moved: Moved, width: np.ndarray) -> np.ndarray:
    narrow = np.maximum(-width - _WIDE_UNSURE, 0) / PUCKER
    shape = np.interp(moved("mouthPucker"), *_PUCKER_SHAPE)
    return narrow + np.maximum(shape - narrow, 0) / 2


def _smile(moved: Moved, gap: np.ndarray, pucker: np.ndarray) -> np.ndarray:
    """Corners up or down; upwards with the help of the blendshape, as far as the neutral face leaves it room."""
    smiling = max(moved.neutral("mouth_corner") - _LEVEL_CORNER, 0)
    corner = moved("mouth_corner") + (_PUCKER_LEVELS * smiling + _PUCKER_SINKS) * np.minimum(pucker, 1)
    by_gap = [np.where(gap > 0, part, _CORNER_BY_GAP[0]) for part in _CORNER_BY_GAP]
    up, down = (corner - part * gap for part in by_gap)
    trust = 0.6 * (1 - (moved.neutral("mouthSmileLeft") + moved.neutral("mouthSmileRight")) / 2)
    shape = (moved("mouthSmileLeft") + moved("mouthSmileRight")) / 2 / SMILE_SHAPE
    raised = (1 - trust) * np.maximum(up, 0) / SMILE + trust * np.maximum(shape, 0)
    return raised + np.minimum(down, 0) / SMILE


def _beyond(values: np.ndarray, unsure: float) -> np.ndarray:
    """What exceeds a threshold on either side of 0."""
    return np.sign(values) * np.maximum(np.abs(values) - unsure, 0)
