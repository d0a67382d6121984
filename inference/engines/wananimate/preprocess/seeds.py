# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SAM 2 is told of the person whom it follows: points, or a mask, in some frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from . import body as joints
from .body import Body

_KEY_FRAMES = 4
# Points that lie well inside of a person; those of the reference.
_JOINTS = (
    joints.NOSE,
    joints.NECK,
    joints.RIGHT_SHOULDER,
    joints.LEFT_SHOULDER,
    joints.RIGHT_HIP,
    joints.LEFT_HIP,
    joints.RIGHT_ANKLE,
    joints.LEFT_ANKLE,
)
_LEAST_SCORE = 0.3


@dataclass(frozen=True, eq=False)
class Seed:
    """What is known of one frame.

    Attributes:
        frame: its place among the frames.
        points: (k, 2) x, y relative to the picture, 0 to 1 from the top left; none where there is a mask.
        belong: (k,) bool, which of them are on the person.
        mask: (H, W) bool of any size; None where there are points.
    """

    frame: int
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    belong: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    mask: np.ndarray | None = None


def seeds_of_bodies(bodies: Sequence[Body]) -> list[Seed]:
    """Points of the body in four frames, evenly spaced; in short clips in the first one.

    Points that lie outside of the picture or were hardly found are left out. Where that leaves nothing in any of these
    frames there are no seeds.

    Args:
        bodies: of each frame.
    """
    step = max(len(bodies) // _KEY_FRAMES, 1) if len(bodies) > _KEY_FRAMES else len(bodies)
    seeds = []
    for frame in range(0, len(bodies), max(step, 1)):
        found = bodies[frame].body[list(_JOINTS)]
        inside = ((found[:, :2] >= 0) & (found[:, :2] < 1)).all(axis=1)
        points = found[inside & (found[:, 2] >= _LEAST_SCORE), :2]
        if len(points):
            seeds.append(Seed(frame, points, np.ones(len(points), bool)))
    return seeds
