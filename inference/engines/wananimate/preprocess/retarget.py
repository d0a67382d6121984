# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of an actor taken to the proportions and the place of a character.

Own, simple rules: each limb keeps its direction and takes the character's length; the head takes its size; hands go
with the forearms. What is not seen of the character is scaled as the rest of it. The actor's way through the picture
is scaled with the body, from the place where the character stands: by its feet where both are seen to them, else by
its neck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import body as joints
from .body import BODY, NECK, NOSE, Body
from .skeleton import THRESHOLD

# Each bone's point nearer to the neck and the other one, from the neck outwards; those in one row are equally long.
_PAIRS = (
    ((NECK, joints.RIGHT_SHOULDER), (NECK, joints.LEFT_SHOULDER)),
    ((joints.RIGHT_SHOULDER, joints.RIGHT_ELBOW), (joints.LEFT_SHOULDER, joints.LEFT_ELBOW)),
    ((joints.RIGHT_ELBOW, joints.RIGHT_WRIST), (joints.LEFT_ELBOW, joints.LEFT_WRIST)),
    ((NECK, joints.RIGHT_HIP), (NECK, joints.LEFT_HIP)),
    ((joints.RIGHT_HIP, joints.RIGHT_KNEE), (joints.LEFT_HIP, joints.LEFT_KNEE)),
    ((joints.RIGHT_KNEE, joints.RIGHT_ANKLE), (joints.LEFT_KNEE, joints.LEFT_ANKLE)),
    ((joints.RIGHT_ANKLE, joints.RIGHT_TOE), (joints.LEFT_ANKLE, joints.LEFT_TOE)),
    ((NECK, NOSE),),
)
_BONES = tuple((bone, row) for row, bones in enumerate(_PAIRS) for bone in bones)
_FOREARM = 2
# Lines across the head, by which its size is told; of a head that turns some get shorter and others longer.
_HEAD = (
    (joints.RIGHT_EYE, joints.LEFT_EYE),
    (joints.RIGHT_EAR, joints.LEFT_EAR),
    (NOSE, joints.RIGHT_EAR),
    (NOSE, joints.LEFT_EAR),
)
_HEAD_POINTS = (joints.RIGHT_EYE, joints.LEFT_EYE, joints.RIGHT_EAR, joints.LEFT_EAR)
_ANKLES = (joints.RIGHT_ANKLE, joints.LEFT_ANKLE)
# A limb may point at the camera in one of the pictures and look short: no further than this from the whole body's.
_FURTHEST = 1.5


@dataclass(frozen=True)
class Fit:
    """How an actor's bodies become a character's.

    Attributes:
        limbs: of each row of equal bones, the character's length in the actor's; both in px of their pictures.
        head: the same of the head, ``whole`` of the body in all.
        start: (2,) where the actor's neck is at first, px of the actor's picture.
        place: (2,) where the character's neck is then, px of the character's picture.
        acting_size, size: (height, width) of the actor's and the character's picture, px.
    """

    limbs: tuple[float, ...]
    head: float
    whole: float
    start: np.ndarray
    place: np.ndarray
    acting_size: tuple[int, int]
    size: tuple[int, int]

    def of(self, body: Body) -> Body:
        """The character doing what the actor does: relative to the character's picture."""
        acting = body.moved(_sides(self.acting_size), 0.0)
        points = self._limbs_of(acting.body)
        nose_way = points[NOSE] - acting.body[NOSE, :2] * self.head
        for joint in _HEAD_POINTS:
            points[joint] = acting.body[joint, :2] * self.head + nose_way
        whole = np.column_stack([points, acting.body[:, 2]])
        left = self._hand_of(acting.left, acting.body[joints.LEFT_WRIST, :2], points[joints.LEFT_WRIST])
        right = self._hand_of(acting.right, acting.body[joints.RIGHT_WRIST, :2], points[joints.RIGHT_WRIST])
        face = np.column_stack([acting.face[:, :2] * self.head + nose_way, acting.face[:, 2]])
        return Body(whole, left, right, face).moved(1 / _sides(self.size), 0.0)

    def _limbs_of(self, acting: np.ndarray) -> np.ndarray:
        """(20, 2) points, without eyes and ears; px."""
        points = np.zeros((BODY, 2))
        points[NECK] = self.place + (acting[NECK, :2] - self.start) * self.whole
        for (near, far), row in _BONES:
            points[far] = points[near] + (acting[far, :2] - acting[near, :2]) * self.limbs[row]
        return points

    def _hand_of(self, hand: np.ndarray, acting_wrist: np.ndarray, wrist: np.ndarray) -> np.ndarray:
        return np.column_stack([(hand[:, :2] - acting_wrist) * self.limbs[_FOREARM] + wrist, hand[:, 2]])


