# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How open eyes and lips are, as LivePortrait's retargeting networks want it: a height over a width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Upper and lower point in the middle, and the two ends, of the eye at the image's left, the one at its right, the lips.
# The height of the lips is that of their inner rim, the width that of their corners.
_POINTS_OF = {
    203: (((6, 18), (0, 12)), ((30, 42), (24, 36)), ((90, 102), (48, 66))),
    478: (((159, 145), (33, 133)), ((386, 374), (362, 263)), ((13, 14), (61, 291))),
}
_NO_WIDTH = 1e-6


@dataclass(frozen=True, eq=False)
class Ratios:
    """Openness in n pictures, mostly 0 to 0.5.

    Attributes:
        eyes: (n, 2), the eye at the image's left (the subject's right) first.
        lips: (n,).
    """

    eyes: np.ndarray
    lips: np.ndarray

    def __len__(self) -> int:
        return len(self.lips)


def ratios_of(landmarks: np.ndarray) -> Ratios:
    """Openness from landmarks (n, 203 or 478, 2 or 3) in px.

    The numbers do not depend on size, place and rotation in the picture. The 478 points are MediaPipe's, at the same
    places of the face as the official 203.

    Raises:
        ValueError: another count of landmarks.
    """
    points = np.asarray(landmarks, np.float64)[..., :2]
    rules = _POINTS_OF.get(points.shape[-2])
    if rules is None:
        raise ValueError(f"no rule for {points.shape[-2]} landmarks")
    left, right, lips = (
        _distance(points, *height) / (_distance(points, *width) + _NO_WIDTH) for height, width in rules
    )
    return Ratios(np.stack([left, right], axis=-1), lips)


def _distance(points: np.ndarray, one: int, two: int) -> np.ndarray:
    return np.linalg.norm(points[..., one, :] - points[..., two, :], axis=-1)
