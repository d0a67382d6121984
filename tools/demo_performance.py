# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo's two portraits do: keys of (second, value) by control. Acted by hand."""

from __future__ import annotations

SECONDS = 5

Keys = tuple[tuple[float, float], ...]


def _blinks(*seconds: float) -> Keys:
    """Lids that close and open again at these times: 80 ms down, 160 ms up."""
    keys: list[tuple[float, float]] = [(0.0, 1.0)]
    for second in seconds:
        keys += [(second - 0.08, 1.0), (second, 0.0), (second + 0.16, 1.0)]
    return (*keys, (float(SECONDS), 1.0))


def _syllables(*syllables: tuple[float, float]) -> Keys:
    """A jaw that opens by an amount at each time and nearly closes in between."""
    keys: list[tuple[float, float]] = [(0.0, 0.0)]
    for second, amount in syllables:
        keys += [(second - 0.1, 0.04), (second, amount)]
    return (*keys, (syllables[-1][0] + 0.16, 0.0), (float(SECONDS), 0.0))


HOPPER: dict[str, Keys] = {
    "head_yaw": ((0, 0), (0.8, -9), (1.9, 7), (2.8, 12), (3.8, -6), (5, 0)),
    "head_pitch": ((0, 0), (0.6, 5), (1.3, -4), (2.2, 3), (3.1, -6), (4, 2), (5, 0)),
    "head_roll": ((0, 0), (1.2, -4), (2.6, 5), (4, -3), (5, 0)),
    "eye_open": _blinks(0.9, 2.5, 4.3),
    "gaze_x": ((0, 0), (0.7, -0.6), (1.7, 0.3), (2.7, 0.7), (3.9, -0.3), (5, 0)),
    "gaze_y": ((0, 0), (1.4, 0.4), (2.6, -0.2), (5, 0)),
    "brow": ((0, 0), (0.4, 0.7), (1.1, 0), (2.0, 0.8), (2.5, -0.4), (3.4, 0.5), (5, 0)),
    "jaw_open": _syllables(
        (0.4, 0.4), (0.65, 0.65), (0.95, 0.3), (1.35, 0.7), (2.1, 0.6), (2.4, 0.45), (2.75, 0.7), (3.3, 0.4)
    ),
    "mouth_wide": ((0, 0), (0.6, 0.5), (1.0, 0), (1.55, 0.7), (1.9, 0), (3.1, 0.4), (3.5, 0), (5, 0)),
    "mouth_pucker": ((0, 0), (0.7, 0), (0.95, 0.7), (1.2, 0), (2.2, 0), (2.4, 0.8), (2.65, 0), (5, 0)),
    "mouth_smile": ((0, 0), (3.3, 0), (4.0, 0.7), (4.6, 0.6), (5, 0)),
}

ASTRONAUT: dict[str, Keys] = {
    "head_yaw": ((0, 0), (1.0, 10), (2.2, 14), (3.2, -8), (4.2, -3), (5, 0)),
    "head_pitch": ((0, 0), (1.5, -5), (2.4, 4), (3.4, -3), (5, 0)),
    "head_roll": ((0, 0), (1.6, 6), (3.2, -6), (5, 0)),
    "eye_open": _blinks(0.6, 1.9, 3.5),
    "gaze_x": ((0, 0), (0.8, 0.7), (2.3, 0.4), (3.0, -0.7), (4.2, 0), (5, 0)),
    "brow": ((0, 0), (1.0, 0), (1.4, 0.8), (2.0, 0), (3.5, 0.7), (4.4, 0), (5, 0)),
    "jaw_open": _syllables((3.5, 0.5), (3.8, 0.7), (4.1, 0.35), (4.4, 0.6)),
    "mouth_wide": ((0, 0), (3.6, 0), (3.85, 0.5), (4.1, 0), (5, 0)),
    "mouth_smile": ((0, 0), (0.8, -0.4), (2.0, 0.5), (3.2, 0), (4.6, 0.4), (5, 0)),
}