def is_seen(body: Body) -> bool:
    """Whether somebody is in a picture who can be measured: neck or nose were found in it."""
    points = body.body[[NECK, NOSE]]
    inside = ((points[:, :2] >= 0) & (points[:, :2] < 1)).all(axis=1)
    return bool((inside & (points[:, 2] >= THRESHOLD)).any())


def measured(acting: Body, reference: Body, acting_size: tuple[int, int], size: tuple[int, int]) -> Fit:
    """The fit of an actor to a character.

    Args:
        acting: the actor, as where the clip begins or on a neutral picture.
        reference: the character in its picture.
        acting_size, size: (height, width) of their pictures, px.
    """
    actor = acting.body * (*_sides(acting_size), 1.0)
    character = reference.body * (*_sides(size), 1.0)
    ratios = [_ratio(bones, actor, character) for bones in _PAIRS]
    head = _ratio(_HEAD, actor, character)
    known = [ratio for ratio in (*ratios, head) if ratio]
    whole = float(np.median(known)) if known else size[0] / acting_size[0]
    limbs = tuple(_held(ratio, whole) for ratio in ratios)
    place = actor[NECK, :2] * _sides(size) / _sides(acting_size)
    fit = Fit(limbs, _held(head, whole), whole, actor[NECK, :2], place, acting_size, size)
    before = fit.of(acting).body * (*_sides(size), 1.0)
    return replace(fit, place=place + _way(before, character, _seen(actor, character)))


def fitted(
    bodies: Sequence[Body], reference: Body, acting_size: tuple[int, int], size: tuple[int, int]
) -> list[Body]:  # fmt: skip
    """Bodies of a clip taken to a character, measured at the first one.

    Args:
        bodies: the actor's, at least one.
        reference: the character in its picture.
        acting_size, size: (height, width) of the clip and of the character's picture, px.

    Returns:
        As many bodies, relative to the character's picture.
    """
    fit = measured(bodies[0], reference, acting_size, size)
    return [fit.of(body) for body in bodies]


def _sides(size: tuple[int, int]) -> np.ndarray:
    """(2,) width and height."""
    return np.array([size[1], size[0]], np.float64)


def _ratio(lines: Sequence[tuple[int, int]], actor: np.ndarray, character: np.ndarray) -> float | None:
    """Length of the character's lines in the actor's; of those seen in both, None without."""
    seen = _seen(actor, character)
    pairs = [line for line in lines if seen[list(line)].all()]
    lengths = [
        sum(float(np.linalg.norm(points[first, :2] - points[second, :2])) for first, second in pairs)
        for points in (actor, character)
    ]
    return lengths[1] / lengths[0] if pairs and min(lengths) > 0 else None


def _held(ratio: float | None, whole: float) -> float:
    return float(np.clip(ratio or whole, whole / _FURTHEST, whole * _FURTHEST))


def _seen(actor: np.ndarray, character: np.ndarray) -> np.ndarray:
    """(20,) bool, which points are seen of both."""
    return (actor[:, 2] >= THRESHOLD) & (character[:, 2] >= THRESHOLD)


def _way(before: np.ndarray, character: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(2,) how far a body is from where the character stands, px; nothing where neither neck nor nose are seen."""
    way = np.zeros(2)
    known = [joint for joint in (NECK, NOSE) if seen[joint]]
    if known:
        way = character[known[0], :2] - before[known[0], :2]
    if seen[list(_ANKLES)].all():
        way[1] = (character[list(_ANKLES), 1] - before[list(_ANKLES), 1]).mean()
    return way
