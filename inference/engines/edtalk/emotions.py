# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk's eight expressions, and how their sliders mix.

The numbers are the official repository's ``predefined_exp_weights`` (tanshuai0219/EDTalk, Apache-2.0), rounded to four
digits. Its formula is neutral + s * (preset - neutral). Here the sliders' sum, at most 1, also says how far the
source's own expression gives way to neutral, so that one slider alone leads from the source (0) to the preset (1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NEUTRAL = "neutral"
PRESETS: Mapping[str, np.ndarray] = {
    name: np.array(values)
    for name, values in {
        "angry": (-1.2311, 3.7909, -1.5008, 0.1227, -4.0071, 3.6911, 0.6375, -0.0694, -0.4285, -1.2294),
        "contempt": (-0.3131, -2.6426, 1.5149, -4.83, -4.3765, 1.0126, -0.2635, -3.1123, -1.9635, 0.0712),
        "disgusted": (-0.4504, 1.3312, -0.007, -1.6343, -4.1862, -0.2655, -1.0893, 0.3674, 2.665, -1.5406),
        "fear": (-2.4976, -2.7252, -2.114, -3.3182, -5.0823, 1.3214, 2.8958, -1.296, 1.8681, 1.154),
        "happy": (2.253, -2.569, -1.7017, -3.2733, 0.8803, 5.287, 1.0596, -1.4816, 1.3691, -1.7866),
        "neutral": (-3.1408, 0.9674, 2.4433, -0.5257, -4.1755, 2.753, 2.2683, 0.0722, 0.9215, -2.1263),
        "sad": (-4.1286, 1.1724, -0.0738, -3.7019, -4.3708, 1.1114, -1.7181, 1.5923, -0.0018, -2.3149),
        "surprised": (-2.2687, -4.2753, -0.1266, -2.8911, -2.7509, 1.572, 4.2018, -1.1848, 2.211, 0.4527),
    }.items()
}
_EMOTIONS = tuple(name for name in PRESETS if name != NEUTRAL)


def control_of(emotion: str) -> str:
    """Name of an expression's slider."""
    return f"edtalk_{emotion}"


def emotional(pose: Mapping[str, float]) -> bool:
    """Whether a slider of an expression is off its rest, 0."""
    return any(pose.get(control_of(name), 0.0) != 0 for name in PRESETS)


def expressed(expression: np.ndarray, pose: Mapping[str, float]) -> np.ndarray:
    """(10,) weights of an expression with the sliders' emotions.

    With sliders s_j and n = max(slider of neutral, min(1, sum of s_j)):
    (1 - n) * expression + n * neutral + sum of s_j * (preset_j - neutral).

    Args:
        expression: (10,) the source's own, or the driver's.
    """
    amounts = {name: pose.get(control_of(name), 0.0) for name in _EMOTIONS}
    part = max(pose.get(control_of(NEUTRAL), 0.0), min(1.0, sum(amounts.values())))
    neutral = PRESETS[NEUTRAL]
    offset = sum(amount * (PRESETS[name] - neutral) for name, amount in amounts.items())
    return (1 - part) * expression + part * neutral + offset
