# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes head angles true: turns the head in small renderings, measures them with the tracker, corrects the height."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...controls import rest_pose
from ...face.face import Face
from ...face.pose import head_pose
from ...face.tracker import FaceTracker
from .head import HeadWarp, TurnGains

log = logging.getLogger(__name__)

# Several angles, because the tracker is only sure to about a degree.
TURNS_DEG = (15.0, 20.0)
LOWEST_GAIN, HIGHEST_GAIN = 0.8, 2.0
# What portraits mostly need, and how much of a turn comes from the height (the rest from foreshortening).
_FIRST_GAIN = TurnGains(1.3, 1.3, 1.15, 1.15)
_SHARE = 0.65
_SMALL_PX = 320
_MARGIN = 0.45
# How each gain is measured: the control, its sign, and the angle that answers.
_TURNS = {
    "right": ("head_yaw", 1.0, "yaw_deg"),
    "left": ("head_yaw", -1.0, "yaw_deg"),
    "up": ("head_pitch", 1.0, "pitch_deg"),
    "down": ("head_pitch", -1.0, "pitch_deg"),
}


def calibrated(head: HeadWarp, face: Face, bgr: np.ndarray, tracker: FaceTracker) -> HeadWarp:
    """The head with gains that make it turn by the angle it is told to; unchanged where the tracker sees no face.

    Args:
        face: the face that the head was built for.
        bgr: its picture, (H, W, 3) uint8.
    """
    small = _SmallView.of(bgr, face)
    first = head.with_gains(_FIRST_GAIN)
    rest = _angles(small.bgr, small.face, tracker)
    slopes = {name: _slope(first, small, tracker, name, rest) for name in _TURNS} if rest else {}
    gains = {
        name: float(np.clip(getattr(_FIRST_GAIN, name) + (1 - slope) / _SHARE, LOWEST_GAIN, HIGHEST_GAIN))
        for name, slope in slopes.items()
        if slope is not None
    }
    if len(gains) < len(_TURNS):
        log.info("head angles are not calibrated for %s", ", ".join(name for name in _TURNS if name not in gains))
    return head.with_gains(replace(head.gains, **gains))


def _slope(
    head: HeadWarp, small: _SmallView, tracker: FaceTracker, name: str, rest: Mapping[str, float]
) -> float | None:
    """Measured by wanted angle of one way of turning, by least squares; None when a turned face is not found."""
    control, sign, measured = _TURNS[name]
    products = 0.0
    for turn_deg in TURNS_DEG:
        pose = {**rest_pose(), control: sign * turn_deg}
        found = _angles(small.render(head, pose), small.moved_face(head, pose), tracker)
        if found is None:
            return None
        products += turn_deg * sign * (found[measured] - rest[measured])
    slope = products / sum(turn_deg**2 for turn_deg in TURNS_DEG)
    return slope if 0.3 < slope < 2.5 else None


def _angles(bgr: np.ndarray, face: Face, tracker: FaceTracker) -> dict[str, float] | None:
    found = tracker.refine(bgr, face)
    if found is None:
        return None
    pose = head_pose(found.landmarks, tracker.mesh)
    return {"yaw_deg": pose.yaw_deg, "pitch_deg": pose.pitch_deg}


@dataclass(frozen=True)
class _SmallView:
    """A reduced cut around the face, in which renderings are cheap.

    Attributes:
        bgr: (h, w, 3) uint8.
        face: the face in px of the cut.
        origin, scale: px of the picture = origin + px of the cut * scale, per axis.
    """

    bgr: np.ndarray
    face: Face
    origin: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, bgr: np.ndarray, face: Face) -> _SmallView:
        left, top, right, bottom = face.box()
        margin = _MARGIN * max(right - left, bottom - top)
        x0, y0 = (int(max(value - margin, 0)) for value in (left, top))
        x1, y1 = int(min(right + margin, bgr.shape[1])), int(min(bottom + margin, bgr.shape[0]))
        cut = bgr[y0 : max(y1, y0 + 2), x0 : max(x1, x0 + 2)]
        factor = min(1.0, _SMALL_PX / max(cut.shape[:2]))
        size = [max(2, round(length * factor)) for length in (cut.shape[1], cut.shape[0])]
        scale = np.array([cut.shape[1] / size[0], cut.shape[0] / size[1]])
        origin = np.array([x0, y0]) + (scale - 1) / 2
        landmarks = (face.landmarks - (*origin, 0)) / (*scale, scale.mean())
        small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
        return cls(small, replace(face, landmarks=landmarks), origin, scale)

    def render(self, head: HeadWarp, pose: Mapping[str, float]) -> np.ndarray:
        """The cut with the head turned."""
        field = head.inverse(pose)
        if field is None:
            return self.bgr
        height, width = self.bgr.shape[:2]
        places = np.dstack(np.meshgrid(np.arange(width), np.arange(height))) * self.scale + self.origin
        source = (places + field.at(places) - self.origin) / self.scale
        return cv2.remap(self.bgr, source.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]

    def moved_face(self, head: HeadWarp, pose: Mapping[str, float]) -> Face:
        """About where the face is in ``render``, so that the tracker need not search."""
        field = head.forward(pose)
        if field is None:
            return self.face
        landmarks = self.face.landmarks.copy()
        places = landmarks[:, :2] * self.scale + self.origin
        landmarks[:, :2] += field.at(places) / self.scale
        return replace(self.face, landmarks=landmarks)
