# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rig's sliders for networks that know only pictures: the puppet engine acts them, its key points are followed.

The chosen picture of the portrait, reduced to what the networks see, is bent by the puppet engine as the sliders say;
what that changes in its key points is added to the source's. So the sliders work, as far as a warp and 50 key points
can tell: turns and the mouth well, the lids a little.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from ...controls import RIG_NAMES, rest_pose
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import Picture
from ...source import FaceChoice
from ..engine import FrameRequest, Quality
from ..puppet.description import PUPPET
from ..puppet.session import PuppetSession
from .area import Area, cut_area
from .sources import AnyModel, SourceViews

_KEPT = 64
# The puppet acts at so many times the networks' size, so that its lids and lips are not coarser than what they see.
_FINER = 1.5
# Around the area, in sides of it: the puppet moves what lies beside the head as well.
_MARGIN = 0.25
_REST = tuple(rest_pose()[name] for name in RIG_NAMES)


def rig_of(pose: Mapping[str, float]) -> tuple[float, ...]:
    """The values of the rig's sliders in a pose; those it does not name rest."""
    return tuple(float(pose.get(name, rest)) for name, rest in zip(RIG_NAMES, _REST, strict=True))


def rig_rests(pose: Mapping[str, float]) -> bool:
    """No slider of the rig is moved."""
    return rig_of(pose) == _REST


class PuppetDriver:
    """The puppet of one source. Opened with the first slider that is moved.

    Attributes:
        lacks_face: sliders were moved, and there is no face that they could move.
    """

    def __init__(self, tracker: FaceTracker, model: AnyModel, sources: SourceViews) -> None:
        self.lacks_face = False
        self._tracker = tracker
        self._model = model
        self._sources = sources
        self._puppet: PuppetSession | None = None
        self._area: Area | None = None
        self._rest: np.ndarray | None = None
        self._known: OrderedDict[tuple[float, ...], np.ndarray] = OrderedDict()

    def motion(self, pose: Mapping[str, float]) -> np.ndarray | None:
        """(50, 2) float64, what the sliders change in the key points; None where they rest or there is no face."""
        rig = rig_of(pose)
        if rig == _REST or self.lacks_face:
            return None
        if self._puppet is None and not self._opened():
            self.lacks_face = True
            return None
        if rig not in self._known:
            if self._rest is None:
                self._rest = self._points(_REST)
            self._known[rig] = self._points(rig) - self._rest
        self._known.move_to_end(rig)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return self._known[rig]

    def close(self) -> None:
        """Free the puppet."""
        if self._puppet is not None:
            self._puppet.close()
        self._puppet = None
        self._known.clear()

    def _points(self, rig: tuple[float, ...]) -> np.ndarray:
        assert self._puppet is not None and self._area is not None
        pose = {**rest_pose(), **dict(zip(RIG_NAMES, rig, strict=True))}
        ((_, made),) = self._puppet.frames([FrameRequest(0, 0, pose)], Quality.PREVIEW)
        cut = cut_area(to_bgr8(made), self._area, self._sources.framing.size_px)
        return self._model.key_points(cut[None])[0].astype(np.float64)

    def _opened(self) -> bool:
        """Open the puppet on the reduced portrait; False where there is no face."""
        face = self._sources.any_face
        if face is None:
            return False
        area = self._sources.chosen_area
        bgr = to_bgr8(self._sources.read(self._sources.choice.picture))
        x0, y0, x1, y1 = _around(area, (bgr.shape[1], bgr.shape[0]))
        factor = min(1.0, _FINER * self._sources.framing.size_px / max(area.width, area.height))
        part = bgr[y0:y1, x0:x1]
        size = max(round(part.shape[1] * factor), 1), max(round(part.shape[0] * factor), 1)
        small = part if factor == 1.0 else cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        choice = self._choice(small, face, (x0, y0), factor)
        if choice is None:
            return False
        self._area = area.moved(-x0, -y0).scaled(factor)
        settings = PUPPET.settings_from({})
        self._puppet = PuppetSession(self._tracker, _OnePicture(Picture(small)), choice, settings, None)
        return True

    def _choice(self, small: np.ndarray, face: Face, origin: tuple[int, int], factor: float) -> FaceChoice | None:
        """The same face in the reduced part; None where it is too small to be found there."""
        choice = self._sources.choice
        if choice.points:
            width, height = self._sources.read(choice.picture).size
            places = np.array(choice.points) * [width, height] - origin
            parts = places * factor / [small.shape[1], small.shape[0]]
            return replace(choice, points=tuple((float(x), float(y)) for x, y in parts), picture=0)
        expected = ((face.landmarks[:, :2] + 0.5 - origin) * factor - 0.5).mean(axis=0)
        reach = float(np.ptp(face.landmarks[:, 0])) * factor
        middles = [found.landmarks[:, :2].mean(axis=0) for found in self._tracker.faces(small)]
        distances = [float(np.linalg.norm(middle - expected)) for middle in middles]
        if not distances or min(distances) > reach:
            return None
        return FaceChoice(int(np.argmin(distances)))


class _OnePicture:
    """A reader of one picture in memory."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __len__(self) -> int:
        return 1

    def size(self) -> tuple[int, int]:
        return self._picture.size

    def read(self, index: int) -> Picture:
        return self._picture

    def digest(self, index: int) -> str:
        return ""

    def close(self) -> None:
        pass


def _around(area: Area, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) in whole px of an area with its margin, as far as a picture of ``size`` goes."""
    edges = []
    for start, length, extent in ((area.left, area.width, size[0]), (area.top, area.height, size[1])):
        first = min(max(int(start - _MARGIN * length), 0), extent - 1)
        edges.append((first, max(min(int(start + (1 + _MARGIN) * length) + 1, extent), first + 1)))
    (x0, x1), (y0, y1) = edges
    return x0, y0, x1, y1
