# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies from face landmarks alone: head, neck and shoulders, without a network for bodies.

Shoulders are where people of average build have them: their joints about 2.4 times as far apart as the face is wide at
the ears, and below the ears by about the face's height. They hang on the head's place and size, not on how it is
turned.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ....face import tables
from . import body as joints
from .body import BODY, FACE, HAND, Body

# Of the 68 points of faces, in their order, the landmarks: chin line from the picture's left (the person's right) to
# its right, brows, bridge and base of the nose, eyes, outer lips, inner lips.
FACE_68 = np.array(
    "127 234 93 132 58 136 150 176 152 400 379 365 288 361 323 454 356"
    " 70 63 105 66 107 336 296 334 293 300"
    " 168 197 5 4 75 97 2 326 305"
    " 33 160 158 133 153 144 362 385 387 263 373 380"
    " 61 39 37 0 267 269 291 405 314 17 84 181 78 82 13 312 308 317 14 87".split(),
    dtype=int,
)
_HEAD = {
    joints.NOSE: tables.NOSE_TIP,
    joints.RIGHT_EYE: int(tables.RIGHT_IRIS[0]),
    joints.LEFT_EYE: int(tables.LEFT_IRIS[0]),
    joints.RIGHT_EAR: tables.RIGHT_EAR,
    joints.LEFT_EAR: tables.LEFT_EAR,
}
# Of an average face: width at the ears in heights from the forehead's top to the chin.
_WIDTH_OF_HEIGHT = 0.78
_SHOULDERS_OF_WIDTH = 2.4
# An ear that is so much nearer to the nose than the other one, in the picture, is behind the face.
_HIDDEN = 0.25
_UNSEEN = 0.0


def body_of(landmarks: np.ndarray, size: tuple[int, int], shoulders: np.ndarray | None = None) -> Body:
    """The head's points, and neck and shoulders estimated; all else has the score 0.

    Args:
        landmarks: (478, 2 or more) in px of a picture.
        size: (height, width) of that picture, px.
        shoulders: (2, 2) right and left shoulder in px, where they are known: those of a head at rest, so that they
            keep still while the head turns (``shoulders_of``).
    """
    points = landmarks[:, :2]
    height, width = size
    relative = points / (width, height)
    body = np.zeros((BODY, 3))
    for joint, landmark in _HEAD.items():
        body[joint] = *relative[landmark], 1.0
    for joint, seen in _ears_seen(points).items():
        body[joint, 2] = 1.0 if seen else _UNSEEN
    sides = (shoulders_of(points) if shoulders is None else shoulders) / (width, height)
    for joint, place in (
        (joints.RIGHT_SHOULDER, sides[0]),
        (joints.LEFT_SHOULDER, sides[1]),
        (joints.NECK, sides.mean(axis=0)),
    ):
        body[joint] = *place, 1.0
    return Body(body, np.zeros((HAND, 3)), np.zeros((HAND, 3)), _face_of(relative))


def shoulders_of(landmarks: np.ndarray) -> np.ndarray:
    """(2, 2) right and left shoulder in px, estimated from a face's place and size.

    Args:
        landmarks: (478, 2 or more) in px.
    """
    points = landmarks[:, :2]
    # A turned head looks narrower and a nodding one lower, hardly both.
    across = np.linalg.norm(points[tables.LEFT_EAR] - points[tables.RIGHT_EAR])
    tall = np.linalg.norm(points[tables.CHIN] - points[tables.FOREHEAD])
    face_width = max(across, _WIDTH_OF_HEIGHT * tall)
    middle = (points[tables.LEFT_EAR] + points[tables.RIGHT_EAR]) / 2
    half = _SHOULDERS_OF_WIDTH * face_width / 2
    down = face_width / _WIDTH_OF_HEIGHT
    return middle + np.array([[-half, down], [half, down]])


def head_moved(body: Body, rest: np.ndarray, moved: np.ndarray, size: tuple[int, int]) -> Body:
    """A body whose head follows landmarks: each of the head's points goes as far as its landmark does.

    Args:
        rest, moved: (478, 2 or more) landmarks before and after, px.
        size: (height, width) of the picture, px.
    """
    way = (moved[:, :2] - rest[:, :2]) / (size[1], size[0])
    points, face = body.body.copy(), body.face.copy()
    for joint, landmark in _HEAD.items():
        points[joint, :2] += way[landmark]
    face[1:, :2] += way[FACE_68]
    return replace(body, body=points, face=face)


def _ears_seen(points: np.ndarray) -> dict[int, bool]:
    """Which ears are not behind the face."""
    axis = points[tables.LEFT_EYE_OUTER] - points[tables.RIGHT_EYE_OUTER]
    axis = axis / max(float(np.linalg.norm(axis)), 1e-6)
    right = float((points[tables.NOSE_TIP] - points[tables.RIGHT_EAR]) @ axis)
    left = float((points[tables.LEFT_EAR] - points[tables.NOSE_TIP]) @ axis)
    return {joints.RIGHT_EAR: right > _HIDDEN * left, joints.LEFT_EAR: left > _HIDDEN * right}


def _face_of(relative: np.ndarray) -> np.ndarray:
    face = np.zeros((FACE, 3))
    face[1:] = np.column_stack([relative[FACE_68], np.ones(FACE - 1)])
    return face
