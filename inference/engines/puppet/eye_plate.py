# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The eyeball as it would be without lids: what is seen of it, the iris made whole, the white continued."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fill import continued
from .openings import Curve, ramp

# Width of the strip inside the lids that lashes and lid edges colour, in eye widths.
UPPER_MARGIN, LOWER_MARGIN = 0.055, 0.033
# Share of the plausible white mixed into what little is seen of it, where that is darker.
BRIGHTEN = 0.45


@dataclass(frozen=True)
class Eyeball:
    """Where an eyeball is, in face coordinates.

    Attributes:
        upper, lower: lid edges.
        iris: (2,) centre.
        radius: of the iris.
        width: of the eye.
        white: (C,) float32 native colour that its white can be expected to have at least.
    """

    upper: Curve
    lower: Curve
    iris: np.ndarray
    radius: float
    width: float
    white: np.ndarray


def paint_plate(colours: np.ndarray, pixels: np.ndarray, ball: Eyeball) -> np.ndarray:
    """The eyeball without lids (h, w, C) float32 from a picture's colours at face coordinates ``pixels`` (h, w, 2)."""
    x, y = pixels[..., 0], pixels[..., 1]
    upper = (y - ball.upper.at(x)) / (UPPER_MARGIN * ball.width)
    lower = (ball.lower.at(x) - y) / (LOWER_MARGIN * ball.width)
    known = np.clip(np.minimum(upper, lower), 0, 1) * (ball.upper.beyond(x) == 0)
    solid = (known >= 1).astype(np.float32)
    distance = np.hypot(x - ball.iris[0], y - ball.iris[1]) / ball.radius
    white = continued(colours, solid * (distance > 1.15), 1.5)
    white += np.float32(BRIGHTEN) * np.maximum(ball.white - white, 0)
    filled = _blend(white, _radial_iris(colours, solid, distance), 1 - ramp(1.0, 1.12, distance))
    return _blend(filled, colours, known.astype(np.float32))


def _radial_iris(colours: np.ndarray, solid: np.ndarray, distance: np.ndarray, rings: int = 14) -> np.ndarray:
    """The iris as rings of the median colour of what is seen of each; rings not seen at all take their neighbour's."""
    position = np.clip(distance / 1.12 * (rings - 1), 0, rings - 1)
    nearest = np.rint(position).astype(int)
    usable = (solid > 0) & (distance < 1.2)
    profile, seen = np.zeros((rings, colours.shape[2]), np.float32), []
    for ring in range(rings):
        found = colours[usable & (nearest == ring)]
        if len(found) >= 2:
            profile[ring] = np.median(found, axis=0)
            seen.append(ring)
    if not seen:
        return colours.copy()
    for channel in range(profile.shape[1]):
        profile[:, channel] = np.interp(np.arange(rings), seen, profile[seen, channel])
    index = np.minimum(position.astype(int), rings - 2)
    part = (position - index)[..., None].astype(np.float32)
    return profile[index] * (1 - part) + profile[index + 1] * part


def _blend(below: np.ndarray, above: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return below + weight[..., None] * (above - below)
