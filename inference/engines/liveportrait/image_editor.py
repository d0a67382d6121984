# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's own image editor ("Retargeting" of its user interface), as the reference program computes it.

The engine's sliders are in ``sliders``; this is what recorded numbers are compared with, and what its numbers mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...workflow import keypoints
from .keypoints import NECK_ROW, Motion, place
from .ratios import Ratios
from .rotations import rotation_matrix
from .transfer import SmallNetworks, stitched

_X, _Y = 0, 1
# The editor's sliders whose offsets are those of AdvancedLivePortrait's, unit for unit.
_SAME: Mapping[str, str] = {
    "smile": "smile", "wink": "wink", "eyebrow": "eyebrow", "gaze_x": "pupil_x",
    "lip1": "woo", "lip2": "eee", "lip3": "aaa",
}  # fmt: skip
# Looking up turns the eyes and opens the lids half as much; unlike AdvancedLivePortrait's, it leaves the brows.
_GAZE_Y = ((11, -0.0005), (13, -0.00015), (15, -0.0005), (16, -0.00015))
_LOWER_LIP = 19


def rest(source: Ratios) -> dict[str, float]:
    """Positions at which the sliders with another rest than 0 leave the picture alone.

    The ratios are rounded to two digits, as the editor shows them.
    """
    return {
        "eye_ratio": round(float(source.eyes[0].mean()), 2),
        "lip_ratio": round(float(source.lips[0]), 2),
        "mov_z": 1.0,
    }


def offsets(sliders: Mapping[str, float]) -> np.ndarray:
    """(21, 3) what the sliders add to the expression."""
    result = keypoints.offsets({to: sliders.get(name, 0.0) for name, to in _SAME.items()})
    for point, part in _GAZE_Y:
        result[point, _Y] += part * sliders.get("gaze_y", 0.0)
    result[_LOWER_LIP, _X] += sliders.get("lip0", 0.0)
    result[NECK_ROW, _X] -= sliders.get("mov_x", 0.0)
    result[NECK_ROW, _Y] += sliders.get("mov_y", 0.0)
    return result


def edited(
    motion: Motion, sliders: Mapping[str, float], source: Ratios, networks: SmallNetworks, stitching: bool = True
) -> np.ndarray:
    """(21, 3) key points of the source for positions of the sliders.

    A ratio that stands anywhere but at its rounded rest makes the retargeting network open eyes or lips so far.

    Args:
        motion: of the source.
        source: its openness (1).
    """
    values = {**rest(source), **sliders}
    angles = np.array([motion.pitch, motion.yaw, motion.roll])
    angles += [values.get(name, 0.0) for name in ("pitch", "yaw", "roll")]
    scale = motion.scale * values["mov_z"]
    x_d = place(motion.kp, rotation_matrix(*angles), motion.exp + offsets(values), scale, motion.t, depth=True)
    x_s = motion.points()
    if values["eye_ratio"] != rest(source)["eye_ratio"]:
        x_d = x_d + networks.eye(x_s, np.array([[*source.eyes[0], values["eye_ratio"]]]))[0]
    if values["lip_ratio"] != rest(source)["lip_ratio"]:
        x_d = x_d + networks.lip(x_s, np.array([[source.lips[0], values["lip_ratio"]]]))[0]
    return stitched(x_s[None], x_d[None], networks, from_rest=False)[0] if stitching else x_d
