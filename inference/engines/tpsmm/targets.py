# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key points that a frame shall have: the source's, driven by the clip, acted by the puppet, moved in the plane.

No key point belongs to eyes, brows or mouth alone, so a clip's motion has one strength, that of the head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..engine import DrivingPlace, FrameRequest, Quality
from .driving import DrivingPoints
from .motion import InPlane, relative
from .puppet_driver import PuppetDriver, rig_rests
from .sources import AnyModel, SourceView, SourceViews

_GAIN = "tpsmm_gain"


@dataclass(frozen=True, eq=False)
class Target:
    """What a frame shall show.

    Attributes:
        kp: (50, 2) float64 key points.
        background: (3, 3) float32 motion of the background; None leaves it where it is.
    """

    kp: np.ndarray
    background: np.ndarray | None

    def key(self) -> tuple[bytes, bytes]:
        """Equal for equal targets."""
        background = b"" if self.background is None else self.background.tobytes()
        return self.kp.astype(np.float32).tobytes(), background


class Targets:
    """Targets of frames with one choice of settings.

    Args:
        driving: key points of the clip; None without.
    """

    def __init__(
        self,
        model: AnyModel,
        driving: DrivingPoints | None,
        puppet: PuppetDriver,
        sources: SourceViews,
        settings: Mapping[str, object],
    ) -> None:
        self._model = model
        self._driving = driving
        self._puppet = puppet
        self._sources = sources
        self._mode = str(settings["mode"])
        self._reference = str(settings["reference"])
        self._follows = bool(settings["background"])
        self._reference_picture: int | None = None

    def rests(self, request: FrameRequest) -> bool:
        """Nothing moves in a frame, so that the source need not be looked at."""
        driven = self._driving is not None and request.driving is not None
        return not driven and rig_rests(request.pose) and InPlane.of(request.pose).rests

    def of(self, view: SourceView, request: FrameRequest, quality: Quality) -> Target:
        """The target of a frame; exactly the source's own key points where nothing moves.

        Raises:
            TalkingHeadError: UNSUPPORTED_INPUT where the model lacks a network that the settings need; what reading
                the clip raises.
        """
        kp, background = view.kp, None
        if self._driving is not None and request.driving is not None:
            strength = request.driving.head * float(request.pose.get(_GAIN, 1.0))
            kp = kp + strength * (self._driven(view, request.driving, quality) - kp)
            background = self._background(view, request.driving.position, strength) if self._follows else None
        acted = self._puppet.motion(request.pose)
        if acted is not None:
            kp = kp + acted
        aspect = view.area.height / view.area.width
        return Target(InPlane.of(request.pose).applied(kp, aspect), background)

    def _driven(self, view: SourceView, place: DrivingPlace, quality: Quality) -> np.ndarray:
        """(50, 2) key points of the clip at a place, as the mode takes them over."""
        assert self._driving is not None
        driving = self._driving.at([place.position], quality)[0]
        if self._mode == "standard":
            return driving
        if self._mode == "avd":
            return self._model.avd(view.kp, driving[None])[0].astype(np.float64)
        return relative(view.kp, driving, self._driving.at([float(self._rest_picture())], quality)[0])

    def _rest_picture(self) -> int:
        """The picture of the clip from which motion is measured, the same for all frames."""
        assert self._driving is not None
        if self._reference_picture is None:
            self._reference_picture = self._chosen_rest(self._driving)
        return self._reference_picture

    def _chosen_rest(self, driving: DrivingPoints) -> int:
        if self._reference == "first":
            return 0
        if self._reference == "neutral":
            return driving.clip.neutral
        if self._sources.chosen is not None and not driving.clip.whole:
            return driving.best_by_landmarks(self._sources.chosen.landmarks[:, :2])
        return driving.best_by_points(self._model.key_points(self._sources.chosen_crop()[None])[0])

    def _background(self, view: SourceView, position: float, strength: float) -> np.ndarray:
        """(3, 3) float32, from the pictures beside a place."""
        assert self._driving is not None
        low, high, part = self._driving.beside(position)
        pictures = self._driving.cut_pictures([low] if part == 0 else [low, high])
        found = self._model.background(view.crop, pictures).astype(np.float64)
        mixed = found[0] * (1 - part) + found[-1] * part
        return (np.eye(3) + strength * (mixed - np.eye(3))).astype(np.float32)
