# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies: the points that Wan-Animate is shown of a person."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

NOSE, NECK = 0, 1
RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST = 2, 3, 4
LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 5, 6, 7
RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE = 8, 9, 10
LEFT_HIP, LEFT_KNEE, LEFT_ANKLE = 11, 12, 13
RIGHT_EYE, LEFT_EYE, RIGHT_EAR, LEFT_EAR = 14, 15, 16, 17
LEFT_TOE, RIGHT_TOE = 18, 19

BODY, HAND, FACE = 20, 21, 69
WHOLE_BODY = 133

# Of the 133 points of COCO-WholeBody, two for each of a body's 20: it lies between them. The neck is between the
# shoulders, a toe between the big and the small one.
_FIRST = np.array([0, 6, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3, 17, 20])
_SECOND = np.array([0, 5, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3, 18, 21])
# The first of the face's 69 is the right heel and does not belong to it.
_FACE, _LEFT, _RIGHT = slice(22, 91), slice(91, 112), slice(112, 133)


@dataclass(frozen=True, eq=False)
class Body:
    """A person in one picture. Rows are x, y relative to the picture's width and height (0 to 1 from the top left, more
    outside), and a score, 0 to 1. "Left" is the person's left.

    Attributes:
        body: (20, 3): nose, neck, arms, legs, eyes, ears and toes, in the order of this module's names.
        left, right: (21, 3) hands: wrist, then four points of each finger from the thumb on.
        face: (69, 3): the first one is not used, then the 68 points of faces.
    """

    body: np.ndarray
    left: np.ndarray
    right: np.ndarray
    face: np.ndarray

    def moved(self, scale: np.ndarray | float, offset: np.ndarray | float) -> Body:
        """With x, y times ``scale`` plus ``offset``: numbers or (2,) arrays."""

        def change(points: np.ndarray) -> np.ndarray:
            return np.column_stack([points[:, :2] * scale + offset, points[:, 2]])

        return Body(change(self.body), change(self.left), change(self.right), change(self.face))


def body_of_points(points: np.ndarray, width: int, height: int) -> Body:
    """The body of the 133 points of COCO-WholeBody.

    Args:
        points: (133, 3) x, y in px of a picture, score.
        width, height: of the picture, px.
    """
    relative = points.astype(np.float64) / (width, height, 1)
    body = (relative[_FIRST] + relative[_SECOND]) / 2
    return Body(body, relative[_LEFT].copy(), relative[_RIGHT].copy(), relative[_FACE].copy())


def without_gaps(bodies: list[Body]) -> list[Body]:
    """Bodies of a clip in which those of which nothing was found (no point inside the picture) keep the one before."""
    kept: list[Body] = []
    for body in bodies:
        nowhere = body.body[:, :2].min(axis=1).max() < 0
        kept.append(replace(body, body=kept[-1].body) if nowhere and kept else body)
    return kept
