# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key points that a frame shall have: the source's, driven by the clip, moved by the sliders, stitched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ...errors import ErrorCode, TalkingHeadError
from ...face.tracker import FaceTracker
from ...media.images import read_image
from ..engine import DrivingPlace, FrameRequest, Quality
from .crop import SOURCE_SCALE
from .driving_motion import DrivingMotion, TemplateMotion
from .keypoints import POINTS, Motion
from .opened import AnyModel
from .ratios import Ratios
from .sliders import Sliders, face_axes, kept, moved, opened
from .source_faces import SourceFace, sample_motion
from .transfer import TransferOptions, driven, finish, strengths_of


class Targets:
    """Key points of frames with one choice of settings.

    Args:
        motion: of the driving clip; None without.
    """

    def __init__(
        self,
        tracker: FaceTracker,
        model: AnyModel,
        motion: DrivingMotion | TemplateMotion | None,
        settings: Mapping[str, object],
    ) -> None:
        self._tracker = tracker
        self._model = model
        self._motion = motion
        self._sample_file = str(settings["sample"])
        self._driven = options_from(settings)
        # For templates that do not tell how open the actor's eyes and lips are.
        self._not_retargeted = replace(self._driven, eye_retargeting=False, lip_retargeting=False)
        # Without an actor it does not matter how its motion would be taken.
        self._alone = replace(self._not_retargeted, relative=True)

    @property
    def closes_lips(self) -> bool:
        """Lips that are open in the source are closed also at rest."""
        return self._alone.normalize_lip

    @property
    def lacks_openness(self) -> bool:
        """Retargeting is asked for, and the driver does not tell how open eyes and lips are."""
        wanted = self._driven.eye_retargeting or self._driven.lip_retargeting
        return wanted and isinstance(self._motion, TemplateMotion) and self._motion.openness is None

    def points(self, source: SourceFace, requests: Sequence[FrameRequest], quality: Quality) -> np.ndarray:
        """(n, 21, 3) for frames of one source picture; exactly the source's own where nothing moves.

        Raises:
            TalkingHeadError: NO_FACE for a sample picture without one; what reading driver and sample raises.
        """
        result = np.empty((len(requests), POINTS, 3))
        places = [request.driving if self._motion is not None else None for request in requests]
        for is_driven in (False, True):
            rows = [row for row, place in enumerate(places) if (place is not None) == is_driven]
            if rows:
                driving = [place for place in places if place is not None] if is_driven else []
                result[rows] = self._points(source, [requests[row] for row in rows], driving, quality)
        return result

    def _points(
        self, source: SourceFace, requests: Sequence[FrameRequest], places: Sequence[DrivingPlace], quality: Quality
    ) -> np.ndarray:
        """As ``points``, for frames that are all driven, each from its place, or none of them."""
        sliders = [Sliders.of(request.pose) for request in requests]
        target, options = kept(source.track, sliders), self._alone
        openness = strengths = None
        if places and self._motion is not None:
            strengths = strengths_of(places)
            options, openness = self._openness(places)
            at, rest = self._motion.at(places, quality), self._motion.neutral(quality)
            target = driven(target, at, rest, options, strengths)
        sample = self._sample if any(one.uses_sample for one in sliders) else None
        target = moved(target, sliders, face_axes(source.width, source.square.angle), sample)
        x_d = target.points() + opened(source.x_s, sliders, source.ratios, self._model)
        return finish(source.x_s, x_d, options, self._model, source.ratios, openness, strengths)

    def _openness(self, places: Sequence[DrivingPlace]) -> tuple[TransferOptions, Ratios | None]:
        """The options of driven frames, and how open the actor's eyes and lips are where that is needed and known."""
        if self._motion is None or self._driven == self._not_retargeted:
            return self._driven, None
        ratios = self._motion.ratios(places)
        return (self._not_retargeted, None) if ratios is None else (self._driven, ratios)

    @cached_property
    def _sample(self) -> Motion | None:
        if not self._sample_file:
            return None
        picture = read_image(Path(self._sample_file))
        motion = sample_motion(picture, self._tracker, self._model, SOURCE_SCALE)
        if motion is None:
            raise TalkingHeadError(
                ErrorCode.NO_FACE,
                f"No face was found in the sample picture {Path(self._sample_file).name}.",
                "Choose a picture that shows a person's face, larger and from the front.",
            )
        return motion


def options_from(settings: Mapping[str, object]) -> TransferOptions:
    """The settings of the engine as options of the transfer."""
    return TransferOptions(
        region=str(settings["region"]),
        relative=settings["motion"] == "relative",
        expression_friendly=settings["option"] == "expression",
        multiplier=float(settings["multiplier"]),  # type: ignore[arg-type]
        stitching=bool(settings["stitching"]),
        eye_retargeting=bool(settings["eye_retargeting"]),
        lip_retargeting=bool(settings["lip_retargeting"]),
        normalize_lip=bool(settings["normalize_lip"]),
        lock_scale=bool(settings["lock_scale"]),
    )
