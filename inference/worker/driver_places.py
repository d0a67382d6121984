# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a driver each frame of a job is, and the driver's part in the frame's name."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..acting import ExactMotion, ExactSpeech
from ..engines.engine import DrivingPlace, SpeechPlace
from .cache_folder import digest_of
from .driving import Clip
from .listening import Sound

if TYPE_CHECKING:
    from ..capture.regions import RegionWeights
    from .driving import AnyCapture

# In the order of ``DrivingPlace``; engines that take landmark motion get head and eyes as sliders.
REGIONS = ("head", "eyes", "brows", "mouth")
LANDMARK_REGIONS = ("brows", "mouth")
HEAD_REGIONS = ("head",)
EXPRESSION_REGIONS = ("eyes", "brows")
_DECIMALS = 6


@dataclass(frozen=True)
class LandmarkPlaces:
    """Landmark motion of a clip, for engines that take that. It is made anew whenever it is asked for."""

    exact: ExactMotion
    capture: AnyCapture
    weights: RegionWeights

    def at(self, frame: int) -> np.ndarray | None:
        """Motion of a frame as ``FrameRequest.motion``, None where nothing moves.

        It is rounded to half precision, about 1/4000 of the eye span at its largest: what is drawn is then exactly
        what the frame's name tells, whatever the last bits of the machine that smoothed it.
        """
        if not moves(self.exact, frame, LANDMARK_REGIONS):
            return None
        position = self.exact.positions[frame]
        assert position is not None
        motion = self.capture.motion(position)
        motion = self.weights.weighted(motion, self.exact.mouth[frame], self.exact.brows[frame])
        rounded = motion.astype(np.float16) + np.float16(0)  # no negative zeros
        return rounded.astype(np.float32) if rounded.any() else None

    def digest(self, frame: int) -> str:
        """Name of the motion in a frame by its content, "" where nothing moves."""
        motion = self.at(frame)
        if motion is None:
            return ""
        return hashlib.blake2b(motion.astype("<f2").tobytes(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class ClipPlaces:
    """Places in a clip that the engine is shown.

    Attributes:
        regions: what is taken from this clip; the strengths of the others do not count.
        as_it_is: the engine shows the clip as it is, wherever a strength is not 0: all such strengths are the same.
    """

    exact: ExactMotion
    clip: Clip
    regions: tuple[str, ...] = REGIONS
    as_it_is: bool = False

    def at(self, frame: int) -> DrivingPlace | None:
        """Place of a frame, None where nothing moves. Numbers are rounded as they are in the frame's name."""
        if not moves(self.exact, frame, self.regions):
            return None
        position = self.exact.positions[frame]
        assert position is not None
        strengths = (self._strength(name, frame) if name in self.regions else 0.0 for name in REGIONS)
        return DrivingPlace(*(_rounded(number) for number in (min(position, len(self.clip) - 1.0), *strengths)))

    def _strength(self, region: str, frame: int) -> float:
        return 1.0 if self.as_it_is else getattr(self.exact, region)[frame]  # type: ignore[no-any-return]

    def digest(self, frame: int) -> str:
        """Name of clip, place and strengths by content, "" where nothing moves."""
        place = self.at(frame)
        return "" if place is None else digest_of([self.clip.key, *astuple(place)])


@dataclass(frozen=True)
class SoundPlaces:
    """Places in a sound that the engine listens to.

    Attributes:
        throughout: frames without a place count as well: they hear this sound's silence, which depends on all of it.
    """

    exact: ExactSpeech
    sound: Sound
    throughout: bool = False

    def at(self, frame: int) -> SpeechPlace | None:
        """Place of a frame, None where nothing is heard. Numbers are rounded as they are in the frame's name."""
        if not sounds(self.exact, frame):
            return None
        time_s = self.exact.times_s[frame]
        assert time_s is not None
        return SpeechPlace(_rounded(time_s), _rounded(self.exact.strengths[frame]))

    def digest(self, frame: int) -> str:
        """Name of sound, time and strength by content, "" where nothing of it counts."""
        place = self.at(frame)
        if place is None:
            return digest_of([self.sound.key]) if self.throughout else ""
        return digest_of([self.sound.key, *astuple(place)])


def moves(exact: ExactMotion, frame: int, regions: tuple[str, ...]) -> bool:
    """Whether a clip has a part in some regions of a frame."""
    return exact.positions[frame] is not None and any(getattr(exact, name)[frame] != 0 for name in regions)


def sounds(exact: ExactSpeech, frame: int) -> bool:
    """Whether a sound has a part in a frame."""
    return exact.times_s[frame] is not None and exact.strengths[frame] != 0


def _rounded(number: float) -> float:
    return round(float(number), _DECIMALS) + 0.0
